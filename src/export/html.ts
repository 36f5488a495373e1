/**
 * A history as one page of HTML that needs nothing else and runs nothing: every text is escaped,
 * an answer's Markdown may make lists and tables and no markup of its own, links lead to the web
 * alone, and the page's own policy forbids scripts and anything from elsewhere. Pure.
 */
import { Marked, type Token } from "marked";
import { visible } from "../protocol/address.ts";
import type { SessionEvent } from "../protocol/records.ts";
import { type Part, partsOf } from "./parts.ts";

export function htmlOf(name: string, records: readonly SessionEvent[]): string {
  const parts = partsOf(records).map(htmlPart).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(visible(name))}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(visible(name))}</h1>
${parts}
</body>
</html>
`;
}

function htmlPart(part: Part): string {
  switch (part.kind) {
    case "message": {
      const by = part.by === null ? "" : ` <b>${escaped(part.by)}</b>`;
      const when = part.at.slice(0, 16).replace("T", " ");
      const time = `<time datetime="${escaped(part.at)}">${escaped(when)}</time>`;
      return `<section class="message"><header>${time}${by}</header>\n<pre>${escaped(part.text)}</pre></section>`;
    }
    case "answer":
      return `<section class="answer">${markdown.parse(part.text, { async: false })}</section>`;
    case "command": {
      const outcome = part.outcome === "" ? "" : `\n<b class="bad">(${escaped(part.outcome)})</b>`;
      const output = part.output === "" ? "" : `\n${escaped(part.output)}`;
      return `<pre class="command"><b>$ ${escaped(part.command)}</b>${output}${outcome}</pre>`;
    }
    case "change": {
      const lines = part.diff.split("\n").map(diffLine).join("\n");
      return `<details open><summary>${escaped(part.change)} <code>${escaped(part.path)}</code></summary>\n<pre>${lines}</pre></details>`;
    }
    case "note":
      return `<p class="note">${escaped(part.text)}</p>`;
  }
}

function diffLine(line: string): string {
  const text = escaped(line);
  if (line.startsWith("+")) return `<ins>${text}</ins>`;
  return line.startsWith("-") ? `<del>${text}</del>` : text;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

const markdown = new Marked({ gfm: true }).use({
  renderer: {
    html: ({ text }) => escaped(text),
    // What follows a <script> counts as escaped with marked, until that is closed.
    text(token) {
      const { tokens } = token as { tokens?: Token[] };
      return tokens === undefined ? escaped(token.text) : this.parser.parseInline(tokens);
    },
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens);
      if (!/^(https?:|mailto:)/i.test(href)) return text;
      return `<a href="${escaped(href)}" rel="noreferrer noopener">${text}</a>`;
    },
    // A picture would be fetched, and would tell who reads this.
    image: ({ href, text }) => escaped(`[${text || href}]`),
  },
});

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --quiet: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; }
pre, code { font-family: ui-monospace, monospace; font-size: .875rem; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; overflow-x: auto; white-space: pre-wrap; }
.message { border-left: 3px solid #4a90d9; padding-left: .8rem; margin: 2rem 0 1rem; }
.message pre { background: none; border: none; padding: 0; margin: .2rem 0; font: inherit; }
.message header, .note, summary { color: var(--quiet); font-size: .875rem; }
.bad { color: #c33; }
ins { color: #2a7d2a; text-decoration: none; }
del { color: #c33; text-decoration: none; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: .2rem .5rem; }
@media (prefers-color-scheme: dark) { ins { color: #7ec77e; } del, .bad { color: #ef8080; } :root { --quiet: #aaa; } }
`;
