import { afterEach, describe, expect, it, vi } from "vitest";

import { castVote } from "./ballot";
import { Refused, Unreachable } from "./http";

const receipt = { vote: 1, counted: true, set_aside: null, names: null };

function answers(...given: (Response | Error)[]): ReturnType<typeof vi.fn> {
  const fetch = vi.fn(() => {
    const next = given.shift();
    return next instanceof Response
      ? Promise.resolve(next)
      : Promise.reject(next ?? new Error("no more answers"));
  });
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a vote", () => {
  it("is sent again when nothing came back", async () => {
    const fetch = answers(
      new TypeError("network"),
      new Response("<html>", { status: 502 }),
      Response.json(receipt),
    );
    await expect(castVote("1", "a", [0, 0, 0])).resolves.toEqual({
      counted: true,
      set_aside: null,
      names: null,
    });
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  it("is sent again when the site is away for a moment", async () => {
    const said = { code: "site_away", message: "In a few seconds." };
    const fetch = answers(Response.json(said, { status: 503 }), Response.json(receipt));
    await expect(castVote("1", "a", [0])).resolves.toEqual({ counted: true, set_aside: null, names: null });
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it("is not sent again when it was refused", async () => {
    const said = { code: "already_voted", message: "You have already voted." };
    const fetch = answers(Response.json(said, { status: 409 }));
    await expect(castVote("1", "a", [0])).rejects.toMatchObject({ ...said, status: 409 });
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it("is given up in the end", async () => {
    const fetch = answers(new TypeError("network"), new TypeError("network"));
    await expect(castVote("1", "a", [0])).rejects.toBeInstanceOf(Unreachable);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it("carries the token against forged requests", async () => {
    document.cookie = "csrftoken=abc";
    const fetch = answers(Response.json(receipt));
    await castVote("1", "both_bad");
    expect(fetch.mock.calls[0]).toMatchObject([
      "/battles/1/vote",
      { method: "POST", body: '{"winner":"both_bad"}', headers: { "X-CSRFToken": "abc" } },
    ]);
  });
});

describe("a refusal", () => {
  it("says when it may be tried again", async () => {
    const said = { code: "too_many", message: "Later." };
    answers(Response.json(said, { status: 429, headers: { "Retry-After": "30" } }));
    const refusal = await castVote("1", "a", []).catch((fault: unknown) => fault);
    expect(refusal).toBeInstanceOf(Refused);
    expect(refusal).toMatchObject({ retryAfter: 30, message: "Later." });
  });
});
