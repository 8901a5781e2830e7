/** The table of standings: on the board's own page, and on the one that others embed. */

import {
  at as placeOf,
  below as belowLine,
  beside as besideLine,
  gained,
  moved,
  ofReference,
  percent,
  ranks,
  scaleOf,
  type Scale,
} from "./boardstate";
import { type Board, type Standing } from "./frames";
import { formFor, grouped } from "./locale";
import { all, copyOf, prefersLessMotion, setText, the } from "./page";
import { fill, readWords } from "./words";

const words = readWords([
  "chance",
  "of_reference",
  "row_votes_one",
  "row_votes_other",
  "moved_up",
  "moved_down",
  "moved_same",
  "moved_new",
  "mark_up",
  "mark_down",
  "mark_same",
  "mark_new",
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
]);

const page = the("board");
const above = the("above");
const rows = new Map(all<HTMLTableRowElement>("row", page).map((row) => [row.dataset["row"] ?? "", row]));

/** Fill the rows and put them where they belong; glide: each from where it was. */
export function drawStandings(board: Board, glide: boolean): void {
  const from = glide && !prefersLessMotion() && !document.hidden ? places() : null;
  const scale = scaleOf(board);
  const below = document.querySelector<HTMLElement>("[data-below]");
  const out = belowLine(board);
  const besides = document.querySelector<HTMLElement>("[data-beside]");
  const order = { above: [] as HTMLElement[], below: [] as HTMLElement[], beside: [] as HTMLElement[] };
  for (const standing of board.standings) {
    const row = rows.get(standing.slug) ?? newRow(standing);
    fillRow(row, standing, board, scale);
    const part = besideLine(standing) ? "beside" : below && out.has(standing.slug) ? "below" : "above";
    order[part].push(row);
  }
  arrange(above, order.above);
  if (below) arrange(below, order.below);
  if (besides) arrange(besides, order.beside);
  const others = document.querySelector<HTMLElement>("[data-besides]");
  if (others) others.hidden = order.beside.length === 0;
  const line = document.querySelector<HTMLElement>("[data-line]");
  if (line) line.hidden = order.below.length === 0;
  if (from) move(from);
}

function arrange(body: HTMLElement, wanted: readonly HTMLElement[]): void {
  const now = [...body.children];
  if (now.length === wanted.length && now.every((row, index) => row === wanted[index])) return;
  body.replaceChildren(...wanted);
}

function newRow(standing: Standing): HTMLTableRowElement {
  const row = copyOf("row-template") as HTMLTableRowElement;
  row.dataset["row"] = standing.slug;
  const name = part(row, "name");
  if (name instanceof HTMLAnchorElement)
    name.href = (page.dataset["entryUrl"] ?? "").replace(/slug$/, standing.slug);
  rows.set(standing.slug, row);
  return row;
}

function fillRow(row: HTMLElement, standing: Standing, board: Board, scale: Scale | null): void {
  row.dataset["status"] = standing.status;
  setText(part(row, "rank"), standing.rank === null ? "–" : String(standing.rank));
  setText(part(row, "ranks"), ranks(standing));
  const [key, n] = moved(standing, board.since);
  setText(part(row, "mark"), key && fill(words[`mark_${key}`], { n }));
  setText(part(row, "moved"), key && fill(words[`moved_${key}`], { n }));
  setText(part(row, "gained"), gained(standing));
  setText(part(row, "name"), standing.name);
  setText(part(row, "status"), words[`status_${standing.status}`]);
  const chance = standing.p_cut === null ? "" : fill(words.chance, { percent: percent(standing.p_cut) });
  setText(part(row, "chance"), chance);
  part(row, "icon").setAttribute("href", `#icon-${standing.status}`);
  const share = ofReference(standing);
  const reference = board.round?.reference?.name ?? "";
  setText(part(row, "percent"), share ? fill(words.of_reference, { ...share, reference }) : "");
  const placed = standing.joined;
  setText(part(row, "rating"), placed ? standing.rating.toFixed(0) : "–");
  setText(part(row, "range"), placed ? `${standing.low.toFixed(0)}–${standing.high.toFixed(0)}` : "");
  const form = formFor(standing.votes, words.row_votes_one, words.row_votes_other);
  setText(part(row, "votes"), fill(form, { n: grouped(standing.votes) }));
  drawPlot(row, standing, board, placed ? scale : null);
}

function drawPlot(row: HTMLElement, standing: Standing, board: Board, scale: Scale | null): void {
  const plot = row.querySelector("[data-plot]");
  plot?.toggleAttribute("hidden", scale === null);
  if (!scale) return;
  const span = part(row, "span");
  span.setAttribute("x1", `${placeOf(scale, standing.low)}%`);
  span.setAttribute("x2", `${placeOf(scale, standing.high)}%`);
  for (const end of ["x1", "x2"]) part(row, "point").setAttribute(end, `${placeOf(scale, standing.rating)}%`);
  const line = board.round?.line ?? null;
  const cut = part(row, "cut");
  cut.setAttribute("visibility", line === null ? "hidden" : "visible");
  for (const end of ["x1", "x2"]) cut.setAttribute(end, line === null ? "0" : `${placeOf(scale, line)}%`);
}

function part(row: HTMLElement, field: string): Element {
  const found = row.querySelector(`[data-field=${field}]`);
  if (!found) throw new Error(`a row has no ${field}`);
  return found;
}

/** Where the rows are now. Read all before anything is written: each switch would lay the page out again. */
function places(): Map<HTMLElement, number> {
  return new Map([...rows.values()].map((row) => [row, row.getBoundingClientRect().top]));
}

/** First, last, invert, play: each row glides from where it was, if either place can be seen. */
function move(from: ReadonlyMap<HTMLElement, number>): void {
  const to = places();
  for (const [row, end] of to) {
    const start = from.get(row);
    if (start === undefined || Math.abs(start - end) < 1) continue;
    if (Math.max(start, end) < -100 || Math.min(start, end) > innerHeight + 100) continue;
    row.animate([{ transform: `translateY(${start - end}px)` }, { transform: "none" }], {
      duration: 450,
      easing: "cubic-bezier(0.2, 0.7, 0.2, 1)",
    });
  }
}
