import { beforeEach, describe, expect, it } from "vitest";

import { showMarkdown, visible } from "./markdown";

let box: HTMLElement;

beforeEach(() => {
  box = document.createElement("div");
});

function shown(text: string): string {
  showMarkdown(box, text);
  return box.innerHTML.replaceAll(' tabindex="0"', "");
}

describe("Markdown", () => {
  it("becomes paragraphs, emphasis and code", () => {
    expect(shown("One **two** *three* `four`")).toBe(
      "<p>One <strong>two</strong> <em>three</em> <code>four</code></p>",
    );
  });

  it("breaks lines where the model did", () => {
    expect(shown("one\ntwo")).toBe("<p>one<br>two</p>");
  });

  it("keeps its headings below those of the page", () => {
    expect(shown("# One\n## Two\n### Three")).toBe("<h4>One</h4><h5>Two</h5><h6>Three</h6>");
  });

  it("becomes lists, tight and loose", () => {
    expect(shown("- a\n- b\n  - c")).toBe("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>");
    expect(shown("3. a\n\n4. b")).toBe('<ol start="3"><li><p>a</p></li><li><p>b</p></li></ol>');
  });

  it("becomes code blocks, quotes, rules and tables", () => {
    expect(shown("```py\nx < 1\n```")).toBe("<pre><code>x &lt; 1</code></pre>");
    expect(shown("> a\n\n---")).toBe("<blockquote><p>a</p></blockquote><hr>");
    expect(shown("|a|b|\n|-|-|\n|1|2|")).toBe(
      '<div class="scroller"><table><thead><tr><th>a</th><th>b</th></tr></thead>' +
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>",
    );
  });

  it("never becomes HTML of the model's choosing", () => {
    showMarkdown(box, "<img src=x onerror=alert(1)> <b>bold</b>\n\n<script>alert(1)</script>");
    expect(box.querySelector("img, b, script")).toBeNull();
    expect(box.textContent).toContain("<script>alert(1)</script>");
  });

  it("shows where a link leads instead of leading there", () => {
    expect(shown("[here](https://example.com/x)")).toBe("<p>here (https://example.com/x)</p>");
    expect(shown("<https://example.com/>")).toBe("<p>https://example.com/</p>");
    expect(shown("[click](javascript:alert(1))")).not.toContain("<a");
  });

  it("shows an image as its description and loads nothing", () => {
    expect(shown("![a cat](https://example.com/cat.png)")).toBe("<p>a cat</p>");
  });

  it("leaves what has not changed as it is", () => {
    showMarkdown(box, "one\n\ntwo");
    const first = box.firstElementChild;
    showMarkdown(box, "one\n\ntwo and more\n\nthree");
    expect(box.firstElementChild).toBe(first);
    expect(box.textContent).toBe("onetwo and morethree");
    showMarkdown(box, "other");
    expect(box.innerHTML).toBe("<p>other</p>");
  });
});

describe("what cannot be seen", () => {
  it("is taken out", () => {
    expect(visible("a\u202Eb\u200Bc\u2066d\u2069e\uFEFFf\u{E0041}g")).toBe("abcdefg");
  });

  it("stays where it makes one picture of several", () => {
    expect(visible("👩\u200D💻 a\u200Db")).toBe("👩\u200D💻 ab");
  });
});
