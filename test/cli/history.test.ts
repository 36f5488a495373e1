/** What `tail` makes of a history, record by record. */
import { describe, expect, test } from "vitest";
import { JsonPrinter } from "../../src/cli/json-printer.ts";
import { TextPrinter } from "../../src/cli/text-printer.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { SessionEvent } from "../../src/protocol/records.ts";
import { approvalOf, FakeContext, sessionOf } from "./fake.ts";

const at = "2026-01-02T03:04:05.000Z";
const ids = { threadId: sessionOf().threadId, turnId: "t1" };
const by = { kind: "tui", user: "ann", from: "pts/3" };

function record(
  seq: number | undefined,
  method: string,
  params: object,
  offset?: number,
): SessionEvent {
  return {
    session: "0123456789abcdef",
    at,
    method,
    params: params as JsonObject,
    ...(seq === undefined ? {} : { seq }),
    ...(offset === undefined ? {} : { offset }),
  };
}

const item = (seq: number, content: object) =>
  record(seq, "item/completed", { ...ids, item: content });

function printed(records: SessionEvent[], streams = false): FakeContext {
  const context = new FakeContext();
  const printer = new TextPrinter(context, sessionOf(), streams);
  for (const one of records) printer.record(one);
  printer.finish();
  return context;
}

test.each<[string, object, string]>([
  [
    "a user's message",
    {
      type: "userMessage",
      id: "1",
      content: [
        { type: "text", text: "a\n\nb" },
        { type: "localImage", path: "/a.png" },
      ],
    },
    "> a\n>\n> b\n> [localImage: /a.png]\n",
  ],
  ["an answer", { type: "agentMessage", id: "1", text: "Hello.\n" }, "Hello.\n"],
  [
    "a command",
    {
      type: "commandExecution",
      id: "1",
      command: "ls",
      aggregatedOutput: "a\nb\n",
      exitCode: 0,
      status: "completed",
    },
    "$ ls\na\nb\n",
  ],
  [
    "a command that failed",
    {
      type: "commandExecution",
      id: "1",
      command: "false",
      aggregatedOutput: null,
      exitCode: 1,
      status: "failed",
    },
    "$ false\n[exit 1]\n",
  ],
  [
    "a command that was refused",
    {
      type: "commandExecution",
      id: "1",
      command: "rm x",
      aggregatedOutput: null,
      exitCode: null,
      status: "declined",
    },
    "$ rm x\n[declined]\n",
  ],
  [
    "a changed file",
    {
      type: "fileChange",
      id: "1",
      status: "completed",
      changes: [{ path: "/a", kind: { type: "add" }, diff: "+x\n" }],
    },
    "added /a\n+x\n",
  ],
  ["a thought", { type: "reasoning", id: "1", summary: ["Hm."], content: ["…"] }, "· Hm.\n"],
  ["what a later codex brings", { type: "dream", id: "1" }, "[dream]\n"],
  [
    "what would move the cursor",
    { type: "agentMessage", id: "1", text: "a\u001b[2J\u0007\rb" },
    "a^[[2J^G^Mb\n",
  ],
])("%s", (_name, content, text) => {
  expect(printed([item(1, content)]).out).toBe(text);
});

test("a long output shows its beginning and end", () => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  const { out } = printed([
    item(1, {
      type: "commandExecution",
      id: "1",
      command: "seq",
      aggregatedOutput: lines.join("\n"),
      exitCode: 0,
    }),
  ]);
  expect(out).toContain("line 19\n[… 60 more lines …]\nline 80\n");
});

test.each<[string, string, object, string]>([
  [
    "a turn that failed",
    "turn/completed",
    { ...ids, turn: { id: "t1", status: "failed", error: { message: "no\nmore" } } },
    "! turn failed: no^Jmore\n",
  ],
  [
    "a turn that was completed",
    "turn/completed",
    { ...ids, turn: { id: "t1", status: "completed", error: null } },
    "",
  ],
  [
    "an interrupt",
    "session/interrupted",
    { turnId: "t1", by },
    "[interrupted by ann (tui, pts/3)]\n",
  ],
  [
    "an answer to an approval",
    "session/approval",
    { status: "answered", id: "a", kind: "command", decision: "accept", by, command: "ls\nrm x" },
    "[accept by ann (tui, pts/3)] ls\n  rm x\n",
  ],
  [
    "a lost approval",
    "session/approval",
    { status: "lost", id: "a", kind: "command", reason: "the agent is gone" },
    "! an approval was lost (command): the agent is gone\n",
  ],
  [
    "a message that was refused",
    "session/message",
    { id: "m1", status: "failed", mode: "queue", error: "too big" },
    "! message m1 failed: too big\n",
  ],
  [
    "a crash",
    "session/agent",
    { status: "crashed", pid: 1, reason: "signal SIGSEGV" },
    "! the agent crashed: signal SIGSEGV\n",
  ],
  [
    "a gap",
    "session/gap",
    { reason: "the daemon was away", since: at, recovered: 2 },
    `! not recorded since ${at}: the daemon was away; 2 items were fetched afterwards\n`,
  ],
  [
    "a power cut",
    "session/lost",
    { reason: "the machine went down", after: 7, since: at },
    `! records since ${at} may be lost: the machine went down; what codex has of them is told again\n`,
  ],
  ["an end", "session/ended", { by }, "[ended by ann (tui, pts/3)]\n"],
  ["a warning of codex's", "warning", { message: "old config" }, "! warning: old config\n"],
  ["what is no one's business", "thread/status/changed", { status: "idle" }, ""],
])("%s", (_name, method, params, text) => {
  expect(printed([record(1, method, params)]).out).toBe(text);
});

test("what waits is shown at the end, and once", () => {
  const asked = record(1, "session/approval", {
    status: "requested",
    approval: approvalOf(),
    turnId: "t1",
    itemId: "i",
  });
  const context = printed([asked]);
  expect(context.out).toBe(
    "? command waits: $ rm -rf build\n  in /home/ann/app\n  reason: to start afresh\n",
  );
  expect(context.err).toContain("hacs-session approve fix a1b2c3");
  const answered = record(2, "session/approval", {
    status: "answered",
    id: "a1b2c3",
    kind: "command",
    decision: "accept",
    by,
    command: "rm",
  });
  expect(printed([asked, answered]).out).toBe("[accept by ann (tui, pts/3)] rm\n");
});

describe("an answer on its way", () => {
  const begun = record(undefined, "item/started", {
    ...ids,
    item: { type: "agentMessage", id: "i", text: "" },
  });
  const delta = (offset: number, text: string) =>
    record(undefined, "item/agentMessage/delta", { ...ids, itemId: "i", delta: text }, offset);
  const whole = item(1, { type: "agentMessage", id: "i", text: "Hello, world." });

  test("is printed as it comes, and its end is not printed again", () => {
    expect(printed([begun, delta(0, "Hel"), delta(3, "lo, "), whole], true).out).toBe(
      "Hello, world.\n",
    );
  });

  test("comes out right when a delta is repeated, and when one was missed", () => {
    const { out } = printed(
      [begun, delta(0, "Hello"), delta(0, "Hello"), delta(3, "lo, "), whole],
      true,
    );
    expect(out).toBe("Hello, world.\n");
  });

  test("that was joined in the middle begins with what was said before", () => {
    const draft = record(undefined, "session/draft", {
      ...ids,
      itemId: "i",
      item: { type: "agentMessage", id: "i" },
      fields: { text: { from: 0, text: "Hello", partial: false } },
    });
    expect(printed([draft, delta(5, ", "), draft, whole], true).out).toBe("Hello, world.\n");
  });

  test("does not cut a character in two", () => {
    const smile = item(1, { type: "agentMessage", id: "i", text: "a😀\nb" });
    const context = new FakeContext();
    const pieces: string[] = [];
    context.write = (text) => void pieces.push(text);
    const printer = new TextPrinter(context, sessionOf(), true);
    for (const one of [begun, delta(0, "a\ud83d"), delta(2, "\ude00"), smile]) printer.record(one);
    expect(pieces.join("")).toBe("a😀\nb\n");
    expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
  });

  test("that was cut off says so", () => {
    const cut = record(1, "session/cut", {
      ...ids,
      item: { type: "agentMessage", id: "i", text: "Hel" },
    });
    expect(printed([begun, delta(0, "Hel"), cut], true).out).toBe("Hel\n[cut off here]\n");
  });

  test("is not printed where it was not asked for", () => {
    expect(printed([begun, delta(0, "Hel")]).out).toBe("");
  });
});

test("--json prints records unchanged, under the session's name of that moment", () => {
  const context = new FakeContext({}, { json: true });
  const printer = new JsonPrinter(context, "fix", false);
  const given = [
    record(1, "turn/started", { ...ids, anything: [1] }),
    record(undefined, "session/state", {}),
    record(2, "session/renamed", { from: "older", to: "old", by }),
    record(3, "session/renamed", { from: "fix", to: "tests", by }),
    record(4, "session/ended", { by }),
  ];
  for (const one of given) {
    if (one.seq === 3) printer.caughtUp();
    printer.record(one);
  }
  const lines = context.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ seq, session }) => [seq, session])).toEqual([
    [1, "fix"],
    [2, "fix"],
    [3, "tests"],
    [4, "tests"],
  ]);
  expect(lines[0]).toEqual({
    seq: 1,
    at,
    session: "fix",
    method: "turn/started",
    params: { ...ids, anything: [1] },
  });
  expect(printer.ended).toBe(true);
});
