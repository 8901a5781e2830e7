import { describe, expect, it } from "vitest";

import examples from "../../tests/frames.json";
import figures from "../../tests/frontend/figures.json";
import plots from "../../tests/frontend/plots.json";
import {
  at,
  below,
  tied,
  beside,
  gained,
  moved,
  needed,
  news,
  odds,
  ofReference,
  percent,
  ranks,
  scaleOf,
  timeLeft,
} from "./boardstate";
import { parseBoardFrame, type Board, type Outlook, type Standing, type Status } from "./frames";

const example = parseBoardFrame(examples.board[0]);

function boardOf(plot: (typeof plots)[number]): Board {
  const standings = plot.standings.map((standing): Standing => ({
    ...standing,
    status: standing.status as Status,
    name: standing.slug,
    rank_low: standing.rank,
    rank_high: standing.rank,
    p_cut: null,
    percent: null,
    percent_low: null,
    percent_high: null,
    rank_before: null,
    rating_before: null,
    votes: 1,
  }));
  const round = example.round && plot.round ? { ...example.round, ...plot.round } : null;
  return { ...example, round, standings };
}

describe.each(plots)("$about", (plot) => {
  const board = boardOf(plot);
  const scale = scaleOf(board);

  it("has the server's scale", () => {
    expect(scale && [scale.low, scale.high]).toEqual(plot.scale);
  });

  it("puts marks where the server puts them", () => {
    for (const [rating, percent] of plot.at) expect(scale && at(scale, rating ?? 0)).toBe(percent);
  });

  it("has the server's line", () => {
    expect([...below(board)]).toEqual(plot.below);
    expect(tied(board).map((standing) => standing.slug)).toEqual(plot.tied);
    expect(board.standings.filter(beside).map((standing) => standing.slug)).toEqual(plot.beside);
  });
});

it("says figures as the server does", () => {
  for (const [chance, said] of figures.percent) expect(percent(Number(chance))).toBe(said);
  for (const [chance, ...said] of figures.odds) expect(odds(Number(chance))).toEqual(said);
  for (const [outlook, ...said] of figures.needed)
    expect(needed(outlook as unknown as Outlook)).toEqual(said);
  for (const [low, high, said] of figures.ranks) {
    const standing = {
      ...example.standings[0]!,
      rank_low: low as number | null,
      rank_high: high as number | null,
    };
    expect(ranks(standing)).toBe(said);
  }
  const standing = example.standings[0]!;
  for (const [since, now, before, ...said] of figures.moved) {
    const changed = { ...standing, rank: now as number | null, rank_before: before as number | null };
    expect(moved(changed, since as string | null)).toEqual(said);
  }
  for (const [rank, rating, before, said] of figures.gained) {
    const placed = { rank: rank as number | null, rating: Number(rating) };
    expect(gained({ ...standing, ...placed, rating_before: before as number | null })).toBe(said);
  }
  for (const { said, status, ...percents } of figures.of_reference)
    expect(ofReference({ ...example.standings[0]!, ...percents, status: status as Status })).toEqual(said);
});

describe("news", () => {
  const second = { ...example.standings[0], slug: "maru", name: "Maru" } as Standing;
  const first = example.standings[0]!;
  const round = example.round && { ...example.round, cut_size: 1, line: 1000 };
  const board = (...standings: Standing[]): Board => ({ ...example, round, standings });

  it("are a change at the top or at the line", () => {
    const before = board({ ...first, rank: 1 }, { ...second, rank: 2 });
    const after = board({ ...second, rank: 1 }, { ...first, rank: 2 });
    expect(news(before, after)).toEqual({ first: "Maru", below: "Ieum" });
  });

  it("are not every new figure", () => {
    const before = board({ ...first, rank: 1 }, { ...second, rank: 2 });
    const after = board({ ...first, rank: 1, rating: 1040 }, { ...second, rank: 2 });
    expect(news(before, after)).toBeNull();
  });
});

describe("the time left", () => {
  const end = Date.parse("2026-12-22T03:00:00Z");

  it("is counted in days, hours, minutes and seconds", () => {
    expect(timeLeft(end, end - 93_784_000)).toEqual({ days: 1, hours: 2, minutes: 3, seconds: 4 });
    expect(timeLeft(end, end)).toEqual({ days: 0, hours: 0, minutes: 0, seconds: 0 });
  });

  it("ends", () => {
    expect(timeLeft(end, end + 1)).toBeNull();
  });
});
