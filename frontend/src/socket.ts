/** A WebSocket that comes back by itself: backoff with jitter, and at once when the device is online again. */

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const STABLE = 5_000; // open for this long, a later loss starts from the shortest wait again

export interface Listener {
  /** Connected; `again` from the second time on. What was missed has to be asked for now. */
  opened(again: boolean): void;
  heard(data: unknown): void;
  /** Lost; it will be tried again by itself. */
  lost(): void;
  /** The server closed it for good. */
  ended(code: number): void;
}

export class Socket {
  private socket: WebSocket | null = null;
  private timer: number | undefined;
  private failures = 0;
  private connections = 0;
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly listener: Listener,
  ) {
    addEventListener("online", this.hurry);
    addEventListener("offline", this.giveUp);
    this.connect();
  }

  get open(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** False if it could not be sent: nothing is queued, because a queue outlives its sense. */
  say(frame: object): boolean {
    if (!this.open) return false;
    this.socket?.send(JSON.stringify(frame));
    return true;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.hurry);
    removeEventListener("offline", this.giveUp);
    this.socket?.close();
  }

  private connect(): void {
    clearTimeout(this.timer);
    const socket = new WebSocket(new URL(this.path, location.href.replace(/^http/, "ws")));
    let openedAt = 0;
    this.socket = socket;
    socket.onopen = () => {
      openedAt = performance.now();
      this.connections += 1;
      this.listener.opened(this.connections > 1);
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (!this.closed) this.listener.heard(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (this.closed || this.socket !== socket) return;
      this.socket = null;
      if (event.code >= 4400 && event.code < 4500) {
        this.close();
        this.listener.ended(event.code);
        return;
      }
      if (openedAt > 0 && performance.now() - openedAt > STABLE) this.failures = 0;
      this.timer = window.setTimeout(() => {
        this.connect();
      }, wait(this.failures));
      this.failures += 1;
      this.listener.lost();
    };
  }

  private readonly hurry = (): void => {
    this.failures = 0;
    if (!this.socket) this.connect();
  };

  /** A dead network can leave a socket looking open for minutes. */
  private readonly giveUp = (): void => {
    this.socket?.close();
  };
}

/** Milliseconds before the next try. The jitter keeps a thousand pages from coming back in the same instant. */
export function wait(failures: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures);
  return longest / 2 + (random() * longest) / 2;
}
