import { describe, expect, it } from "vitest";

import examples from "../../tests/frames.json";
import { parseBattle, parseBoardFrame, parseFrame, Unknown } from "./frames";

describe("frames", () => {
  it.each(examples.out)("know the server's $type", (frame) => {
    expect(parseFrame(frame)).toEqual(frame);
  });

  it.each(examples.board)("know a board", ({ type, ...board }) => {
    expect(parseBoardFrame({ type, ...board })).toEqual(board);
  });

  it.each(examples.in)("do not take our own $type for the server's", (frame) => {
    expect(() => parseFrame(frame)).toThrow(Unknown);
  });

  it("do not know other types", () => {
    expect(() => parseFrame({ type: "surprise" })).toThrow("surprise");
    expect(() => parseFrame({ type: "toString" })).toThrow(Unknown);
    expect(() => parseFrame("ready")).toThrow(Unknown);
    expect(() => parseFrame(null)).toThrow(Unknown);
    expect(() => parseBoardFrame({ type: "ready" })).toThrow(Unknown);
  });

  it("refuse a field too many, one too few, and one of the wrong kind", () => {
    expect(() => parseFrame({ type: "ready", now: true })).toThrow("now");
    expect(() => parseFrame({ type: "done" })).toThrow(Unknown);
    expect(() => parseFrame({ type: "done", side: "c" })).toThrow(Unknown);
    expect(() => parseFrame({ type: "token", tick: "1", a: "", b: "" })).toThrow(Unknown);
    expect(() => parseFrame({ type: "token", tick: NaN, a: "", b: "" })).toThrow(Unknown);
  });
});

describe("a battle's answer", () => {
  it("may have grown fields that this page does not know", () => {
    const battle = {
      id: "1",
      state: "open",
      turns: [],
      turns_left: 5,
      votable: false,
      tick: 0,
      vote: null,
      names: null,
      message: null,
      erased: false,
    };
    expect(parseBattle({ ...battle, reasons: [] })).toEqual(battle);
    expect(() => parseBattle({ ...battle, votable: "yes" })).toThrow(Unknown);
    expect(() => parseBattle({ ...battle, turns: {} })).toThrow(Unknown);
  });
});
