/** The board in a frame of somebody else's page. It asks every few seconds instead of holding a socket: answers come
 * from a cache, and thousands of readers of a newspaper cost the site nothing. */

import { startCountdowns } from "./countdown";
import { parseBoard, type Board } from "./frames";
import { ask } from "./http";
import { formFor, grouped, showMoment } from "./locale";
import { all, setText, the } from "./page";
import { drawStandings } from "./standings";
import { fill, readWords } from "./words";

const EVERY = 5_000; // between two questions, while anybody can see the frame
const LONGEST = 120_000; // between two while the site does not answer

const words = readWords([
  "votes_one",
  "votes_other",
  "when",
  "state_open",
  "state_frozen",
  "state_closed",
  "state_tallied",
  "state_run_off",
  "state_provisional",
  "state_appeal",
  "state_final",
  "state_annulled",
]);

const page = the("board");
const series = page.dataset["series"] ?? "";
const follows = page.dataset["follows"] !== undefined;
let shown: Board | null = null;
let failures = 0;

async function look(): Promise<void> {
  if (!document.hidden) {
    try {
      const found = await ask(
        `/api/v1/board${follows ? "" : `?series=${encodeURIComponent(series)}`}`,
        parseBoard,
      );
      failures = 0;
      if (found.series !== series)
        location.reload(); // the next round has begun
      else draw(found);
    } catch {
      failures += 1; // what is shown stays, with the time it was made; the next question may be answered
    }
  }
  setTimeout(() => void look(), Math.min(LONGEST, EVERY * 2 ** failures));
}

function draw(board: Board): void {
  if (shown?.number === board.number && shown.round?.state === board.round?.state) return;
  drawStandings(board, shown !== null);
  shown = board;
  const form = formFor(board.votes, words.votes_one, words.votes_other);
  setText(the("votes"), fill(form, { n: grouped(board.votes) }));
  showMoment(the<HTMLTimeElement>("made"), board.created_at, words.when);
  const round = board.round;
  if (!round) return;
  for (const part of all("while", page))
    part.hidden = !(part.dataset["while"] ?? "").split(" ").includes(round.state);
  setText(the("state-words"), words[`state_${round.state}`]);
  the("left").dataset["until"] = round.ends_at;
}

setTimeout(() => void look(), EVERY);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) failures = 0;
});
startCountdowns();
