import { describe, expect, it } from "vitest";

import type { Battle, BattleTurn, Frame, Side } from "./frames";
import {
  answering,
  asked,
  fresh,
  heard,
  judged,
  lastTurn,
  mayFollowUp,
  told,
  type Transcript,
} from "./transcript";

const token = (tick: number, side: Side, text: string): Frame => ({
  type: "token",
  tick,
  a: "",
  b: "",
  [side]: text,
});
const ready: Frame = { type: "ready" };

function after(start: Transcript, ...frames: Frame[]): Transcript {
  return frames.reduce(heard, start);
}

const answered = after(
  asked(fresh, "Why?"),
  token(1, "a", "Be"),
  token(2, "b", "No"),
  token(3, "a", "cause"),
  { type: "done", side: "a", cut: false },
  { type: "done", side: "b", cut: true },
  ready,
);

const turn: BattleTurn = {
  number: 1,
  state: "complete",
  prompt: "Why?",
  a: "Because",
  b: "No",
  cut: [],
  first_tick: 1,
  last_tick: 3,
};
const battle: Battle = {
  id: "1",
  state: "open",
  turns: [turn],
  turns_left: 4,
  votable: true,
  tick: 3,
  vote: null,
  names: null,
  message: null,
  erased: false,
};

const queued = (place: number, seconds: number): Frame => ({ type: "queued", place, seconds });

describe("a question in the line", () => {
  const waiting = after(asked(fresh, "Why?"), queued(3, 40), queued(2, 25));

  it("knows its place, and forgets it with the first words", () => {
    expect(lastTurn(waiting)).toMatchObject({ state: "waiting", line: { place: 2, seconds: 25 } });
    expect(answering(waiting)).toBe(true);
    expect(lastTurn(after(waiting, token(1, "a", "Be")))).toMatchObject({ state: "streaming", line: null });
  });

  it("goes back into the box when it has left the line, and for no other refusal", () => {
    const left = after(waiting, { type: "refused", code: "left_line", message: "You have left." });
    expect(left).toMatchObject({ turns: [], returned: "Why?", message: "You have left." });
    const other = after(waiting, { type: "refused", code: "too_many", message: "Slowly." });
    expect(lastTurn(other)?.state).toBe("waiting");
  });

  it("keeps its place through a reload, and comes back when the server knows nothing of it any more", () => {
    const known: BattleTurn = { ...turn, state: "waiting", a: "", b: "", last_tick: 0 };
    const reloaded = after(told(fresh, { ...battle, turns: [known], votable: false, tick: 0 }), queued(1, 9));
    expect(lastTurn(reloaded)).toMatchObject({ state: "waiting", prompt: "Why?", line: { place: 1 } });
    const again = told(waiting, { ...battle, turns: [known], votable: false, tick: 0 });
    expect(lastTurn(again)?.line).toEqual({ place: 2, seconds: 25 });
    expect(told(waiting, { ...battle, turns: [], votable: false, tick: 0 }).returned).toBe("Why?");
  });

  it("asked in another tab is looked into", () => {
    expect(after(fresh, queued(4, 30)).astray).toBe(true);
  });
});

describe("a transcript", () => {
  it("grows word by word into two answers that can be judged", () => {
    expect(answered.turns[0]).toMatchObject({
      state: "complete",
      a: { text: "Because", done: true, cut: false },
      b: { text: "No", done: true, cut: true },
    });
    expect(answered).toMatchObject({ votable: true, tick: 3 });
    expect(answering(answered)).toBe(false);
  });

  it("ignores ticks it has already shown", () => {
    const again = after(answered, token(1, "a", "Be"), token(3, "a", "cause"));
    expect(again).toBe(answered);
  });

  it("notices a gap rather than showing half a word", () => {
    const gap = after(asked(fresh, "Why?"), token(1, "a", "Be"), token(3, "a", "cause"));
    expect(gap.astray).toBe(true);
    expect(gap.turns[0]?.a.text).toBe("Be");
  });

  it("is no longer astray when the gap is closed", () => {
    const gap = after(asked(fresh, "Why?"), token(1, "a", "Be"), token(3, "a", "use"));
    const closed = after(gap, token(2, "a", "ca"), token(3, "a", "use"));
    expect(closed).toMatchObject({ astray: false, tick: 3 });
    expect(closed.turns[0]?.a.text).toBe("Because");
  });

  it("notices an answer to a prompt of another tab", () => {
    expect(after(answered, token(4, "b", "Yes")).astray).toBe(true);
  });

  it("does not take the end of the last turn for the end of the next", () => {
    const sent = asked(answered, "And now?");
    const repeated = after(sent, { type: "done", side: "a", cut: false }, ready);
    expect(repeated).toBe(sent);
    expect(answering(repeated)).toBe(true);
  });

  it("shows a prompt as the server keeps it", () => {
    const masked = after(asked(fresh, "Call 010-1234-5678"), { type: "asked", text: "Call [phone]" });
    expect(lastTurn(masked)).toMatchObject({ prompt: "Call [phone]", state: "sending" });
    expect(after(answered, { type: "asked", text: "Other" })).toBe(answered);
  });

  it("gives a refused prompt back", () => {
    const refused = after(asked(answered, "And now?"), {
      type: "refused",
      code: "too_long",
      message: "Too long.",
    });
    expect(refused).toMatchObject({ returned: "And now?", message: "Too long.", votable: true, tick: 3 });
    expect(refused.turns).toHaveLength(1);
  });

  it("gives the prompt back and looks again when another tab's answer came under it", () => {
    const mixed = after(asked(answered, "And now?"), token(4, "a", "Other"), {
      type: "refused",
      code: "still_answering",
      message: "Wait.",
    });
    expect(mixed).toMatchObject({ returned: "And now?", tick: 3, astray: true });
    expect(mixed.turns).toHaveLength(1);
  });

  it("keeps the answer when only a stop was refused", () => {
    const streaming = after(asked(fresh, "Why?"), token(1, "a", "Be"));
    const refused = after(streaming, { type: "refused", code: "not_answering", message: "Nobody." });
    expect(refused.turns).toEqual(streaming.turns);
    expect(refused.message).toBe("Nobody.");
  });

  it("is over when void, and says why", () => {
    const over = after(asked(fresh, "Why?"), token(1, "a", "Be"), { type: "void", message: "Sorry." });
    expect(over).toMatchObject({ state: "void", votable: false, message: "Sorry." });
    expect(over.turns[0]?.state).toBe("void");
    expect(after(over, token(2, "a", "cause"), ready)).toBe(over);
    expect(mayFollowUp(over)).toBe(false);
  });

  it("takes follow-ups while turns are left", () => {
    expect(mayFollowUp(fresh)).toBe(false);
    expect(mayFollowUp(answered)).toBe(true);
    expect(mayFollowUp({ ...answered, turnsLeft: 0 })).toBe(false);
    expect(asked({ ...answered, turnsLeft: 1 }, "More?").turnsLeft).toBe(0);
  });

  it("keeps the verdict and the names", () => {
    const names = { a: { slug: "x", name: "X" }, b: { slug: "y", name: "Y" } };
    const voted = judged(answered, "tie", { counted: true, set_aside: null, names });
    expect(voted).toMatchObject({
      state: "voted",
      vote: { winner: "tie", counted: true, set_aside: null },
      names,
    });
  });
});

describe("what the server tells", () => {
  it("is shown as it is after a reload", () => {
    expect(told(fresh, battle)).toMatchObject({ votable: true, tick: 3, turnsLeft: 4 });
    expect(told(fresh, battle).turns[0]?.a).toEqual({ text: "Because", done: true, cut: false });
  });

  it("starts a streaming answer from its first tick", () => {
    const streaming = {
      ...turn,
      number: 2,
      state: "streaming" as const,
      a: "",
      b: "",
      first_tick: 4,
      last_tick: 3,
    };
    const known = told(fresh, { ...battle, turns: [turn, streaming], votable: false });
    expect(known.tick).toBe(3);
    expect(after(known, token(4, "a", "Yes")).turns[1]?.a.text).toBe("Yes");
  });

  it("does not wipe an answer that streams on this page", () => {
    const here = after(asked(answered, "And now?"), token(4, "a", "Well"));
    const streaming = {
      ...turn,
      number: 2,
      state: "streaming" as const,
      prompt: "And now?",
      a: "",
      b: "",
      first_tick: 4,
      last_tick: 3,
    };
    const known = told(here, { ...battle, turns: [turn, streaming], votable: false });
    expect(known.tick).toBe(4);
    expect(known.turns[1]?.a.text).toBe("Well");
  });

  it("lets go of what has been deleted", () => {
    const gone = { ...turn, a: "", b: "", prompt: "", last_tick: 0 };
    const erased = told(answered, { ...battle, turns: [gone], state: "void", erased: true, tick: 0 });
    expect(erased).toMatchObject({ state: "void", erased: true });
    expect(JSON.stringify(erased)).not.toContain("Because");
  });

  it("gives back a prompt that never arrived", () => {
    const known = told(asked(answered, "And now?"), battle);
    expect(known.turns).toHaveLength(1);
    expect(known.returned).toBe("And now?");
  });

  it("replaces what had gone astray", () => {
    const lost = after(asked(fresh, "Why?"), token(2, "a", "x"));
    expect(told(lost, battle)).toMatchObject({ astray: false, tick: 3, returned: null });
  });
});
