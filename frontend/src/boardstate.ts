/** What a board means for the page: where its rows stand and what is news. No page, no network.
 *
 * frontend/plots.py draws the first edition on the server by the same arithmetic; tests/frontend/plots.json holds
 * both to the same examples.
 */

import type { Board, Outlook, Standing, Status } from "./frames";

const PADDING = 0.04;

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Percent of the width, to two places; what lies outside is drawn at the edge. */
export function at(scale: Scale, rating: number): number {
  const share = (rating - scale.low) / (scale.high - scale.low);
  return Math.floor(Math.min(1, Math.max(0, share)) * 10_000 + 0.5) / 100;
}

/** What fits all who have a place, and the line. Null if nobody has. */
export function scaleOf(board: Board): Scale | null {
  const placed = board.standings.filter((standing) => standing.joined);
  // A provisional interval can be a thousand points wide and would squeeze all the others.
  const firm = placed.filter((standing) => standing.status !== "provisional");
  const marks = (firm.length > 0 ? firm : placed).flatMap((standing) => [standing.low, standing.high]);
  if (marks.length === 0) return null;
  const line = board.round?.line ?? null;
  if (line !== null) marks.push(line);
  const [low, high] = [Math.min(...marks), Math.max(...marks)];
  const padding = Math.max((high - low) * PADDING, 1);
  return { low: low - padding, high: high + padding };
}

/** The ranks that the votes leave open; empty where there is but one, or none. */
export function ranks(standing: Standing): string {
  const { rank_low: low, rank_high: high } = standing;
  return low === high ? "" : `${low}–${high}`;
}

/** A probability in whole percent. None of votes is certain, so nothing is 0 or 100. */
export function percent(chance: number): string {
  const whole = Math.floor(chance * 100 + 0.5);
  return whole < 1 ? "< 1" : whole > 99 ? "> 99" : String(whole);
}

type Odds = "odds" | "odds_few" | "odds_most";

const PLAIN: readonly (readonly [number, number])[] = [
  [1, 3],
  [2, 5],
  [1, 2],
  [3, 5],
  [2, 3],
];

/** Which words say a probability as so many in so many, and the two numbers: "about 1 in 3". */
export function odds(chance: number): [Odds, number, number] {
  if (chance < 0.01 || chance > 0.99) return [chance < 0.5 ? "odds_few" : "odds_most", 1, 100];
  if (chance < 0.3 || chance > 0.7) {
    const rare = Math.min(chance, 1 - chance);
    const among = Math.floor(1 / rare + 0.5);
    return ["odds", rare === chance ? 1 : among - 1, among];
  }
  const away = ([few, among]: readonly [number, number]): number => Math.abs(few / among - chance);
  const [few, among] = PLAIN.reduce((best, one) => (away(one) < away(best) ? one : best));
  return ["odds", few, among];
}

type Moved = "" | "new" | "same" | "up" | "down";

/** Which words say how the rank has changed since an official list, and by how many places; none without both. */
export function moved(standing: Standing, since: string | null): [Moved, number] {
  const { rank: now, rank_before: before } = standing;
  if (since === null || now === null) return ["", 0];
  if (before === null) return ["new", 0];
  return [now === before ? "same" : now < before ? "up" : "down", Math.abs(now - before)];
}

/** How the rating has changed since then: the difference of the whole numbers that are shown. */
export function gained({ rank, rating, rating_before: before }: Standing): string {
  if (rank === null || before === null) return "";
  return signed(Math.floor(rating + 0.5) - Math.floor(before + 0.5));
}

/** A difference in whole numbers, with its sign. */
export function signed(points: number): string {
  const whole = Math.floor(points + 0.5);
  return whole > 0 ? `+${whole}` : whole < 0 ? `−${-whole}` : "±0";
}

/** A forecast in two digits; it knows no more. */
export function about(votes: number): number {
  const step = 10 ** Math.max(0, String(votes).length - 2);
  return Math.floor((votes + Math.floor(step / 2)) / step) * step;
}

type Needed = "line_sure" | "line_unsaid" | "line_least" | "line_between";

/** Which words say how many votes the line still needs, and their figures. */
export function needed({ sure, votes_needed: votes }: Outlook): [Needed, number | null, number | null] {
  if (sure || votes === null) return ["line_sure", null, null];
  if (votes.low === null) return ["line_unsaid", null, null];
  if (votes.high === null) return ["line_least", about(votes.low), null];
  return ["line_between", about(votes.low), about(votes.high)];
}

const BESIDE: ReadonlySet<Status> = new Set(["reference", "withdrawn", "disqualified", "suspended"]);

/** Whether the cut is not about it: a reference, or somebody who has left. */
export function beside(standing: Standing): boolean {
  return BESIDE.has(standing.status);
}

/** The figures of its percent of the reference; null for one that has none, and for references and their like. */
export function ofReference(standing: Standing): { percent: number; low: number; high: number } | null {
  const { percent, percent_low: low, percent_high: high } = standing;
  if (percent === null || low === null || high === null || standing.status === "reference") return null;
  const whole = (share: number): number => Math.floor(share + 0.5);
  return { percent: whole(percent), low: whole(low), high: whole(high) };
}

/** The slugs of those below the line: who is out, or would be if the round ended now. */
export function below(board: Board): ReadonlySet<string> {
  const { round } = board;
  const standings = board.standings.filter((standing) => !beside(standing));
  const out = standings.filter((standing) => standing.status === "eliminated");
  const last =
    out.length === 0 && round && round.line !== null
      ? standings.slice(standings.length - round.cut_size)
      : out;
  return new Set(last.map((standing) => standing.slug));
}

/** Whom the votes place on neither side of the line yet, best first. */
export function tied(board: Board): readonly Standing[] {
  return board.standings.filter((standing) => standing.status === "at_risk");
}

/** Who is first and who is below the line, if either has changed. */
export function news(before: Board, after: Board): { first: string; below: string } | null {
  const now = headlines(after);
  const then = headlines(before);
  return now.first === then.first && now.below === then.below ? null : now;
}

function headlines(board: Board): { first: string; below: string } {
  const out = below(board);
  return {
    first: board.standings.find((standing) => standing.rank === 1)?.name ?? "–",
    below: board.standings
      .filter((standing) => out.has(standing.slug))
      .map((standing) => standing.name)
      .join(", "),
  };
}

export interface TimeLeft {
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

/** Null when it is over. */
export function timeLeft(end: number, now: number): TimeLeft | null {
  const seconds = Math.floor((end - now) / 1000);
  if (seconds < 0) return null;
  return {
    days: Math.floor(seconds / 86_400),
    hours: Math.floor((seconds % 86_400) / 3_600),
    minutes: Math.floor((seconds % 3_600) / 60),
    seconds: seconds % 60,
  };
}
