import { describe, expect, it } from "vitest";

import { openRanks, parseBreakdown, scaleOfRows, type CategoryRow } from "./breakdown";

const ROW: CategoryRow = {
  rank: 1,
  rank_low: 1,
  rank_high: 3,
  slug: "alder",
  name: "Alder",
  rating: 1100,
  low: 1050,
  high: 1150,
  votes: 12,
};

describe("a category", () => {
  it("is drawn on a scale of those who have a rank", () => {
    const few = { ...ROW, slug: "elm", rank: null, low: 0, high: 3000 };
    expect(scaleOfRows([ROW, { ...ROW, low: 850, high: 950 }, few])).toEqual({ low: 838, high: 1162 });
    expect(scaleOfRows([few])).toBeNull();
  });

  it("tells the ranks that are open, if there are several", () => {
    expect(openRanks(ROW)).toBe("1–3");
    expect(openRanks({ ...ROW, rank_high: 1 })).toBe("");
    expect(openRanks({ ...ROW, rank_low: null, rank_high: null })).toBe("");
  });

  it("is read whole or not at all", () => {
    const told = { number: 3, votes: 12, created_at: "2026-11-24T09:00:00+09:00", standings: [ROW] };
    expect(parseBreakdown(told)).toBe(told);
    expect(parseBreakdown({ ...told, standings: null }).standings).toBeNull();
    for (const broken of [
      null,
      {},
      { ...told, standings: [{ ...ROW, rating: "high" }] },
      { ...told, votes: null },
    ])
      expect(() => parseBreakdown(broken)).toThrow("not a category");
  });
});
