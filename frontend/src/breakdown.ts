/** A board's category as the API tells it, and where its rows stand in the picture. No page, no network.
 *
 * frontend/categories.py draws the first edition on the server by the same arithmetic.
 */

import type { Scale } from "./boardstate";

const PADDING = 0.04;

export interface CategoryRow {
  readonly rank: number | null;
  readonly rank_low: number | null;
  readonly rank_high: number | null;
  readonly slug: string;
  readonly name: string;
  readonly rating: number;
  readonly low: number;
  readonly high: number;
  readonly votes: number;
}

export interface Breakdown {
  readonly number: number;
  readonly created_at: string;
  readonly votes: number;
  /** Null: too few votes to rank anybody. */
  readonly standings: readonly CategoryRow[] | null;
}

/** What fits all who have a rank. Null if nobody has. */
export function scaleOfRows(rows: readonly CategoryRow[]): Scale | null {
  const marks = rows.filter((row) => row.rank !== null).flatMap((row) => [row.low, row.high]);
  if (marks.length === 0) return null;
  const [low, high] = [Math.min(...marks), Math.max(...marks)];
  const padding = Math.max((high - low) * PADDING, 1);
  return { low: low - padding, high: high + padding };
}

/** The ranks that the votes leave open; empty where there is but one, or none. */
export function openRanks({ rank_low: low, rank_high: high }: CategoryRow): string {
  return low === high ? "" : `${low}–${high}`;
}

/** Throws for what is no breakdown: better here than half a table. */
export function parseBreakdown(answer: unknown): Breakdown {
  const told = answer as Partial<Breakdown> | null;
  const whole =
    typeof told?.number === "number" &&
    typeof told.votes === "number" &&
    typeof told.created_at === "string" &&
    (told.standings === null || (Array.isArray(told.standings) && told.standings.every(isRow)));
  if (!whole) throw new Error("not a category of a board");
  return told as Breakdown;
}

function isRow(row: unknown): row is CategoryRow {
  const { slug, name, rank, rating, low, high, votes } = (row ?? {}) as Partial<Record<string, unknown>>;
  return (
    [slug, name].every((text) => typeof text === "string") &&
    [rating, low, high, votes].every((figure) => typeof figure === "number") &&
    (rank === null || typeof rank === "number")
  );
}
