/** The board's page: rows that move when a new board comes. */

import { needed, news, tied as tiedAtLine } from "./boardstate";
import { startCountdowns } from "./countdown";
import { type Board, type RoundOfBoard, type Standing, type Outlook } from "./frames";
import { dayOf, formFor, grouped, showMoment } from "./locale";
import { all, oncePerFrame, setText, the } from "./page";
import { drawStandings } from "./standings";
import { watchBoard } from "./watching";
import { fill, readWords } from "./words";

const QUIET = 20_000; // between two announcements, for those who hear the page

const words = readWords([
  "live",
  "frozen",
  "paused",
  "reconnecting",
  "pause",
  "go_on",
  "votes_one",
  "votes_other",
  "line_sure",
  "line_unsaid",
  "line_tied",
  "line_least",
  "line_between",
  "line_flip_one",
  "line_flip_other",
  "line_voters_one",
  "line_voters_other",
  "since",
  "edition",
  "when",
  "news",
  "news_below",
  "state_open",
  "state_open_more",
  "state_frozen",
  "state_frozen_more",
  "state_closed",
  "state_closed_more",
  "state_tallied",
  "state_tallied_more",
  "state_run_off",
  "state_run_off_more",
  "run_off_among",
  "to_the_run_off",
  "to_the_next_round",
  "state_provisional",
  "state_provisional_more",
  "state_appeal",
  "state_appeal_more",
  "state_final",
  "state_final_more",
  "state_annulled",
  "state_annulled_more",
]);

const page = the("board");

let shown: Board | null = null;
let latest: Board | null = null;
let paused = false;
let connected = false;
let announcedAt = -QUIET;

const draw = oncePerFrame(() => {
  drawState();
  if (!latest || paused || latest === shown) return;
  const before = shown;
  drawStandings(latest, before !== null);
  drawFacts(latest);
  shown = latest;
  if (before) announce(before, latest);
});

function drawFacts(board: Board): void {
  if (board.round) drawOutlook(board.round.outlook);
  drawTied(tiedAtLine(board));
  if (board.round) drawSince(board);
  const form = formFor(board.votes, words.votes_one, words.votes_other);
  setText(the("votes"), fill(form, { n: grouped(board.votes) }));
  setText(the("edition"), fill(words.edition, { n: board.number }));
  showMoment(the<HTMLTimeElement>("made"), board.created_at, words.when);
  if (board.round) drawRound(board.round);
}

/** A round moves on while people look: each state shows its own parts, and says what it means. */
function drawRound(round: RoundOfBoard): void {
  the("round").dataset["round"] = round.state;
  for (const part of all("while", page))
    part.hidden = !(part.dataset["while"] ?? "").split(" ").includes(round.state);
  setText(the("state-words"), words[`state_${round.state}`]);
  setText(the("state-more"), stateMore(round));
  showMoment(the<HTMLTimeElement>("ends"), round.ends_at, words.when);
  the("left").dataset["until"] = round.ends_at;
  drawFreeze(round.freezes_at);
  const next = the("next-round");
  next.hidden = round.next === null || voting(round);
  const link = next.querySelector("a");
  link?.setAttribute("href", `?series=${encodeURIComponent(round.next ?? "")}`);
  const toRunOff = round.next !== null && round.next === round.run_off?.series;
  if (link) setText(link, toRunOff ? words.to_the_run_off : words.to_the_next_round);
}

function stateMore(round: RoundOfBoard): string {
  if (round.state !== "run_off" || round.run_off === null) return words[`state_${round.state}_more`];
  return fill(words.run_off_among, {
    names: round.run_off.among.map(({ name }) => name).join(", "),
  });
}

function drawFreeze(freezes_at: string | null): void {
  const place = the("freeze");
  place.hidden ||= freezes_at === null;
  if (freezes_at === null) return;
  showMoment(the<HTMLTimeElement>("freezes"), freezes_at, words.when);
  the("freeze-left").dataset["until"] = freezes_at;
}

function voting({ state }: RoundOfBoard): boolean {
  return state === "open" || state === "frozen";
}

function drawSince(board: Board): void {
  the("changes").hidden = board.since === null;
  if (board.since === null) return;
  const list = the<HTMLAnchorElement>("since");
  list.href = `?series=${encodeURIComponent(board.series)}&date=${board.since}`;
  setText(list, fill(words.since, { date: dayOf(Date.parse(`${board.since}T00:00+09:00`)) }));
}

function drawOutlook(outlook: Outlook | null): void {
  const place = document.querySelector<HTMLElement>("[data-outlook]");
  if (place) place.hidden = outlook === null;
  if (!place || !outlook) return;
  const [key, low, high] = needed(outlook);
  setText(the("needed"), fill(words[key], { low: grouped(low ?? 0), high: grouped(high ?? 0) }));
  const flip = outlook.votes_to_flip;
  const form = formFor(flip ?? 0, words.line_flip_one, words.line_flip_other);
  setText(the("flip"), flip === null ? "" : fill(form, { n: grouped(flip) }));
  drawVoters(outlook.voters_to_flip);
}

function drawTied(tied: readonly Standing[]): void {
  const place = document.querySelector<HTMLElement>("[data-tied]");
  const names = tied.map((standing) => standing.name).join(", ");
  if (place) setText(place, names && fill(words.line_tied, { names }));
}

function drawVoters(found: Outlook["voters_to_flip"]): void {
  const voters = found?.voters ?? null;
  const form = formFor(voters ?? 0, words.line_voters_one, words.line_voters_other);
  const position = grouped(found?.position ?? 0);
  setText(the("flip-voters"), voters === null ? "" : fill(form, { n: grouped(voters), position }));
}

function announce(before: Board, after: Board): void {
  const changed = news(before, after);
  if (!changed || performance.now() - announcedAt < QUIET) return;
  announcedAt = performance.now();
  setText(the("news"), fill(changed.below ? words.news_below : words.news, changed));
}

function drawState(): void {
  const live = the("live");
  const round = latest?.round;
  live.hidden = !round || !voting(round);
  const moving = connected && round?.state !== "frozen";
  live.dataset["live"] = paused ? "paused" : moving ? "live" : "reconnecting";
  const quiet = round?.state === "frozen" ? words.frozen : words.live;
  setText(the("live-words"), paused ? words.paused : connected ? quiet : words.reconnecting);
  setText(the("pause-words"), paused ? words.go_on : words.pause);
}

function watch(): void {
  watchBoard(page.dataset["series"] ?? "", {
    came(board) {
      latest = board;
      draw();
    },
    connected(now) {
      connected = now;
      draw();
    },
  });
  the("pause").addEventListener("click", () => {
    paused = !paused;
    draw();
  });
}

// An imported board does not change, nor does that of a settled round: nothing to watch.
if (document.querySelector("[data-live]")) {
  watch();
  startCountdowns();
}
