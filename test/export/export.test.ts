/** An export is what was said and done; nothing in it acts on who reads it. */

import { expect, test } from "vitest";
import { htmlOf } from "../../src/export/html.ts";
import { markdownOf } from "../../src/export/markdown.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { SessionEvent } from "../../src/protocol/records.ts";
import fc from "../support/property.ts";

const at = "2026-01-02T03:04:05.000Z";
let seq = 0;
const record = (method: string, params: JsonObject): SessionEvent => ({
  session: "s",
  seq: ++seq,
  at,
  method,
  params,
});
const item = (type: string, more: JsonObject) =>
  record("item/completed", { threadId: "t", turnId: "u", item: { id: `i${seq}`, type, ...more } });
const by = { kind: "cli", user: "ann", from: "pid 1" };

const history = (text: string): SessionEvent[] => {
  seq = 0;
  return [
    record("session/trimmed", { records: 7, until: at }),
    record("session/message", {
      id: "m",
      status: "accepted",
      mode: "queue",
      content: { text },
      by,
    }),
    item("userMessage", { clientId: "m", content: [{ type: "text", text }] }),
    item("agentMessage", { text }),
    item("commandExecution", { command: text, aggregatedOutput: text, exitCode: 3 }),
    item("fileChange", { changes: [{ path: text, kind: { type: "update" }, diff: `+${text}` }] }),
    item("reasoning", { summary: [text] }),
    item("webSearch", { query: text }),
    item("somethingNew", {}),
    record("session/approval", {
      status: "answered",
      id: "a",
      kind: "command",
      decision: "accept",
      by,
      command: text,
    }),
    record("turn/completed", {
      threadId: "t",
      turn: { id: "u", status: "failed", error: { message: text } },
    }),
  ];
};

test("Markdown tells who said what, what was run and what came of it", () => {
  expect(markdownOf("api", history("why"))).toBe(
    `${[
      "# api",
      `*7 records up to ${at} were dropped*`,
      "## 2026-01-02 03:04 ann (cli, pid 1)",
      "> why",
      "why",
      "```\n$ why\nwhy\n```\n(exit 3)",
      "`why`",
      "```diff\n+why\n```",
      "*web search: why*",
      "*somethingNew*",
      "*accept by ann (cli, pid 1): why*",
      "*turn failed why*",
    ].join("\n\n")}\n`,
  );
});

test("the page has an answer's lists, tables and links", () => {
  const page = htmlOf(
    "api",
    history("- [a](https://example.com)\n- **b**\n\n| x |\n|---|\n| `y` |"),
  );
  expect(page).toContain('<li><a href="https://example.com" rel="noreferrer noopener">a</a></li>');
  expect(page).toContain("<td><code>y</code></td>");
  expect(page).toContain("Content-Security-Policy");
  expect(page).toContain("prefers-color-scheme: dark");
});

/** The tags and attributes that we write ourselves, and those of Markdown. */
const TAGS =
  /^(!doctype|html|head|meta|title|style|body|h[1-6]|section|header|time|b|pre|p|ul|ol|li|a|code|em|strong|del|ins|table|thead|tbody|tr|th|td|blockquote|hr|br|details|summary|input)$/i;
function check(page: string): void {
  for (const [, name = "", attributes = ""] of page.matchAll(/<\/?([a-z!][^\s>/]*)([^>]*)>/gi)) {
    expect(name).toMatch(TAGS);
    expect(attributes).not.toMatch(/\son\w+\s*=/i);
    const target = /(?:href|src)="([^"]*)"/i.exec(attributes)?.[1] ?? "https:";
    expect(target).toMatch(/^(https?:|mailto:)/i);
  }
}

test.each([
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "[x](javascript:alert(1)) [y](JaVaScRiPt:alert(1)) [z](data:text/html,x) [w](vbscript:x)",
  '[x](https://a" onmouseover="alert(1))',
  "![x](https://example.com/pixel.png)",
  '<https://a"onclick=x> <a href="javascript:x">y</a>',
  "```html\n</code></pre><script>x</script>\n```",
  '```"><script>x</script>\nx\n```',
  "</style></title></pre><iframe src=x></iframe>",
  "| <b onclick=x>a</b> |\n|---|\n| <svg/onload=x> |",
  "[x]: javascript:alert(1)\n\n[x]",
  "<<script><img src=x onerror=alert(1) ",
  "\u001b]0;owned\u0007 \u202egnp.exe \u009b31m",
])("nothing of %j acts on a reader of the page", (text) => {
  const page = htmlOf(text, history(text));
  check(page);
  expect(page).not.toMatch(/<(script|iframe|img|svg)/i);
  expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(markdownOf("x", history(text))).not.toMatch(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/,
  );
});

test("nor does anything else", () => {
  const scrap = fc.constantFrom(
    ..."< > \" ' & [ ] ( ) ! ` ``` * _ # - | : / \\ = javascript: onerror= <script <img src= href= \n a https://x".split(
      " ",
    ),
    "\n\n",
    " ",
  );
  fc.assert(
    fc.property(fc.array(scrap, { maxLength: 30 }), (scraps) => {
      const text = scraps.join("");
      check(htmlOf(text, history(text)));
    }),
    { numRuns: 500 },
  );
});
