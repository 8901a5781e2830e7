/** A board's socket: each newer board, and whether it is connected. */

import { parseBoardFrame, type Board } from "./frames";
import { Socket } from "./socket";

export interface Watching {
  /** Never an older one than before; the same may come in another state of its round. */
  came(board: Board): void;
  connected(now: boolean): void;
}

export function watchBoard(series: string, watching: Watching): void {
  let latest = -1;
  const lost = (): void => {
    watching.connected(false);
  };
  new Socket(`/ws/board?series=${encodeURIComponent(series)}`, {
    opened() {
      watching.connected(true);
    },
    heard(data) {
      const board = parseBoardFrame(data);
      // After a reconnect an older one may come first, from a slower process.
      if (board.number < latest) return;
      latest = board.number;
      watching.came(board);
    },
    lost,
    ended: lost,
  });
}
