import { expect, test } from "vitest";
import { sessionTable } from "../../src/cli/text/session-table.ts";
import { ago } from "../../src/protocol/duration.ts";
import { sessionOf } from "./fake.ts";

const now = Date.parse("2026-01-02T03:07:05.000Z");
const plain = { paint: (_style: string, text: string) => text, env: { HOME: "/home/ann" } };
const sessions = [
  sessionOf(),
  sessionOf({
    name: "review-the-docs",
    state: "needs-approval",
    approvals: 2,
    cwd: "/home/ann/work/a-long-directory-name/packages/server",
    activeAt: "2026-01-02T03:07:01.000Z",
  }),
  sessionOf({
    name: "try",
    labels: { demo: "true" },
    model: null,
    clients: 0,
    cwd: "/srv/日本語/ディレクトリ",
  }),
];
const at = async (columns: number) =>
  (await sessionTable(sessions, { columns, nowMs: now }, plain)).join("\n");

test("at 200 columns everything is there", async () => {
  expect(await at(200)).toMatchInlineSnapshot(`
    "NAME             STATE           MODEL          DIRECTORY                                     CLIENTS  WAITING  LAST ACTIVITY
    fix              idle            gpt-5.2-codex  ~/app                                         1        0        3m ago
    review-the-docs  needs-approval  gpt-5.2-codex  ~/work/a-long-directory-name/packages/server  1        2        4s ago
    try              idle (demo)     -              /srv/日本語/ディレクトリ                      0        0        3m ago"
  `);
});

test("at 80 columns the directory loses its beginning", async () => {
  expect(await at(80)).toMatchInlineSnapshot(`
    "NAME             STATE           DIRECTORY                WAITING  LAST ACTIVITY
    fix              idle            ~/app                    0        3m ago
    review-the-docs  needs-approval  …y-name/packages/server  2        4s ago
    try              idle (demo)     …rv/日本語/ディレクトリ  0        3m ago"
  `);
});

test("at 40 columns, a phone's, a session has two lines", async () => {
  expect(await at(40)).toMatchInlineSnapshot(`
    "fix  idle  1 attached
      ~/app  gpt-5.2-codex  3m ago
    review-the-docs  needs-approval
      2 waiting, 1 attached
      …ackages/server  gpt-5.2-codex  4s ago
    try  idle (demo)
      /srv/日本語/ディレクトリ  3m ago"
  `);
});

test("ids tell namesakes apart, at any width", async () => {
  for (const columns of [200, 40]) {
    const lines = await sessionTable(
      [sessionOf(), sessionOf({ id: "fedcba9876543210", state: "ended" })],
      { columns, ids: true, nowMs: now },
      plain,
    );
    expect(lines.join("\n")).toMatch(/0123456789abcdef[\s\S]*fedcba9876543210/);
  }
});

test("a line is never wider than the terminal, as long as name and state fit", async () => {
  const { default: stringWidth } = await import("string-width");
  for (let columns = 40; columns < 160; columns++) {
    for (const line of await sessionTable(sessions, { columns, nowMs: now }, plain))
      expect(stringWidth(line), `${columns}: ${line}`).toBeLessThanOrEqual(columns);
  }
});

test("what a name or path would make a terminal do is shown, not done", async () => {
  const evil = sessionOf({ cwd: "/tmp/\u001b]0;title\u0007\u202egnp" });
  const [, line] = await sessionTable([evil], { columns: 200, nowMs: now }, plain);
  expect(line).toContain("/tmp/^[]0;title^G<U+202E>gnp");
});

test.each([
  ["2026-01-02T03:07:05.000Z", "now"],
  ["2026-01-02T03:07:09.000Z", "now"],
  ["2026-01-02T03:06:06.000Z", "59s ago"],
  ["2026-01-02T03:04:05.000Z", "3m ago"],
  ["2026-01-01T03:07:06.000Z", "23h ago"],
  ["2025-12-01T03:07:05.000Z", "32d ago"],
])("%s was %s", (iso, text) => {
  expect(ago(iso, now)).toBe(text);
});
