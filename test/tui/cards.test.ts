/** What is done is shown as cards that fold. */
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { Model } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { drawDraft, drawEntry } from "../../src/tui/transcript/items/draw.ts";
import { textOfLine } from "../../src/tui/transcript/match.ts";
import {
  agentMessage,
  answered,
  approvalDetail,
  feed,
  item,
  live,
  modelWith,
  record,
  requested,
  shown,
  startMs,
} from "./events.ts";

const more = "/expand shows all";
const drawing = { width: 40, expanded: false, demo: false, more, cwd: "/work" };

function rows(type: string, members: object, changes: Partial<typeof drawing> = {}): string[] {
  const whole = { type, id: "i", ...members } as JsonObject;
  const place = { key: "1", seq: 1, at: "", turnId: "u", threadId: "t", cut: false };
  return drawEntry({ ...place, kind: "item", item: whole }, { ...drawing, ...changes }).map(
    textOfLine,
  );
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, line) => `${line}`).join("\n");

test("a command has its directory, its last lines, its exit code and its duration", () => {
  const ok = { status: "completed", exitCode: 0, durationMs: 2_000 };
  const table: [object, string[]][] = [
    [{ ...ok, command: "make", cwd: "/work" }, ["$ make  ✓ 2s"]],
    [{ ...ok, command: "make", cwd: "/work/api", durationMs: 5 }, ["$ make", "  in api  ✓"]],
    [{ ...ok, command: "make", cwd: "/else" }, ["$ make", "  in /else  ✓ 2s"]],
    [{ ...ok, command: "x".repeat(38) }, [`$ ${"x".repeat(38)}`]],
    [
      { ...ok, command: "ls", exitCode: 1, status: "failed", aggregatedOutput: "no\n" },
      ["$ ls", "  │ no", "  exit code 1 after 2s"],
    ],
    [{ command: "rm", status: "declined" }, ["$ rm", "  not run: declined"]],
  ];
  for (const [members, expected] of table)
    expect(rows("commandExecution", members)).toEqual(expected);
  const script = rows("commandExecution", { ...ok, command: numbered(50) });
  expect(script[6]).toBe("  … 42 lines more (/expand shows all)");
  expect(script).toHaveLength(9);
});

test("of a running command the last lines are shown", () => {
  const output = { from: 0, text: numbered(30), partial: false };
  const begun = { id: "i", type: "commandExecution", command: "make", status: "inProgress" };
  const draft = { threadId: "t", turnId: "u", itemId: "i", item: begun, fields: { output } };
  const drawn = drawDraft(draft as never, drawing).map(textOfLine);
  expect(drawn.slice(0, 3)).toEqual(["$ make", "  … 22 lines more (/expand shows all)", "  │ 22"]);
  expect(drawn.slice(-2)).toEqual(["  │ 29", "  running…"]);
});

test("a running card says for how long, and one that is asked for says that it waits", () => {
  const command = { id: "c1", type: "commandExecution", command: "make", status: "inProgress" };
  const began = live("item/started", {
    threadId: "t1",
    turnId: "u1",
    item: command,
    startedAtMs: startMs,
  });
  const later = (model: Model, seconds: number) =>
    shown({ ...model, now: startMs + seconds * 1000 });
  const running = modelWith({ rows: 30, events: [began] });
  expect(later(running, 0)).toContain("  running…");
  expect(later(running, 75)).toContain("  running 1m 15s…");
  const asks = approvalDetail({ params: { itemId: "c1" } });
  const waiting = feed(running, requested(1, asks));
  expect(later(waiting, 75)).toContain("  waits for your answer");
  expect(later(waiting, 75).join("\n")).not.toContain("running");
  const told = { ...answered(2, "a1"), at: new Date(startMs + 60_000).toISOString() };
  expect(later(feed(waiting, told), 75)).toContain("  running 15s…");
  const tool = { id: "c2", type: "mcpToolCall", server: "db", tool: "q", status: "inProgress" };
  const called = live("item/started", {
    threadId: "t1",
    turnId: "u1",
    item: tool,
    startedAtMs: startMs,
  });
  expect(later(modelWith({ events: [called] }), 5)).toContain("  running 5s…");
});

test("a diff has the numbers of its lines and the counts of what came and went", () => {
  const diff =
    "@@ -8,3 +8,4 @@ head\n one\n-two\n+2\n+--- 2b\n three\n\\ No newline\n@@ -99 +100 @@\n-x\n+y";
  const change = { path: "/work/a.ts", kind: { type: "update", move_path: "/work/b.ts" }, diff };
  expect(rows("fileChange", { changes: [change] })).toEqual([
    "± a.ts → b.ts changed +3 −2",
    "      @@ -8,3 +8,4 @@ head",
    "    8  one",
    "    9 -two",
    "    9 +2",
    "   10 +--- 2b",
    "   11  three",
    "      \\ No newline",
    "      @@ -99 +100 @@",
    "   99 -x",
    "  100 +y",
  ]);
  const long = { path: "new", kind: { type: "add" }, diff: `${numbered(100)}\n` };
  const folded = rows("fileChange", { changes: [long] });
  expect(folded[0]).toBe("± new new +100 −0");
  expect(folded).toContain("  … 80 lines more (/expand shows all)");
  expect(rows("fileChange", { changes: [long] }, { expanded: true })).toHaveLength(101);
  expect(rows("fileChange", { changes: [long] }, { width: 20 })[1]).toBe("  +0");
  const bare = { path: "a", kind: { type: "update" }, diff: "@@ fn\n-a\n+b" };
  expect(rows("fileChange", { changes: [bare] }).slice(1)).toEqual(["  @@ fn", "  -a", "  +b"]);
  // What follows a head without numbers has none, whatever was counted before it.
  const mixed = { ...bare, diff: "@@ -4 +4 @@\n-a\n+b\n@@ fn\n-c\n+d" };
  expect(rows("fileChange", { changes: [mixed] }).slice(2)).toEqual([
    "  4 -a",
    "  4 +b",
    "    @@ fn",
    "    -c",
    "    +d",
  ]);
});

test("plans are checklists, and the rest is a row or two until it is opened", () => {
  const plan = {
    explanation: "First things first",
    plan: [
      { step: "look", status: "completed" },
      { step: "mend", status: "inProgress" },
      { step: "test", status: "pending" },
    ],
  };
  const model = modelWith({ events: [record(1, "turn/plan/updated", plan)] });
  expect(shown(model).slice(1, 5)).toEqual([
    "≡ plan 1/3: First things first",
    "  ☑ look",
    "  ▸ mend",
    "  ☐ test",
  ]);
  const table: [string, object, string[]][] = [
    ["reasoning", { summary: ["**Look**\n\nAt it\nall"], content: [] }, ["∴ Look … 2 more"]],
    [
      "webSearch",
      { query: "", action: { type: "openPage", url: "https://e.x" } },
      ["⌕ opened https://e.x"],
    ],
    ["webSearch", { query: "how", action: { type: "search" } }, ["⌕ web search how"]],
    [
      "mcpToolCall",
      {
        server: "db",
        tool: "query",
        arguments: { a: 1 },
        durationMs: 3_000,
        status: "completed",
        result: { content: [{ type: "text", text: numbered(9) }] },
      },
      ['⚒ db.query 3s {"a":1}', "  │ 0", "  │ … 7 lines more (/expand shows all)", "  │ 8"],
    ],
    [
      "dynamicToolCall",
      {
        tool: "shot",
        status: "completed",
        contentItems: [{ type: "image", mimeType: "image/png", data: "x".repeat(9_999) }],
      },
      ["⚒ shot ", "  │ [image image/png]"],
    ],
    ["imageView", { path: "/work/a/cat.png" }, ["▣ image a/cat.png"]],
    [
      "imageGeneration",
      { result: "x".repeat(9_999), savedPath: "/work/c.png", revisedPrompt: "cat" },
      ["▣ image made c.png cat"],
    ],
    [
      "collabAgentToolCall",
      {
        tool: "spawnAgent",
        status: "completed",
        prompt: "Read it\nall",
        agentsStates: { "0190-abcdefgh": { status: "running", message: null } },
      },
      ["⑂ sub-agent started Read it …", "  · abcdefgh running"],
    ],
    [
      "subAgentActivity",
      { kind: "completed", agentPath: "reader" },
      ["⑂ sub-agent completed reader"],
    ],
    ["contextCompaction", {}, ["· the context was compacted"]],
    ["laterThing", { text: "new" }, ["◇ later thing", "  new"]],
  ];
  for (const [type, members, expected] of table) expect(rows(type, members)).toEqual(expected);
});

test("o opens the item at the bottom and folds it again, and the others stay as they are", () => {
  const output = { command: "seq", aggregatedOutput: numbered(60), exitCode: 0 };
  const model = modelWith({
    rows: 30,
    events: [
      item(1, "commandExecution", output),
      agentMessage(2, "between"),
      item(3, "commandExecution", output),
    ],
  });
  const key = (given: Model, text: string) => press(given, { text }, () => "m").model;
  const reading = key(press(model, { key: "ctrl-b" }, () => "m").model, "[");
  const opened = key(reading, "o");
  expect(opened.opened).toEqual(["item i3"]);
  expect(shown(opened).join("\n")).toContain("  │ 5\n");
  expect(shown(opened).join("\n")).not.toContain("lines more");
  expect(key({ ...opened, anchor: null }, "o").opened).toEqual([]);
});
