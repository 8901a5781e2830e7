/** What crosses the wire, as closed lists. The examples in tests/frames.json hold both ends to them. */

export type Side = "a" | "b";
export const VERDICTS = ["a", "b", "tie", "both_bad"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What the arena's socket hears from us. */
export type Request =
  | { readonly type: "prompt"; readonly text: string }
  | { readonly type: "stop" }
  | { readonly type: "resume"; readonly after: number };

/** What the arena's socket says. */
export type Frame =
  | { readonly type: "asked"; readonly text: string }
  | { readonly type: "queued"; readonly place: number; readonly seconds: number }
  | { readonly type: "token"; readonly tick: number; readonly a: string; readonly b: string }
  | { readonly type: "done"; readonly side: Side; readonly cut: boolean }
  | { readonly type: "ready" }
  | { readonly type: "void"; readonly message: string }
  | { readonly type: "refused"; readonly code: string; readonly message: string };

export const STATUSES = [
  "safe",
  "at_risk",
  "in_danger",
  "locked_out",
  "provisional",
  "eliminated",
  "ranked",
  "reference",
  "withdrawn",
  "disqualified",
  "suspended",
] as const;
export type Status = (typeof STATUSES)[number];

export interface Standing {
  /** A chain of votes joins it to most others; without one its figures say nothing. */
  readonly joined: boolean;
  /** Among those who compete; null for the others, and while it is not joined. */
  readonly rank: number | null;
  /** The ranks that the votes leave open, true of all standings at once with 95 %. */
  readonly rank_low: number | null;
  readonly rank_high: number | null;
  readonly slug: string;
  readonly name: string;
  readonly rating: number;
  readonly low: number;
  readonly high: number;
  readonly votes: number;
  /** How likely it is truly below the line; null where there is no line. */
  readonly p_cut: number | null;
  /** Its expected score against the round's reference in percent of one half, with 95 %; null without a reference. */
  readonly percent: number | null;
  readonly percent_low: number | null;
  readonly percent_high: number | null;
  /** On the official list named by `since`; null where it had no rank there. */
  readonly rank_before: number | null;
  readonly rating_before: number | null;
  readonly status: Status;
}

export interface Outlook {
  readonly sure: boolean;
  /** Until it is sure: nine times in ten more than low and fewer than high; null where that cannot be said. */
  readonly votes_needed: { readonly low: number | null; readonly high: number | null } | null;
  /** The fewest votes found without which somebody else would go out. */
  readonly votes_to_flip: number | null;
  /** The fewest voters found without whom, among the votes up to a position; null before they were looked for. */
  readonly voters_to_flip: { readonly voters: number | null; readonly position: number } | null;
}

/** The states in which a round has a board. */
export const ROUND_STATES = [
  "open",
  "frozen",
  "closed",
  "tallied",
  "run_off",
  "provisional",
  "appeal",
  "final",
  "annulled",
] as const;
export type RoundState = (typeof ROUND_STATES)[number];

export interface RunOff {
  readonly series: string;
  readonly among: readonly Name[];
  readonly stay: number;
}

export interface RoundOfBoard {
  readonly number: number;
  /** Its address: 1, or 1-run-off. */
  readonly key: string;
  readonly state: RoundState;
  readonly ends_at: string;
  /** From when on the public board stands still; null if it never does. */
  readonly freezes_at: string | null;
  readonly cut_size: number;
  /** The rating at which the line stands, in Elo points; null while too few are placed to draw it. */
  readonly line: number | null;
  /** Whom the percents are of; null while none has a vote. */
  readonly reference: Name | null;
  /** How sure the line is; null without one, and once the round is closed. */
  readonly outlook: Outlook | null;
  /** What breaks the tie at its line; null where nobody called a run-off. */
  readonly run_off: RunOff | null;
  readonly next: string | null;
}

export interface Board {
  readonly series: string;
  readonly number: number;
  readonly votes: number;
  readonly title: string;
  readonly title_ko: string;
  readonly note: string;
  readonly note_ko: string;
  readonly created_at: string;
  /** The date of the official list that changes are told against, YYYY-MM-DD; null before the first. */
  readonly since: string | null;
  /** How it was rated, for whoever rates it again. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly round: RoundOfBoard | null;
  readonly standings: readonly Standing[];
}

export interface Name {
  readonly slug: string;
  readonly name: string;
}
export type Names = Readonly<Record<Side, Name>>;

/** Why a vote is kept and not counted. */
export const SET_ASIDE = ["over_cap", "own_team"] as const;
export type SetAside = (typeof SET_ASIDE)[number];

export const TURN_STATES = ["waiting", "streaming", "complete", "stopped", "void"] as const;
export type TurnState = (typeof TURN_STATES)[number];

/** A battle as GET /battles/<id> tells it. */
export interface Battle {
  readonly id: string;
  readonly state: "open" | "voted" | "void";
  readonly turns: readonly BattleTurn[];
  readonly turns_left: number;
  readonly votable: boolean;
  readonly tick: number;
  readonly vote: {
    readonly winner: Verdict;
    readonly counted: boolean;
    readonly set_aside: SetAside | null;
  } | null;
  readonly names: Names | null;
  readonly message: string | null;
  /** Its text is gone for good. */
  readonly erased: boolean;
}

export interface BattleTurn {
  readonly number: number;
  readonly state: TurnState;
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
  /** The sides whose answer ended at the limit of its length. */
  readonly cut: readonly Side[];
  readonly first_tick: number;
  readonly last_tick: number;
}

/** Something on the wire that we do not know. Ours or the server's fault, never the visitor's. */
export class Unknown extends Error {}

type Check<T> = (value: unknown) => T;
type Checks<T> = { readonly [K in keyof T]-?: Check<T[K]> };

const text: Check<string> = (value) => {
  if (typeof value !== "string") throw new Unknown(`not a text: ${JSON.stringify(value)}`);
  return value;
};

const number: Check<number> = (value) => {
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new Unknown(`not a number: ${JSON.stringify(value)}`);
  return value;
};

const truth: Check<boolean> = (value) => {
  if (typeof value !== "boolean") throw new Unknown(`neither true nor false: ${JSON.stringify(value)}`);
  return value;
};

function oneOf<const T extends string>(words: readonly T[]): Check<T> {
  return (value) => {
    const found = words.find((word) => word === value);
    if (found === undefined) throw new Unknown(`none of ${words.join(", ")}: ${JSON.stringify(value)}`);
    return found;
  };
}

function maybe<T>(check: Check<T>): Check<T | null> {
  return (value) => (value === null ? null : check(value));
}

function list<T>(check: Check<T>): Check<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new Unknown(`not a list: ${JSON.stringify(value)}`);
    return value.map(check);
  };
}

/** An object with at least these fields; an HTTP answer may grow more while a page is open. */
function atLeast<T extends object>(checks: Checks<T>): Check<T> {
  const known = Object.entries(checks as Record<string, Check<unknown>>);
  return (value) => {
    const given = fields(value);
    return Object.fromEntries(known.map(([key, check]) => [key, check(given[key])])) as T;
  };
}

/** A frame with exactly these fields: one too many is as unknown as one too few. */
function exactly<T extends object>(checks: Checks<T>): Check<T> {
  const check = atLeast(checks);
  return (value) => {
    for (const key of Object.keys(fields(value)))
      if (!(key in checks)) throw new Unknown(`unknown field: ${key}`);
    return check(value);
  };
}

function fields(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Unknown(`not an object: ${JSON.stringify(value)}`);
  return value as Record<string, unknown>;
}

const side = oneOf(["a", "b"]);
const verdict = oneOf(VERDICTS);

const frames: { readonly [T in Frame["type"]]: Check<Extract<Frame, { type: T }>> } = {
  asked: exactly({ type: oneOf(["asked"]), text }),
  queued: exactly({ type: oneOf(["queued"]), place: number, seconds: number }),
  token: exactly({ type: oneOf(["token"]), tick: number, a: text, b: text }),
  done: exactly({ type: oneOf(["done"]), side, cut: truth }),
  ready: exactly({ type: oneOf(["ready"]) }),
  void: exactly({ type: oneOf(["void"]), message: text }),
  refused: exactly({ type: oneOf(["refused"]), code: text, message: text }),
};

/** A board as the API answers with it. Throws Unknown for what is none. */
export const parseBoard = exactly<Board>({
  series: text,
  number,
  votes: number,
  title: text,
  title_ko: text,
  note: text,
  note_ko: text,
  created_at: text,
  since: maybe(text),
  parameters: fields,
  round: maybe(
    exactly<RoundOfBoard>({
      number,
      key: text,
      state: oneOf(ROUND_STATES),
      ends_at: text,
      freezes_at: maybe(text),
      cut_size: number,
      line: maybe(number),
      reference: maybe(exactly<Name>({ slug: text, name: text })),
      outlook: maybe(
        exactly<Outlook>({
          sure: truth,
          votes_needed: maybe(exactly({ low: maybe(number), high: maybe(number) })),
          votes_to_flip: maybe(number),
          voters_to_flip: maybe(exactly({ voters: maybe(number), position: number })),
        }),
      ),
      run_off: maybe(
        exactly<RunOff>({
          series: text,
          among: list(exactly<Name>({ slug: text, name: text })),
          stay: number,
        }),
      ),
      next: maybe(text),
    }),
  ),
  standings: list(
    exactly<Standing>({
      joined: truth,
      rank: maybe(number),
      rank_low: maybe(number),
      rank_high: maybe(number),
      slug: text,
      name: text,
      rating: number,
      low: number,
      high: number,
      votes: number,
      p_cut: maybe(number),
      percent: maybe(number),
      percent_low: maybe(number),
      percent_high: maybe(number),
      rank_before: maybe(number),
      rating_before: maybe(number),
      status: oneOf(STATUSES),
    }),
  ),
});

const name = atLeast<Name>({ slug: text, name: text });
export const parseNames: Check<Names | null> = maybe(atLeast<Names>({ a: name, b: name }));

export const parseBattle: Check<Battle> = atLeast<Battle>({
  id: text,
  state: oneOf(["open", "voted", "void"]),
  turns: list(
    atLeast<BattleTurn>({
      number,
      state: oneOf(TURN_STATES),
      prompt: text,
      a: text,
      b: text,
      cut: list(side),
      first_tick: number,
      last_tick: number,
    }),
  ),
  turns_left: number,
  votable: truth,
  tick: number,
  vote: maybe(atLeast({ winner: verdict, counted: truth, set_aside: maybe(oneOf(SET_ASIDE)) })),
  names: parseNames,
  message: maybe(text),
  erased: truth,
});

export const parseStarted = atLeast<{ readonly id: string; readonly socket: string }>({
  id: text,
  socket: text,
});

/** How many conversations lost their text. */
export const parseErased = atLeast<{ readonly erased: number }>({ erased: number });

export interface Receipt {
  readonly counted: boolean;
  readonly set_aside: SetAside | null;
  readonly names: Names | null;
}
export const parseReceipt: Check<Receipt> = atLeast<Receipt>({
  counted: truth,
  set_aside: maybe(oneOf(SET_ASIDE)),
  names: parseNames,
});

export interface Visitor {
  readonly counted: number;
  readonly cap: number;
  /** The open round's series; null between rounds. */
  readonly round: string | null;
}
export const parseVisitor: Check<Visitor> = atLeast<Visitor>({
  counted: number,
  cap: number,
  round: maybe(text),
});

/** One frame of the arena's socket. Throws Unknown for whatever is not on the list. */
export function parseFrame(data: unknown): Frame {
  const { type } = fields(data);
  const check = Object.entries(frames).find(([known]) => known === type)?.[1];
  if (!check) throw new Unknown(`unknown frame: ${JSON.stringify(type)}`);
  return check(data);
}

/** One frame of the board's socket. Throws Unknown for whatever is not on the list. */
export function parseBoardFrame(data: unknown): Board {
  const { type, ...rest } = fields(data);
  if (type !== "board") throw new Unknown(`unknown frame: ${JSON.stringify(type)}`);
  return parseBoard(rest);
}
