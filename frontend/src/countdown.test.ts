import { expect, it } from "vitest";

import figures from "../../tests/frontend/figures.json";
import { ahead, leftWords } from "./countdown";

const end = Date.parse("2026-12-01T09:00:00Z");
const say = (now: number): string | null =>
  leftWords(end, now, "{days} d {hours} h {minutes} min", "{hours} h {minutes} min {seconds} s");

it.each(figures.left)("says of %d seconds what the server says", (seconds, said) => {
  expect(say(end - 1_000 * Number(seconds))).toBe(said);
});

it("says nothing after the end", () => {
  expect(say(end + 1)).toBeNull();
  expect(say(end + 86_400_000)).toBeNull();
});

it("goes by the server's clock on a device whose own is wrong", () => {
  const served = end - 60_000;
  const device = served + 5 * 86_400_000;
  expect(say(device + ahead(served, device, false))).toBe("0 h 1 min 0 s");
});

it("goes by the device's where the page was kept from an earlier visit", () => {
  expect(ahead(end - 9 * 86_400_000, end, true)).toBe(0);
  expect(ahead(NaN, end, false)).toBe(0);
});
