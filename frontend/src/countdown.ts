/** Countdowns: the server says how long is left, this goes on from there. By the server's clock, not the device's. */

import { timeLeft } from "./boardstate";
import { all, setText } from "./page";
import { fill } from "./words";

/** How far the server's clock is ahead of the device's, in milliseconds.
 *
 * A page that came out of a cache carries the server's time of back then: there the device's clock is the better one.
 */
export function ahead(served: number, device: number, cached: boolean): number {
  return cached || Number.isNaN(served) ? 0 : served - device;
}

/** What a countdown says at a moment of the server's clock; null once it is over. */
export function leftWords(until: number, now: number, long: string, short: string): string | null {
  const left = timeLeft(until, now);
  return left && fill(left.days > 0 ? long : short, { ...left });
}

/** Starts all countdowns of the page. Their ends may be moved meanwhile: `data-until` is read at each tick. */
export function startCountdowns(): void {
  const [visit] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  // Nothing was transferred, not even headers: it was kept from an earlier visit.
  const cached = visit?.transferSize === 0;
  for (const place of all("until")) {
    const offset = ahead(Date.parse(place.dataset["now"] ?? ""), Date.now(), cached);
    const tick = (): void => {
      const until = Date.parse(place.dataset["until"] ?? "");
      const now = Date.now() + offset;
      const { long = "", short = "", over = "" } = place.dataset;
      setText(place, leftWords(until, now, long, short) ?? over);
      setTimeout(tick, until - now > 86_400_000 ? 15_000 : 1_000);
    };
    tick();
  }
}
