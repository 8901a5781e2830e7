import { beforeEach, describe, expect, it } from "vitest";

import { fill, readWords } from "./words";

beforeEach(() => {
  const block = document.createElement("script");
  block.id = "words";
  block.type = "application/json";
  block.textContent = '{"ready": "Which answer is better?"}';
  document.body.replaceChildren(block);
});

describe("words", () => {
  it("come from the page", () => {
    expect(readWords(["ready"]).ready).toBe("Which answer is better?");
  });

  it("are missed at once", () => {
    expect(() => readWords(["ready", "void"])).toThrow("void");
  });

  it("take values, and keep what nobody filled in", () => {
    expect(fill("{counted} of {cap}, {what}", { counted: 3, cap: 10 })).toBe("3 of 10, {what}");
  });
});
