/** A battle as the page knows it: every frame and every answer makes a new state. No page, no network. */

import type { Battle, BattleTurn, Frame, Names, Receipt, TurnState, Verdict } from "./frames";

export interface Reply {
  readonly text: string;
  readonly done: boolean;
  /** It ended at the limit of its length. */
  readonly cut: boolean;
}

/** How far in front it is, and in how many seconds it may be its turn. */
export interface InLine {
  readonly place: number;
  readonly seconds: number;
}

export interface Turn {
  readonly number: number;
  /** "sending": asked here, and nothing has been heard of it yet. */
  readonly state: "sending" | TurnState;
  readonly prompt: string;
  readonly a: Reply;
  readonly b: Reply;
  readonly firstTick: number;
  /** Known while it waits for a place with both models. */
  readonly line: InLine | null;
}

export interface Transcript {
  readonly state: "open" | "voted" | "void";
  readonly turns: readonly Turn[];
  /** The last tick seen: a resumed socket goes on after it. */
  readonly tick: number;
  readonly votable: boolean;
  /** How many more prompts the battle takes; null until the server has said. */
  readonly turnsLeft: number | null;
  readonly vote: Battle["vote"];
  readonly names: Names | null;
  /** Words from the server: why it is void, or what it refused. */
  readonly message: string | null;
  /** A prompt that did not get through and goes back into the box. */
  readonly returned: string | null;
  /** The server talks about something unknown here (another tab asked): look again. */
  readonly astray: boolean;
  /** All that was said has been deleted. */
  readonly erased: boolean;
}

export const fresh: Transcript = {
  state: "open",
  turns: [],
  tick: 0,
  votable: false,
  turnsLeft: null,
  vote: null,
  names: null,
  message: null,
  returned: null,
  astray: false,
  erased: false,
};

/** With these a turn goes out of the line. */
const OUT_OF_LINE = ["left_line", "line_full", "place_lost"];

const silence: Reply = { text: "", done: false, cut: false };

export function lastTurn(transcript: Transcript): Turn | undefined {
  return transcript.turns.at(-1);
}

/** Whether an answer is on its way. */
export function answering(transcript: Transcript): boolean {
  const state = lastTurn(transcript)?.state;
  return transcript.state === "open" && (state === "sending" || state === "waiting" || state === "streaming");
}

function streaming(transcript: Transcript): boolean {
  return lastTurn(transcript)?.state === "streaming";
}

/** Whether another prompt may follow the answers. */
export function mayFollowUp(transcript: Transcript): boolean {
  return (
    transcript.state === "open" &&
    transcript.turns.length > 0 &&
    !answering(transcript) &&
    transcript.turnsLeft !== 0
  );
}

/** The visitor has sent a prompt. */
export function asked(transcript: Transcript, prompt: string): Transcript {
  const turn: Turn = {
    number: transcript.turns.length + 1,
    state: "sending",
    prompt,
    a: silence,
    b: silence,
    firstTick: transcript.tick + 1,
    line: null,
  };
  return {
    ...transcript,
    turns: [...transcript.turns, turn],
    votable: false,
    turnsLeft: transcript.turnsLeft === null ? null : Math.max(0, transcript.turnsLeft - 1),
    message: null,
    returned: null,
  };
}

/** A frame has arrived. */
export function heard(transcript: Transcript, frame: Frame): Transcript {
  if (frame.type === "refused") return refused(transcript, frame);
  if (transcript.state !== "open") return transcript;
  switch (frame.type) {
    case "asked":
      if (!answering(transcript)) return transcript;
      return withLast(transcript, (turn) => ({ ...turn, prompt: frame.text }));
    case "queued":
      return queued(transcript, frame.place, frame.seconds);
    case "token":
      return token(transcript, frame.tick, frame.a, frame.b);
    case "done":
      if (!streaming(transcript)) return transcript;
      return withLast(transcript, (turn) => ({
        ...turn,
        [frame.side]: { ...turn[frame.side], done: true, cut: frame.cut },
      }));
    case "ready":
      // A resumed socket repeats how the last turn ended; that says nothing about a prompt on its way.
      if (!streaming(transcript)) return transcript;
      return { ...withLast(transcript, (turn) => ended(turn, "complete")), votable: true };
    case "void":
      return {
        ...withLast(transcript, (turn) => ended(turn, "void")),
        state: "void",
        votable: false,
        turnsLeft: 0,
        message: frame.message,
      };
  }
}

function queued(transcript: Transcript, place: number, seconds: number): Transcript {
  if (!answering(transcript)) return { ...transcript, astray: true };
  if (streaming(transcript)) return transcript;
  return withLast(transcript, (turn) => ({ ...turn, state: "waiting", line: { place, seconds } }));
}

function token(transcript: Transcript, tick: number, a: string, b: string): Transcript {
  if (tick <= transcript.tick) return transcript; // shown before the connection broke
  if (!answering(transcript) || tick !== transcript.tick + 1) return { ...transcript, astray: true };
  const grown = withLast(transcript, (turn) => ({
    ...turn,
    state: "streaming",
    line: null,
    a: { ...turn.a, text: turn.a.text + a },
    b: { ...turn.b, text: turn.b.text + b },
  }));
  return { ...grown, tick, astray: false };
}

function refused(
  transcript: Transcript,
  frame: { readonly code: string; readonly message: string },
): Transcript {
  const turn = lastTurn(transcript);
  const ours =
    turn &&
    answering(transcript) &&
    (turn.state === "sending" ||
      frame.code === "still_answering" ||
      (turn.state === "waiting" && OUT_OF_LINE.includes(frame.code)));
  if (!ours || frame.code === "not_answering") return { ...transcript, message: frame.message };
  // What was shown under our prompt answered another tab's.
  const strangers = turn.state === "streaming";
  return { ...returned(transcript, turn), message: frame.message, astray: transcript.astray || strangers };
}

function returned(transcript: Transcript, turn: Turn): Transcript {
  const turns = transcript.turns.slice(0, -1);
  return {
    ...transcript,
    turns,
    tick: turn.firstTick - 1,
    votable: turns.length > 0 && transcript.state === "open",
    turnsLeft: transcript.turnsLeft === null ? null : transcript.turnsLeft + 1,
    returned: turn.prompt,
  };
}

/** The battle as the server knows it, told after a reload or a reconnect.
 *
 * What is streaming here goes on: ticks are numbered through the battle, so what was shown without a gap is right.
 */
export function told(transcript: Transcript, battle: Battle): Transcript {
  const before = lastTurn(transcript);
  const unheard =
    (before?.state === "sending" || before?.state === "waiting") && before.number > battle.turns.length
      ? before.prompt
      : null;
  const kept = (turn: BattleTurn): Turn | undefined =>
    turn.state === "streaming" || turn.state === "waiting"
      ? transcript.turns.find((here) => here.number === turn.number && here.firstTick === turn.first_tick)
      : undefined;
  const live = battle.turns.find((turn) => turn.state === "streaming" || turn.state === "waiting");
  const tick = !live ? battle.tick : kept(live) ? transcript.tick : live.first_tick - 1;
  return {
    state: battle.state,
    turns: battle.turns.map((turn) => ({
      ...(kept(turn) ?? asTold(turn)),
      prompt: turn.prompt,
      state: turn.state,
    })),
    tick,
    votable: battle.votable,
    turnsLeft: battle.turns_left,
    vote: battle.vote,
    names: battle.names,
    message: battle.message ?? (unheard === null ? null : transcript.message),
    returned: unheard ?? transcript.returned,
    astray: false,
    erased: battle.erased,
  };
}

function asTold(turn: BattleTurn): Turn {
  const done = turn.state !== "streaming" && turn.state !== "waiting";
  return {
    number: turn.number,
    state: turn.state,
    prompt: turn.prompt,
    a: { text: turn.a, done, cut: turn.cut.includes("a") },
    b: { text: turn.b, done, cut: turn.cut.includes("b") },
    firstTick: turn.first_tick,
    line: null,
  };
}

/** The vote was received. */
export function judged(transcript: Transcript, winner: Verdict, receipt: Receipt): Transcript {
  return {
    ...transcript,
    state: "voted",
    votable: false,
    turnsLeft: 0,
    vote: { winner, counted: receipt.counted, set_aside: receipt.set_aside },
    names: receipt.names,
    message: null,
  };
}

function withLast(transcript: Transcript, change: (turn: Turn) => Turn): Transcript {
  const turn = lastTurn(transcript);
  if (!turn) return transcript;
  return { ...transcript, turns: [...transcript.turns.slice(0, -1), change(turn)] };
}

function ended(turn: Turn, state: TurnState): Turn {
  return { ...turn, state, a: { ...turn.a, done: true }, b: { ...turn.b, done: true } };
}
