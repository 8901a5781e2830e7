import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Socket, wait } from "./socket";

class Wire {
  static readonly OPEN = 1;
  static all: Wire[] = [];
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor(readonly url: string | URL) {
    Wire.all.push(this);
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.drop(1000);
  }
}

function listener() {
  return { opened: vi.fn(), heard: vi.fn(), lost: vi.fn(), ended: vi.fn() };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Wire);
  Wire.all = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a socket", () => {
  it("comes back after a loss, and says that it is not the first time", () => {
    const ears = listener();
    const socket = new Socket("/ws/board", ears);
    Wire.all[0]?.accept();
    expect(ears.opened).toHaveBeenLastCalledWith(false);
    Wire.all[0]?.drop();
    expect(ears.lost).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(500);
    Wire.all[1]?.accept();
    expect(ears.opened).toHaveBeenLastCalledWith(true);
    socket.close();
  });

  it("says nothing while it is not open", () => {
    const socket = new Socket("/ws/board", listener());
    expect(socket.say({ type: "stop" })).toBe(false);
    Wire.all[0]?.accept();
    expect(socket.say({ type: "stop" })).toBe(true);
    expect(Wire.all[0]?.sent).toEqual(['{"type":"stop"}']);
    socket.close();
  });

  it("stays away when the server says that there is nothing to hear", () => {
    const ears = listener();
    new Socket("/ws/board", ears);
    Wire.all[0]?.accept();
    Wire.all[0]?.drop(4404);
    vi.advanceTimersByTime(60_000);
    expect(ears.ended).toHaveBeenCalledWith(4404);
    expect(Wire.all).toHaveLength(1);
  });

  it("stays closed when it was closed", () => {
    const ears = listener();
    const socket = new Socket("/ws/board", ears);
    Wire.all[0]?.accept();
    socket.close();
    vi.advanceTimersByTime(60_000);
    expect(ears.lost).not.toHaveBeenCalled();
    expect(Wire.all).toHaveLength(1);
  });

  it("hurries when the device is online again", () => {
    const socket = new Socket("/ws/board", listener());
    Wire.all[0]?.drop();
    dispatchEvent(new Event("online"));
    expect(Wire.all).toHaveLength(2);
    socket.close();
  });
});

describe("the wait", () => {
  it("doubles, has an end, and differs from page to page", () => {
    expect(wait(0, () => 0)).toBe(250);
    expect(wait(0, () => 1)).toBe(500);
    expect(wait(3, () => 1)).toBe(4_000);
    expect(wait(50, () => 1)).toBe(15_000);
  });
});
