/** A category's page: the socket says that there is a new edition, and this asks for its category, not too often.
 *
 * The socket carries the board of all votes alone: eight categories more for every phone would be a dozen times as much.
 */

import { at, type Scale } from "./boardstate";
import { openRanks, parseBreakdown, scaleOfRows, type Breakdown, type CategoryRow } from "./breakdown";
import { parseBoardFrame } from "./frames";
import { ask } from "./http";
import { formFor, grouped, showMoment } from "./locale";
import { all, copyOf, oncePerFrame, setText, the } from "./page";
import { Socket } from "./socket";
import { fill, readWords } from "./words";

const BETWEEN = 3_000; // two questions; a crowd asks the same, and a cache may answer

const words = readWords(["votes_one", "votes_other", "row_votes_one", "row_votes_other", "edition", "when"]);

const page = the("category");
const body = the("rows");
const rows = new Map(all<HTMLTableRowElement>("row", body).map((row) => [row.dataset["row"] ?? "", row]));
const series = encodeURIComponent(page.dataset["series"] ?? "");
const category = encodeURIComponent(page.dataset["category"] ?? "");

let shown = Number(page.dataset["number"]);
let newest = shown;
let waiting = false;
let latest: Breakdown | null = null;

const draw = oncePerFrame(() => {
  if (!latest) return;
  const { standings, votes, number, created_at: created } = latest;
  the("few").hidden = standings !== null;
  the("table").hidden = standings === null;
  const scale = scaleOfRows(standings ?? []);
  body.replaceChildren(...(standings ?? []).map((standing) => filled(standing, scale)));
  const form = formFor(votes, words.votes_one, words.votes_other);
  setText(the("votes"), fill(form, { n: grouped(votes) }));
  setText(the("edition"), fill(words.edition, { n: number }));
  showMoment(the<HTMLTimeElement>("made"), created, words.when);
});

function filled(standing: CategoryRow, scale: Scale | null): HTMLElement {
  const row = rows.get(standing.slug) ?? newRow(standing.slug);
  const placed = standing.rank !== null;
  setText(part(row, "rank"), placed ? String(standing.rank) : "–");
  setText(part(row, "ranks"), openRanks(standing));
  setText(part(row, "name"), standing.name);
  setText(part(row, "rating"), placed ? standing.rating.toFixed(0) : "–");
  setText(part(row, "range"), placed ? `${standing.low.toFixed(0)}–${standing.high.toFixed(0)}` : "");
  const form = formFor(standing.votes, words.row_votes_one, words.row_votes_other);
  setText(part(row, "votes"), fill(form, { n: grouped(standing.votes) }));
  row.querySelector("[data-plot]")?.toggleAttribute("hidden", !placed || scale === null);
  if (placed && scale) {
    part(row, "span").setAttribute("x1", `${at(scale, standing.low)}%`);
    part(row, "span").setAttribute("x2", `${at(scale, standing.high)}%`);
    for (const end of ["x1", "x2"]) part(row, "point").setAttribute(end, `${at(scale, standing.rating)}%`);
  }
  return row;
}

function newRow(slug: string): HTMLTableRowElement {
  const row = copyOf("row-template") as HTMLTableRowElement;
  row.dataset["row"] = slug;
  part(row, "name").setAttribute("href", (page.dataset["entryUrl"] ?? "").replace(/slug$/, slug));
  rows.set(slug, row);
  return row;
}

function part(row: HTMLElement, field: string): Element {
  const found = row.querySelector(`[data-field=${field}]`);
  if (!found) throw new Error(`a row has no ${field}`);
  return found;
}

/** Asks at once, or when the last answer is old enough; while nobody looks, when somebody does. */
async function follow(): Promise<void> {
  if (waiting || newest <= shown || document.hidden) return;
  waiting = true;
  try {
    const told = await ask(`/api/v1/board?series=${series}&category=${category}`, parseBreakdown);
    if (told.number > shown) {
      shown = told.number;
      latest = told;
      draw();
    }
  } catch {
    // The next edition, or the next look at the page, asks again.
  }
  setTimeout(() => {
    waiting = false;
    void follow();
  }, BETWEEN);
}

const nothing = (): void => undefined;
new Socket(`/ws/board?series=${series}`, {
  heard(data) {
    newest = Math.max(newest, parseBoardFrame(data).number);
    void follow();
  },
  opened: nothing,
  lost: nothing,
  ended: nothing,
});
document.addEventListener("visibilitychange", () => void follow());
