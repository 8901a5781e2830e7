/** The arena's page: a question, two answers, a verdict, two names. */

import { startCountdowns } from "./countdown";
import { Duel } from "./duel";
import { parseVisitor, VERDICTS, type Side, type Verdict, type Visitor } from "./frames";
import { ask } from "./http";
import { showMarkdown } from "./markdown";
import { AGREED, heldQuestion, holdQuestion, KEYS_OFF, onForgotten, remember, remembers } from "./memory";
import { all, copyOf, oncePerFrame, prefersLessMotion, setText, the } from "./page";
import { answering, lastTurn, mayFollowUp, type InLine, type Turn } from "./transcript";
import { fill, languageOfPage, readWords } from "./words";

const words = readWords([
  "starting",
  "connecting",
  "reconnecting",
  "offline",
  "answering",
  "line_place",
  "line_next",
  "line_seconds",
  "line_minutes",
  "ready",
  "voting",
  "voted",
  "vote_lost",
  "void",
  "void_help",
  "counts",
  "counts_not",
  "counts_not_own",
  "names_later",
  "your_pick",
  "allowance",
  "allowance_spent",
  "agree_first",
  "empty",
  "too_long",
  "counter",
  "returned",
  "unreachable",
  "gone",
  "last_turn",
  "follow_up",
  "ask",
  "turns_left_one",
  "turns_left_other",
  "waiting",
  "no_text",
  "reported",
  "report_title",
  "stopped",
  "cut",
  "interrupted",
  "erased",
  "keys_on",
  "keys_off",
]);

const arena = the("arena");
const box = the<HTMLTextAreaElement>("prompt");
const agree = the<HTMLInputElement>("agree");
const turnsShown: HTMLElement[] = [];
const limit = Number(arena.dataset["promptLimit"]);
const plural = new Intl.PluralRules(languageOfPage());

let visitor: Visitor | null = null;
/** A keyboard is likely, or a key was pressed outside a text field: then the switch for single keys is shown. */
let keyboard = matchMedia("(hover: hover)").matches;
/** What stands under the box. */
let problem = "";

const draw = oncePerFrame(redraw);

const duel = new Duel(words, {
  changed: draw,
  began(id) {
    history.pushState(null, "", `#b=${id}`);
  },
  gone: forgetAddress,
  returned(prompt) {
    if (!box.value) box.value = prompt;
  },
  problem(found) {
    problem = found;
  },
});

// --- Asking and judging ---

function send(): void {
  const text = box.value.trim();
  const length = characters(text);
  problem = "";
  if (duel.connection === "starting" || answering(duel.transcript)) return;
  if (!text) problem = words.empty;
  else if (length > limit) problem = fill(words.too_long, { length, limit });
  else if (!hasAgreed()) problem = words.agree_first;
  if (problem) {
    (text && length <= limit ? agree : box).focus();
    draw();
    return;
  }
  box.value = "";
  if (duel.id === null) begin(text);
  else duel.say(text);
  showLastTurn();
}

function begin(prompt: string): void {
  remember(AGREED);
  void duel.begin(prompt);
}

async function judge(winner: Verdict): Promise<void> {
  if (await duel.judge(winner)) await learnAllowance();
}

async function learnAllowance(): Promise<void> {
  visitor = await ask("/visitor", parseVisitor).catch(() => null);
  draw();
}

// --- Coming and going ---

/** Conversations may have been deleted in another tab, or on a page between this one and "back". */
function lookAgain(): void {
  if (duel.id !== null) void duel.open(duel.id);
  draw();
}

function forgetAddress(): void {
  if (location.hash) history.pushState(null, "", location.pathname + location.search);
}

/** Show the battle that the address names. */
function arrive(): void {
  const id = /^#b=([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null;
  if (id === duel.id) return;
  problem = "";
  if (id === null) duel.leave();
  else void duel.open(id).then(giveBack);
  draw();
}

/** The question of a place in the line that was lost while the page was loading. */
function giveBack(): void {
  const { state, turns } = duel.transcript;
  if (duel.id === null || state !== "open" || turns.length > 0 || box.value) return;
  box.value = heldQuestion(duel.id);
  draw();
}

// --- Drawing ---

type Stage = "fresh" | "answering" | "ready" | "voted" | "void";

function stageOf(): Stage {
  if (duel.transcript.state !== "open") return duel.transcript.state;
  if (duel.transcript.turns.length === 0) return "fresh";
  return duel.transcript.votable && !answering(duel.transcript) ? "ready" : "answering";
}

function redraw(): void {
  const stage = stageOf();
  if (arena.dataset["stage"] !== stage) {
    arena.dataset["stage"] = stage;
    // The dock stays; what was in the reader's hand should not vanish under it.
    if (stage === "voted" || stage === "void") the("next").focus({ preventScroll: true });
  }
  drawTurns();
  drawComposer(stage);
  drawDock(stage);
  drawAllowance();
}

function drawTurns(): void {
  const list = the("turns");
  const shownOf = duel.id ?? "";
  if (list.dataset["turns"] !== shownOf) {
    list.dataset["turns"] = shownOf;
    list.replaceChildren();
    turnsShown.length = 0;
  }
  while (turnsShown.length > duel.transcript.turns.length) turnsShown.pop()?.remove();
  for (const [index, turn] of duel.transcript.turns.entries()) {
    let shown = turnsShown[index];
    if (!shown) {
      shown = copyOf("turn-template");
      turnsShown.push(shown);
      list.append(shown);
    }
    drawTurn(shown, turn);
  }
}

function drawTurn(shown: HTMLElement, turn: Turn): void {
  setText(the("question", shown), duel.transcript.erased ? words.erased : turn.prompt);
  for (const card of all("answer", shown)) drawAnswer(card, turn, card.dataset["answer"] === "a" ? "a" : "b");
}

function drawAnswer(card: HTMLElement, turn: Turn, side: Side): void {
  const reply = turn[side];
  const live = ["sending", "waiting", "streaming"].includes(turn.state) && !reply.done;
  showMarkdown(the("text", card), reply.text);
  card.toggleAttribute("aria-busy", live);
  const quiet = the("waiting", card);
  quiet.hidden = !live && reply.text !== "";
  quiet.classList.toggle("still", !live);
  setText(
    the("waiting-words", card),
    !live ? missing() : reply.text ? "" : turn.line ? placeWords(turn.line) : words.waiting,
  );
  the("report", card).hidden = duel.transcript.erased;
  const ending = the("ending", card);
  const end =
    turn.state === "stopped"
      ? words.stopped
      : turn.state === "void"
        ? words.interrupted
        : reply.cut
          ? words.cut
          : "";
  ending.hidden = duel.transcript.erased || end === "";
  setText(ending, end);

  const name = the<HTMLAnchorElement>("name", card);
  const known = duel.transcript.names?.[side];
  name.hidden = !known;
  if (known) {
    setText(name, known.name);
    name.href = entryAddress(known.slug);
  }
  const winner = duel.transcript.vote?.winner;
  const pick = the("pick", card);
  pick.hidden = winner !== side;
  setText(pick, words.your_pick);
  card.classList.toggle("picked", winner === side);
}

/** Why there is no answer. */
function missing(): string {
  return duel.transcript.erased ? words.erased : words.no_text;
}

function entryAddress(slug: string): string {
  return (arena.dataset["entryUrl"] ?? "").replace(/slug$/, slug);
}

function drawComposer(stage: Stage): void {
  const form = the("composer");
  form.hidden = !(stage === "fresh" && duel.connection !== "connecting") && !mayFollowUp(duel.transcript);
  const asks = stage === "fresh" ? words.ask : words.follow_up;
  if (box.placeholder !== asks) {
    box.placeholder = asks;
    setText(the("prompt-label"), asks);
  }
  the("notice").hidden = remembers(AGREED);
  setText(the("problem"), problem);
  const length = characters(box.value);
  const counter = the("counter");
  counter.hidden = length < limit * 0.9;
  setText(counter, counter.hidden ? "" : fill(words.counter, { length, limit }));
  counter.classList.toggle("over", length > limit);
  const left = the("turns-left");
  const n = duel.transcript.turnsLeft;
  left.hidden = stage === "fresh" || n === null;
  if (n !== null)
    setText(left, fill(plural.select(n) === "one" ? words.turns_left_one : words.turns_left_other, { n }));
}

function drawDock(stage: Stage): void {
  the("dock").hidden = stage === "fresh" && duel.connection === "none";
  const open = stage === "answering" || stage === "ready";
  const turn = lastTurn(duel.transcript);
  const line = turn?.state === "waiting" && duel.connection === "open" ? turn.line : null;
  drawLine(line, turn?.prompt ?? "");
  the("status").classList.toggle("hidden", line !== null);
  setText(the("status"), line ? announced(line) : dockWords(stage));
  the("stop").hidden = !(lastTurn(duel.transcript)?.state === "streaming" && duel.connection === "open");
  for (const button of all<HTMLButtonElement>("verdict")) {
    button.disabled = stage !== "ready" || duel.voting;
    const chosen = duel.transcript.vote?.winner === button.dataset["verdict"];
    button.setAttribute("aria-pressed", String(chosen));
  }
  for (const group of document.querySelectorAll<HTMLElement>(".verdicts")) group.hidden = !open;
  the("jumps").hidden = !open || line !== null; // nothing to jump to, and its place is wanted for leaving
  const keys = the("keys");
  keys.hidden = !open || !keyboard;
  keys.dataset["keys"] = keysWork() ? "on" : "off";
  setText(keys, keysWork() ? words.keys_on : words.keys_off);
  drawAfter(stage);
}

// --- The line ---

const ANNOUNCED_EVERY = 15_000; // milliseconds; to hear each change would be to hear nothing else
let lastAnnounced = { words: "", place: 0, at: 0 };

function drawLine(line: InLine | null, question: string): void {
  the("line").hidden = line === null;
  the("leave").hidden = line === null;
  if (line === null) {
    lastAnnounced = { words: "", place: 0, at: 0 };
    return;
  }
  if (duel.id !== null) holdQuestion(duel.id, question);
  setText(the("line-place"), placeWords(line));
  setText(the("line-wait"), waitWords(line));
}

function placeWords({ place }: InLine): string {
  return place === 1 ? words.line_next : fill(words.line_place, { place });
}

/** As exact as it can be meant. */
function waitWords({ seconds }: InLine): string {
  if (seconds > 90) return fill(words.line_minutes, { n: Math.round(seconds / 60) });
  return fill(words.line_seconds, { n: seconds > 10 ? Math.ceil(seconds / 5) * 5 : seconds });
}

/** What a screen reader says: the place when it has changed, and not too often. */
function announced(line: InLine): string {
  const now = performance.now();
  const due = lastAnnounced.at === 0 || now - lastAnnounced.at > ANNOUNCED_EVERY || line.place === 1;
  if (line.place !== lastAnnounced.place && due)
    lastAnnounced = { words: `${placeWords(line)}, ${waitWords(line)}`, place: line.place, at: now };
  return lastAnnounced.words;
}

function dockWords(stage: Stage): string {
  if (duel.trouble && stage !== "voted") return duel.trouble;
  if (stage === "void") return duel.transcript.message ?? words.void;
  if (stage === "voted") return words.voted;
  if (duel.voting) return words.voting;
  if (duel.connection === "starting") return words.starting;
  if (!navigator.onLine) return words.offline;
  if (duel.connection === "lost") return words.reconnecting;
  if (duel.connection === "connecting") return words.connecting;
  if (stage === "answering") return words.answering;
  return duel.transcript.turnsLeft === 0 && duel.transcript.turns.length > 1 ? words.last_turn : words.ready;
}

function drawAfter(stage: Stage): void {
  const over = stage === "voted" || stage === "void";
  the("after").hidden = !over;
  // Of a deleted question nothing is left that others could be asked.
  const anew = stage === "void" && !duel.transcript.erased;
  the("next").hidden = anew;
  the("again").hidden = !anew;
  if (!over) return;
  const reveal = the("reveal");
  reveal.hidden = duel.transcript.names === null;
  for (const link of all<HTMLAnchorElement>("revealed", reveal)) {
    const name = duel.transcript.names?.[link.dataset["revealed"] === "a" ? "a" : "b"];
    setText(link, name?.name ?? "");
    link.href = name ? entryAddress(name.slug) : "";
  }
  setText(the("after-words"), afterWords(stage));
}

function afterWords(stage: Stage): string {
  if (stage === "void") return duel.transcript.erased ? "" : words.void_help;
  const { vote } = duel.transcript;
  const counts = vote?.counted
    ? words.counts
    : vote?.set_aside === "own_team"
      ? words.counts_not_own
      : words.counts_not;
  return [duel.transcript.names ? "" : words.names_later, counts, allowance()].filter(Boolean).join(" ");
}

function allowance(): string {
  if (!visitor?.round) return "";
  const { counted, cap } = visitor;
  return fill(counted >= cap ? words.allowance_spent : words.allowance, { counted, cap });
}

function drawAllowance(): void {
  setText(the("allowance"), allowance());
}

function showLastTurn(): void {
  requestAnimationFrame(() => {
    requestAnimationFrame(() => {
      turnsShown
        .at(-1)
        ?.scrollIntoView({ block: "start", behavior: prefersLessMotion() ? "auto" : "smooth" });
    });
  });
}

// --- Reporting ---

let reported: Side = "a";

function openReport(side: Side): void {
  reported = side;
  setText(the("report-title"), fill(words.report_title, { side: side.toUpperCase() }));
  setText(the("report-problem"), "");
  the<HTMLTextAreaElement>("report-text").value = "";
  the<HTMLDialogElement>("report-dialog").showModal();
}

async function report(): Promise<void> {
  const text = the<HTMLTextAreaElement>("report-text").value.trim();
  try {
    await duel.report(reported, text);
    the<HTMLDialogElement>("report-dialog").close();
    for (const button of all<HTMLButtonElement>("report", the("turns")))
      if (button.dataset["report"] === reported) {
        button.disabled = true;
        button.textContent = words.reported;
      }
  } catch (fault) {
    setText(the("report-problem"), duel.wordsFor(fault));
  }
}

// --- Small things ---

/** As the server counts them: code points. */
function characters(text: string): number {
  return Array.from(text).length;
}

function hasAgreed(): boolean {
  return agree.checked || remembers(AGREED);
}

function keysWork(): boolean {
  return !remembers(KEYS_OFF);
}

/** Whether keys are being typed into something, so that they are no verdict. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, dialog, [contenteditable]") !== null
  );
}

the("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey) return;
  // While Hangul is being composed, Enter only ends the syllable.
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Safari says so by nothing but this code
  if (event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  send();
});
box.addEventListener("input", () => {
  problem = "";
  draw();
});
agree.addEventListener("change", () => {
  problem = "";
  draw();
});
for (const button of all<HTMLButtonElement>("verdict"))
  button.addEventListener("click", () => {
    const winner = VERDICTS.find((verdict) => verdict === button.dataset["verdict"]);
    if (winner) void judge(winner);
  });
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event)) return;
  if (!keyboard) draw();
  keyboard = true;
  if (!keysWork()) return;
  const winner = VERDICTS[Number(event.key) - 1];
  if (winner) void judge(winner);
});
the("keys").addEventListener("click", () => {
  remember(KEYS_OFF, keysWork());
  draw();
});
for (const name of ["stop", "leave"])
  the(name).addEventListener("click", () => {
    duel.stop();
  });
the("next").addEventListener("click", () => {
  duel.leave();
  forgetAddress();
  problem = "";
  redraw();
  scrollTo({ top: 0 });
  box.focus();
});
the("again").addEventListener("click", () => {
  const text = lastTurn(duel.transcript)?.prompt;
  if (!text) return;
  begin(text);
  showLastTurn();
});
for (const link of all<HTMLAnchorElement>("jump"))
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const card = turnsShown.at(-1)?.querySelector(`[data-answer=${link.dataset["jump"] ?? "a"}]`);
    card?.scrollIntoView({ block: "start", behavior: prefersLessMotion() ? "auto" : "smooth" });
  });
the("turns").addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-report]") : null;
  if (button) openReport(button.dataset["report"] === "b" ? "b" : "a");
});
the("report-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void report();
});
the("report-cancel").addEventListener("click", () => {
  the<HTMLDialogElement>("report-dialog").close();
});
addEventListener("popstate", arrive);
addEventListener("pageshow", (event) => {
  if (event.persisted) lookAgain();
});
onForgotten(lookAgain);
addEventListener("online", draw);
addEventListener("offline", draw);

redraw();
void learnAllowance();
arrive();
startCountdowns();
