/** Markdown from a model, made safe to show: parsed by markdown-it, built by us from a fixed list of elements.

Nothing in it may lead anywhere or load anything: a link is shown as its text and its address, an image as the
words that describe it. Only what has changed since the last call is built anew, so that a reader's selection
and a code block's scrolling survive the stream.
*/

import MarkdownIt, { type Token } from "markdown-it";

const parser = new MarkdownIt("default", { html: false, linkify: false, typographer: false });
// A definition far below could change what stands far above, and with it all that is already shown.
parser.disable(["reference"]);

// Directions and widths that cannot be seen, and could make text read otherwise than it is.
const INVISIBLE =
  /[\u061C\u180E\u200B\u200C\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\u3164\uFEFF\uFFA0\u{E0000}-\u{E007F}]/gu;
// The joiner makes one emoji of several; anywhere else it only hides.
const STRAY_JOINER =
  /(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D|\u200D(?!\p{Extended_Pictographic})/gu;

/** The text without characters that hide or turn around. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, "").replace(STRAY_JOINER, "");
}

const shown = new WeakMap<Element, readonly string[]>();

/** Make the container show this Markdown, touching only the blocks that differ from what it shows. */
export function showMarkdown(container: Element, text: string): void {
  const source = visible(text);
  const blocks = split(parser.parse(source, {}));
  const lines = source.split("\n");
  const keys = blocks.map((block) => key(block, lines));
  const before = shown.get(container) ?? [];
  let same = 0;
  while (same < keys.length && same < before.length && keys[same] === before[same]) same += 1;
  for (const stale of [...container.children].slice(same)) stale.remove();
  for (const block of blocks.slice(same)) container.append(build(block));
  shown.set(container, keys);
}

/** The tokens of each block at the top. */
function split(tokens: readonly Token[]): Token[][] {
  const blocks: Token[][] = [];
  let depth = 0;
  for (const token of tokens) {
    if (depth === 0 && token.nesting >= 0) blocks.push([]);
    blocks.at(-1)?.push(token);
    depth += token.nesting;
  }
  return blocks;
}

function key(block: readonly Token[], lines: readonly string[]): string {
  const [from, to] = block[0]?.map ?? [0, 0];
  return `${block[0]?.type ?? ""}\n${lines.slice(from, to).join("\n")}`;
}

const ELEMENTS: Readonly<Record<string, string>> = {
  paragraph: "p",
  bullet_list: "ul",
  ordered_list: "ol",
  list_item: "li",
  blockquote: "blockquote",
  table: "table",
  thead: "thead",
  tbody: "tbody",
  tr: "tr",
  th: "th",
  td: "td",
  strong: "strong",
  em: "em",
  s: "s",
};

// The page's own headings end at h3: an answer may not pretend to be part of the site.
const HEADINGS: Readonly<Record<string, string>> = { h1: "h4", h2: "h5" };

function build(tokens: readonly Token[]): Element {
  const root = document.createElement("div");
  const open: Element[] = [root];
  for (const token of tokens) append(token, open);
  const only = root.firstElementChild;
  return only && root.childNodes.length === 1 ? only : root;
}

function append(token: Token, open: Element[]): void {
  const parent = open.at(-1);
  if (!parent) return;
  if (token.nesting === -1) {
    open.pop();
    return;
  }
  if (token.nesting === 1) {
    open.push(opened(token, parent));
    return;
  }
  switch (token.type) {
    case "inline":
      inline(token.children ?? [], parent);
      break;
    case "fence":
    case "code_block":
      parent.append(code(token));
      break;
    case "hr":
      parent.append(document.createElement("hr"));
      break;
    default:
      parent.append(token.content); // unknown: as it was written
  }
}

function opened(token: Token, parent: Element): Element {
  const kind = token.type.replace(/_open$/, "");
  const name = kind === "heading" ? (HEADINGS[token.tag] ?? "h6") : ELEMENTS[kind];
  // A tight list's paragraphs are marked hidden: their text belongs to the item itself.
  if (name === undefined || token.hidden) return parent;
  const element = document.createElement(name);
  const start = token.attrGet("start");
  if (kind === "ordered_list" && start !== null) element.setAttribute("start", String(start));
  if (kind === "table") {
    // Wide tables scroll by themselves, and the keyboard must be able to.
    const frame = document.createElement("div");
    frame.className = "scroller";
    frame.tabIndex = 0;
    frame.append(element);
    parent.append(frame);
  } else {
    parent.append(element);
  }
  return element;
}

function code(token: Token): Element {
  const frame = document.createElement("pre");
  const inner = document.createElement("code");
  frame.tabIndex = 0;
  inner.textContent = token.content.replace(/\n$/, "");
  frame.append(inner);
  return frame;
}

function inline(tokens: readonly Token[], block: Element): void {
  const open: { element: Element; address: string | null }[] = [{ element: block, address: null }];
  for (const token of tokens) {
    const parent = open.at(-1)?.element ?? block;
    if (token.nesting === 1) {
      const name = ELEMENTS[token.type.replace(/_open$/, "")];
      if (name === undefined) {
        const address = token.type === "link_open" ? token.attrGet("href") : null;
        open.push({ element: parent, address: address === null ? null : String(address) });
      } else {
        const element = document.createElement(name);
        parent.append(element);
        open.push({ element, address: null });
      }
    } else if (token.nesting === -1) {
      const closed = open.length > 1 ? open.pop() : undefined;
      if (closed?.address && !closed.element.textContent.endsWith(closed.address))
        closed.element.append(` (${closed.address})`);
    } else {
      parent.append(leaf(token));
    }
  }
}

function leaf(token: Token): Node | string {
  switch (token.type) {
    case "code_inline": {
      const element = document.createElement("code");
      element.textContent = token.content;
      return element;
    }
    case "hardbreak":
      return document.createElement("br");
    case "softbreak":
      // Models break lines where they mean it.
      return document.createElement("br");
    default:
      return token.content; // text, an image's description, and whatever we do not know
  }
}
