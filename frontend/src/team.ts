/** A team's console: where its model stands, moved by the board's socket. */

import { needed, odds, percent, ranks, signed } from "./boardstate";
import { startCountdowns } from "./countdown";
import { type Board, type Standing } from "./frames";
import { grouped, showMoment } from "./locale";
import { oncePerFrame, setText, the } from "./page";
import { watchBoard } from "./watching";
import { fill, readWords } from "./words";

const QUIET = 20_000; // between two announcements of the same status, for those who hear the page

const words = readWords([
  "reconnecting",
  "edition",
  "when",
  "team_news",
  "line_sure",
  "line_unsaid",
  "line_least",
  "line_between",
  "odds",
  "odds_few",
  "odds_most",
  "run_off_among",
  "status_safe",
  "status_at_risk",
  "status_in_danger",
  "status_locked_out",
  "status_provisional",
  "status_eliminated",
  "status_ranked",
  "status_reference",
  "status_withdrawn",
  "status_disqualified",
  "status_suspended",
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
  "state_provisional",
  "state_provisional_more",
  "state_appeal",
  "state_appeal_more",
  "state_final",
  "state_final_more",
  "state_annulled",
  "state_annulled_more",
]);

const place = the("team");
const entry = place.dataset["entry"] ?? "";

let connected = true;
let latest: Board | null = null;
let said = "";
let saidStatus = the("standing").dataset["status"];
let saidAt = -QUIET;

const draw = oncePerFrame(() => {
  setText(the("connection"), connected ? "" : words.reconnecting);
  const standing = latest?.standings.find(({ slug }) => slug === entry);
  if (!latest || !standing) return;
  drawStanding(standing, latest.round?.line ?? null);
  drawRound(latest);
  announce(standing);
});

function drawStanding(standing: Standing, line: number | null): void {
  the("standing").dataset["status"] = standing.status;
  the("standing").querySelector("[data-field=icon]")?.setAttribute("href", `#icon-${standing.status}`);
  field("status", words[`status_${standing.status}`]);
  field("rank", standing.rank === null ? "–" : String(standing.rank));
  field("ranks", ranks(standing));
  field("chance", standing.p_cut === null ? "–" : `${percent(standing.p_cut)} %`);
  field("odds", oddsWords(standing));
  field("rating", standing.joined ? standing.rating.toFixed(0) : "–");
  field("range", standing.joined ? `${standing.low.toFixed(0)}–${standing.high.toFixed(0)}` : "");
  field("gap", line === null || standing.rank === null ? "–" : signed(standing.rating - line));
  field("votes", grouped(standing.votes));
}

function field(name: string, text: string): void {
  const found = place.querySelector(`[data-field=${name}]`);
  if (!found) throw new Error(`the standing has no ${name}`);
  setText(found, text);
}

function oddsWords({ p_cut: chance }: Standing): string {
  if (chance === null) return "";
  const [key, few, among] = odds(chance);
  return fill(words[key], { few, among });
}

function drawRound(board: Board): void {
  const { round } = board;
  setText(the("edition"), fill(words.edition, { n: board.number }));
  showMoment(the<HTMLTimeElement>("made"), board.created_at, words.when);
  if (!round) return;
  setText(the("state-words"), words[`state_${round.state}`]);
  const among = (round.run_off?.among ?? []).map(({ name }) => name).join(", ");
  const tied = round.state === "run_off" && among !== "";
  setText(
    the("state-more"),
    tied ? fill(words.run_off_among, { names: among }) : words[`state_${round.state}_more`],
  );
  const voting = round.state === "open" || round.state === "frozen";
  the("while-voting").hidden = !voting;
  the("while-decided").hidden = round.state !== "provisional" && round.state !== "appeal";
  showMoment(the<HTMLTimeElement>("ends"), round.ends_at, words.when);
  the("left").dataset["until"] = round.ends_at;
  const found = round.outlook && needed(round.outlook);
  const [key, low, high] = found ?? ["line_sure", null, null];
  const said = { low: grouped(low ?? 0), high: grouped(high ?? 0) };
  setText(the("needed"), found ? fill(words[key], said) : "");
}

/** What is news for the ear: another status at once, other ranks now and then. */
function announce(standing: Standing): void {
  const news = fill(words.team_news, {
    status: words[`status_${standing.status}`],
    rank: ranks(standing) || (standing.rank ?? "–"),
  });
  const before = said;
  const same = standing.status === saidStatus;
  if (news === before || (same && performance.now() - saidAt < QUIET)) return;
  said = news;
  saidStatus = standing.status;
  saidAt = performance.now();
  // The first board that comes is the one that the page shows.
  if (before || !same) setText(the("news"), news);
}

watchBoard(place.dataset["series"] ?? "", {
  came(board) {
    latest = board;
    draw();
  },
  connected(now) {
    connected = now;
    draw();
  },
});
startCountdowns();
