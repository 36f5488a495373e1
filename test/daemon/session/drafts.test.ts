import { expect, test } from "vitest";
import { Drafts, hasText, itemOfDraft } from "../../../src/daemon/session/drafts.ts";
import { type Draft, draftCharsMax, draftStepChars } from "../../../src/protocol/records.ts";

const begin = (id: string, type = "agentMessage", turnId = "turn") => ({
  threadId: "t",
  turnId,
  item: { type, id, text: "" },
});
const delta = (itemId: string, text: string, turnId = "turn") => ({
  threadId: "t",
  turnId,
  itemId,
  delta: text,
});

test("a draft grows delta by delta, each told where it begins", () => {
  const drafts = new Drafts();
  drafts.begin(begin("a"));
  expect(drafts.append("text", delta("a", "one "))).toBe(0);
  expect(drafts.append("text", delta("a", "two"))).toBe(4);
  expect(drafts.append("output", delta("a", "x"))).toBe(0);
  expect(drafts.all()).toMatchObject([
    {
      itemId: "a",
      item: { type: "agentMessage" },
      fields: { text: { from: 0, text: "one two", partial: false }, output: { text: "x" } },
    },
  ]);
  drafts.complete("a");
  expect(drafts.all()).toEqual([]);
});

test("a draft whose beginning was missed says so", () => {
  const drafts = new Drafts();
  expect(drafts.append("text", delta("b", "rest"))).toBe(0);
  expect(drafts.all()).toMatchObject([
    { item: null, fields: { text: { text: "rest", partial: true } } },
  ]);
});

test("a long draft drops its beginning, keeps its end, and goes on counting", () => {
  const drafts = new Drafts();
  drafts.begin(begin("c"));
  const half = "x".repeat(draftCharsMax / 2);
  for (let i = 0; i < 3; i++) drafts.append("text", delta("c", half));
  expect(drafts.append("text", delta("c", "end"))).toBe(1.5 * draftCharsMax);
  const { from, text } = drafts.all()[0]!.fields.text!;
  expect(text.length).toBeLessThanOrEqual(draftCharsMax);
  expect(text.length).toBeGreaterThan(draftCharsMax - draftStepChars);
  expect(text.endsWith("xend")).toBe(true);
  expect(from + text.length).toBe(1.5 * draftCharsMax + 3);
});

test("a draft is one of its turn, and has text once some was shown", () => {
  const drafts = new Drafts();
  for (const [id, turn] of [
    ["a", "one"],
    ["b", "one"],
    ["c", "two"],
  ] as const)
    drafts.begin(begin(id, "agentMessage", turn));
  drafts.append("text", delta("b", "shown", "one"));
  drafts.append("text", delta("c", "shown", "two"));
  const ids = (list: Draft[]) => list.map(({ itemId }) => itemId);
  expect(ids(drafts.of("one"))).toEqual(["a", "b"]);
  expect(ids(drafts.of(undefined))).toEqual(["a", "b", "c"]);
  expect(ids(drafts.of("one").filter(hasText))).toEqual(["b"]);
});

const field = (text: string) => ({ from: 0, text, partial: false });
test.each([
  [
    { type: "agentMessage", id: "i", text: "" },
    { text: field("so far") },
    { type: "agentMessage", id: "i", text: "so far" },
  ],
  [null, { text: field("so far") }, { type: "agentMessage", id: "i", text: "so far" }],
  [
    { type: "commandExecution", id: "i", command: "ls" },
    { output: field("a\n") },
    { type: "commandExecution", id: "i", command: "ls", aggregatedOutput: "a\n" },
  ],
  [null, { output: field("a\n") }, { type: "commandExecution", id: "i", aggregatedOutput: "a\n" }],
  [
    { type: "reasoning", id: "i", summary: [], content: [] },
    { "summary.0": field("one"), "summary.1": field("two"), "content.0": field("raw") },
    { type: "reasoning", id: "i", summary: ["one", "two"], content: ["raw"] },
  ],
  [null, { "item/new/delta": field("?") }, { type: "unknown", id: "i" }],
])("a draft of %j becomes an item", (item, fields, expected) => {
  expect(itemOfDraft({ threadId: "t", turnId: "u", itemId: "i", item, fields })).toEqual(expected);
});
