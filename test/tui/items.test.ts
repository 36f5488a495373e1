import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { Entry } from "../../src/protocol/transcript.ts";
import { type Line, lineCells } from "../../src/tui/text/lines.ts";
import { paint } from "../../src/tui/text/theme.ts";
import { drawDraft, drawEntry } from "../../src/tui/transcript/items/draw.ts";
import fc from "../support/property.ts";

const more = "/expand shows all";
const drawing = { width: 40, expanded: false, demo: false, more, cwd: "/work" };
const place = { key: "1", seq: 1, at: "2026-01-02T03:04:05Z" };

function rows(entry: object, changes: Partial<typeof drawing> = {}): string[] {
  const whole = { ...place, ...entry } as Entry;
  return drawEntry(whole, { ...drawing, ...changes }).map(plain);
}

function item(type: string, members: object): object {
  const whole = { type, id: "i", ...members } as JsonObject;
  return { kind: "item", turnId: "u", threadId: "t", item: whole, cut: false };
}

function plain(line: Line): string {
  return line.map(({ text }) => text).join("");
}

const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "\u001b[2J\u001b]0;title\u0007",
    "\u009b31m\u202ereversed",
    "```\n# no\n",
    "**b** `c` 日本語👩‍👩‍👧 \t|\r\n",
    "x".repeat(3_000),
  ),
);
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)));
const members = fc.record({
  text: hostile,
  command: hostile,
  aggregatedOutput: hostile,
  status: fc.oneof(hostile, fc.constantFrom("completed", "failed", "declined", "inProgress")),
  exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
  durationMs: fc.option(fc.nat(100_000)),
  content: fc.oneof(
    fc.array(fc.record({ type: fc.constant("text"), text: hostile }), { maxLength: 3 }),
    fc.array(hostile, { maxLength: 3 }),
    json,
  ),
  summary: fc.array(hostile, { maxLength: 3 }),
  changes: fc.array(
    fc.record({
      path: hostile,
      kind: fc.record({ type: fc.constantFrom("add", "delete", "update"), move_path: hostile }),
      diff: hostile,
    }),
    { maxLength: 2 },
  ),
  server: hostile,
  tool: hostile,
  arguments: json,
  result: json,
  error: json,
  query: hostile,
  cwd: hostile,
  path: hostile,
  prompt: hostile,
  review: hostile,
  agentPath: hostile,
  revisedPrompt: hostile,
  action: fc.record({
    type: fc.constantFrom("openPage", "findInPage", "search"),
    url: hostile,
    pattern: hostile,
  }),
  agentsStates: fc.dictionary(hostile, fc.record({ status: hostile, message: hostile }), {
    maxKeys: 2,
  }),
  plan: fc.array(fc.record({ step: hostile, status: fc.constant("pending") }), { maxLength: 3 }),
  message: hostile,
  reason: hostile,
  decision: hostile,
  by: fc.record({ kind: hostile, user: hostile, from: hostile }),
});
const types = fc.constantFrom(
  ...["agentMessage", "userMessage", "commandExecution", "fileChange", "reasoning", "plan"],
  ...["mcpToolCall", "dynamicToolCall", "webSearch", "contextCompaction", "constructor"],
  ...["imageView", "imageGeneration", "collabAgentToolCall", "subAgentActivity"],
  ...["enteredReviewMode", "exitedReviewMode"],
);
const methods = fc.constantFrom(
  ...["error", "warning", "turn/plan/updated", "some/new", "session/created", "session/agent"],
  ...[
    "session/approval",
    "session/message",
    "session/gap",
    "session/lost",
    "session/ended",
    "session/new",
  ],
);
const things = fc.oneof(
  fc.tuple(types, members).map(([type, values]) => item(type, values)),
  fc.tuple(fc.constantFrom("own", "notice"), methods, members).map(([kind, method, params]) => ({
    kind,
    method,
    params,
  })),
  fc.record({
    kind: fc.constant("turn"),
    turnId: fc.constant("u"),
    status: hostile,
    error: fc.option(hostile),
    durationMs: fc.option(fc.nat()),
  }),
);

test("whatever comes, no row has a control character or is wider than the screen", () => {
  fc.assert(
    fc.property(
      things,
      fc.integer({ min: 8, max: 100 }),
      fc.boolean(),
      (thing, width, expanded) => {
        const entry = { ...place, ...thing } as unknown as Entry;
        for (const line of drawEntry(entry, { width, expanded, demo: expanded, more, cwd: "" })) {
          expect(plain(line)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
          expect(lineCells(line)).toBeLessThanOrEqual(width);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test("signs before a text take the one column that is left for them", () => {
  const steps = { plan: [{ step: "12345678 90", status: "pending" }] };
  const kinds: object[] = [
    { kind: "notice", method: "turn/plan/updated", params: steps },
    { kind: "turn", turnId: "u", status: "failed", error: "0123456789", durationMs: null },
    { kind: "own", method: "session/agent", params: { status: "crashed" } },
    ...[
      "reasoning",
      "mcpToolCall",
      "webSearch",
      "imageView",
      "collabAgentToolCall",
      "newThing",
    ].map((type) =>
      item(type, { summary: ["12345678"], tool: "12345678", query: "123", path: "12" }),
    ),
  ];
  for (const entry of kinds) {
    for (const line of drawEntry({ ...place, ...entry } as Entry, drawing)) {
      const [sign = { text: "" }] = line;
      expect(lineCells([sign as Line[number]])).toBe(sign.text.length);
    }
  }
});

test("each kind of item has its own look", () => {
  const command = { command: "/bin/bash -lc 'make all'", status: "completed", exitCode: 2 };
  const table: [object, string[]][] = [
    [item("agentMessage", { text: "# Why\n- **one** two" }), ["• Why", "  • one two"]],
    [
      item("userMessage", { content: [{ type: "text", text: "hi\nthere\n" }] }),
      ["› hi", "  there"],
    ],
    [
      item("commandExecution", { ...command, aggregatedOutput: "one\ntwo\n", durationMs: 1500 }),
      ["$ make all", "  │ one", "  │ two", "  exit code 2 after 1s"],
    ],
    [
      item("fileChange", {
        status: "completed",
        changes: [{ path: "/work/a.ts", kind: { type: "add" }, diff: "one\ntwo\n" }],
      }),
      ["± a.ts new +2 −0", "  1 +one", "  2 +two"],
    ],
    [item("reasoning", { summary: ["**Look**"], content: [] }), ["∴ Look"]],
    [item("reasoning", { summary: [], content: [] }), []],
    [item("somethingNew", { foo: 1 }), ["◇ something new", "  foo: 1"]],
    [{ kind: "turn", status: "completed", error: null, durationMs: 3 }, []],
    [
      { kind: "turn", status: "failed", error: "no luck", durationMs: null },
      ["■ turn failed: no luck"],
    ],
    [
      { kind: "notice", method: "error", params: { error: { message: "gone" }, willRetry: true } },
      ["! gone (codex tries again)"],
    ],
    [
      { kind: "own", method: "session/unheardOf", params: { text: "new" } },
      ["◇ session unheard of", "  new"],
    ],
  ];
  for (const [entry, expected] of table) expect(rows(entry)).toEqual(expected);
});

test("an answer of the demo model says so", () => {
  const entry = item("agentMessage", { text: "hello" });
  expect(rows(entry, { demo: true })).toEqual(["• demo model", "  hello"]);
});

test("long output is shown in part and says so, and in full when asked", () => {
  const output = Array.from({ length: 1000 }, (_, line) => `line ${line}`).join("\n");
  const entry = item("commandExecution", { command: "seq", aggregatedOutput: output, exitCode: 0 });
  const part = rows(entry);
  expect(part.length).toBeLessThan(20);
  expect(part).toContain("  … 988 lines more (/expand shows all)");
  expect(part.slice(0, 2)).toEqual(["$ seq  ✓", "  │ line 0"]);
  expect(part.at(-1)).toBe("  │ line 999");
  const full = rows(entry, { expanded: true });
  expect(full.filter((row) => row.includes("line"))).toHaveLength(1000);
});

test("a draft is drawn as the item it will be", () => {
  const field = (text: string) => ({ from: 0, text, partial: false });
  const draft = { threadId: "t", turnId: "u", itemId: "i" };
  const drawn = (item: JsonObject | null, fields: object) =>
    drawDraft({ ...draft, item, fields } as never, drawing).map(plain);
  expect(drawn({ type: "agentMessage", id: "i", text: "" }, { text: field("so far") })).toEqual([
    "• so far",
  ]);
  expect(drawn(null, { output: { ...field("tail"), partial: true } })).toEqual([
    "$ ",
    "  │ … tail",
  ]);
  expect(drawn(null, { "summary.1": field("b"), "summary.0": field("a") })).toEqual([
    "∴ a … 1 more",
  ]);
});

test("colour goes with NO_COLOR and weights stay; a control byte never passes", () => {
  const line: Line = [{ text: "a\u001b[31mb", style: "user" }];
  expect(paint(line, 16)).toBe("\u001b[1m\u001b[36ma�[31mb\u001b[39m\u001b[22m");
  expect(paint(line, 0)).toBe("\u001b[1ma�[31mb\u001b[22m");
});

test("what ends within a text is not looked for from each of its signs, which takes minutes", () => {
  const text = `${"\n".repeat(300_000)}the end${"\r".repeat(300_000)}.`;
  const command = { command: text, aggregatedOutput: text, status: "completed", exitCode: 0 };
  expect(rows(item("commandExecution", command)).join("")).toContain("lines more");
  const content = [{ type: "text", text }];
  expect(rows(item("userMessage", { content })).join("")).toContain("lines more");
});
