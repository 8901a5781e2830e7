import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Duel, type Listener } from "./duel";
import type { Battle, BattleTurn } from "./frames";

class Wire {
  static readonly OPEN = 1;
  static last: Wire;
  readyState = 0;
  sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor() {
    Wire.last = this;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(...frames: object[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }
}

const turn: BattleTurn = {
  number: 1,
  state: "complete",
  prompt: "Why?",
  a: "Be",
  b: "No",
  cut: [],
  first_tick: 1,
  last_tick: 2,
};
const battle: Battle = {
  id: "1",
  state: "open",
  turns: [turn],
  turns_left: 3,
  votable: true,
  tick: 2,
  vote: null,
  names: null,
  message: null,
  erased: false,
};
const ends = [
  { type: "done", side: "a", cut: false },
  { type: "done", side: "b", cut: false },
  { type: "ready" },
];
const words = { unreachable: "Unreachable.", vote_lost: "Lost.", gone: "Gone.", returned: "Returned." };

let known: Battle;
let page: { [K in keyof Listener]: ReturnType<typeof vi.fn<Listener[K]>> };
let duel: Duel;

/** Lets the answers that are on their way arrive. */
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(10);

async function ready(): Promise<void> {
  void duel.begin("Why?");
  await settled();
  Wire.last.accept();
  Wire.last.say(
    { type: "token", tick: 1, a: "Be", b: "" },
    { type: "token", tick: 2, a: "", b: "No" },
    ...ends,
  );
  await settled();
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Wire);
  known = battle;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (path === "/battles") return Promise.resolve(Response.json({ id: "1", socket: "/ws/battles/1" }));
    if (init.method === "POST")
      return Promise.resolve(Response.json({ vote: 1, counted: true, set_aside: null, names: null }));
    return Promise.resolve(Response.json(known));
  });
  page = { changed: vi.fn(), began: vi.fn(), gone: vi.fn(), returned: vi.fn(), problem: vi.fn() };
  duel = new Duel(words, page);
});

afterEach(() => {
  duel.leave();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a duel", () => {
  it("goes from a prompt to a vote", async () => {
    await ready();
    expect(page.began).toHaveBeenCalledWith("1");
    expect(Wire.last.sent).toEqual([{ type: "prompt", text: "Why?" }]);
    expect(duel.transcript).toMatchObject({ votable: true, turnsLeft: 3 });
    await expect(duel.judge("a")).resolves.toBe(true);
    expect(duel.transcript.state).toBe("voted");
  });

  it("asks for exactly what it missed while the socket was gone", async () => {
    await ready();
    duel.say("And now?");
    Wire.last.say({ type: "token", tick: 3, a: "We", b: "" });
    known = {
      ...battle,
      votable: false,
      turns: [
        turn,
        {
          ...turn,
          number: 2,
          state: "streaming",
          prompt: "And now?",
          a: "",
          b: "",
          cut: [],
          first_tick: 3,
          last_tick: 2,
        },
      ],
    };
    Wire.last.drop();
    expect(duel.connection).toBe("lost");
    await vi.advanceTimersByTimeAsync(600);
    Wire.last.accept();
    await settled();
    expect(Wire.last.sent).toEqual([{ type: "resume", after: 3 }]);
    Wire.last.say({ type: "token", tick: 4, a: "ll", b: "" });
    expect(duel.transcript.turns[1]?.a.text).toBe("Well");
  });

  it("does not believe a resumed socket that only repeats how the turn before ended", async () => {
    await ready();
    duel.say("And now?");
    Wire.last.say({ type: "token", tick: 3, a: "We", b: "" });
    known = {
      ...battle,
      votable: false,
      turns: [
        turn,
        {
          ...turn,
          number: 2,
          state: "streaming",
          prompt: "And now?",
          a: "",
          b: "",
          cut: [],
          first_tick: 3,
          last_tick: 2,
        },
      ],
    };
    Wire.last.drop();
    await vi.advanceTimersByTimeAsync(600);
    Wire.last.accept();
    await settled();
    Wire.last.say(...ends);
    await settled();
    expect(duel.transcript.votable).toBe(false);
    expect(duel.transcript.turns[1]?.state).toBe("streaming");
  });

  it("asks once, not once for every word, when it finds a gap", async () => {
    await ready();
    known = {
      ...battle,
      votable: false,
      turns: [turn, { ...turn, number: 2, state: "streaming", a: "", b: "", first_tick: 3, last_tick: 2 }],
    };
    Wire.last.sent = [];
    for (const tick of [5, 6, 7, 8]) Wire.last.say({ type: "token", tick, a: "x", b: "" });
    await settled();
    Wire.last.say({ type: "token", tick: 9, a: "x", b: "" });
    expect(Wire.last.sent).toEqual([{ type: "resume", after: 2 }]);
  });

  it("gives back a prompt that could not be sent", async () => {
    await ready();
    Wire.last.drop();
    duel.say("And now?");
    expect(page.returned).toHaveBeenCalledWith("And now?");
    expect(page.problem).toHaveBeenCalledWith("Returned.");
    expect(duel.transcript.turns).toHaveLength(1);
  });

  it("begins anew when its first prompt was refused", async () => {
    void duel.begin("Why?");
    await settled();
    Wire.last.accept();
    Wire.last.say({ type: "refused", code: "round_closed", message: "Closed." });
    expect(page.returned).toHaveBeenCalledWith("Why?");
    expect(page.problem).toHaveBeenCalledWith("Closed.");
    expect(page.gone).toHaveBeenCalled();
    expect(duel.id).toBeNull();
  });

  it("lets go of its words when they have been deleted elsewhere", async () => {
    await ready();
    const gone = { ...turn, state: "void" as const, prompt: "", a: "", b: "", last_tick: 0 };
    known = { ...battle, state: "void", turns: [gone], votable: false, erased: true, message: "Deleted." };
    Wire.last.say({ type: "void", message: "Deleted." });
    await settled();
    expect(duel.transcript).toMatchObject({ state: "void", erased: true, message: "Deleted." });
    expect(duel.transcript.turns[0]).toMatchObject({ prompt: "", a: { text: "" } });
  });

  it("says so when the battle is not this device's", async () => {
    vi.stubGlobal("fetch", () =>
      Promise.resolve(Response.json({ code: "not_your_battle", message: "No." }, { status: 404 })),
    );
    await duel.open("1");
    expect(page.gone).toHaveBeenCalled();
    expect(page.problem).toHaveBeenCalledWith("Gone.");
  });
});
