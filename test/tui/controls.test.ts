/** codex's controls: what a command asks, what its answers become, and lists to choose from. */
import { expect, test } from "vitest";
import { markdownOf } from "../../src/export/markdown.ts";
import type { SessionDetail } from "../../src/protocol/session.ts";
import { shownMinMs } from "../../src/tui/approvals/in-view.ts";
import * as answers from "../../src/tui/controls/control-answers.ts";
import { listed, paged, runControl, unanswered } from "../../src/tui/controls/run-control.ts";
import type { Effect, Model } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import {
  agentMessage,
  approvalDetail,
  feed,
  item,
  modelWith,
  record,
  requested,
  sessionInfo,
  shown,
  userMessage,
} from "./events.ts";

const key = (model: Model, name: string) => press(model, { key: name }, () => "new");

const models = [
  {
    model: "big",
    displayName: "Big",
    description: "thinks",
    supportedReasoningEfforts: [
      { reasoningEffort: "low", description: "fast" },
      { reasoningEffort: "high", description: "slow" },
    ],
  },
  { model: "old", displayName: "Old", description: "", hidden: true },
  { model: "small", displayName: "Small\u001b[2J", description: "quick" },
];

test("a list waits for codex, begins at what is set, and Enter takes one", () => {
  const asked = runControl(modelWith(), "/model", "");
  expect(asked.effects).toEqual([{ do: "control", control: "/model", rest: "" }]);
  expect(shown(asked.model).join("\n")).toContain("asking codex…");
  expect(key(asked.model, "enter").effects).toEqual([]);
  const list = listed(asked.model, "/model", answers.modelChoices(models, "small"));
  expect(shown(list).join("\n")).toContain("▸ Small^[[2J ✓  quick");
  expect(shown(list).join("\n")).not.toContain("Old");
  const { model, effects } = press(key(list, "up").model, { key: "enter" }, () => "new");
  expect(model.dialog).toBeNull();
  expect(effects).toEqual([
    {
      do: "call",
      method: "thread/settings/update",
      params: { model: "big" },
      said: "model: big",
      next: "/effort",
    },
  ]);
});

test("an answer that nobody waits for any more opens nothing", () => {
  const asked = runControl(modelWith(), "/model", "").model;
  const left = key(asked, "escape").model;
  expect(listed(left, "/model", answers.modelChoices(models, null)).dialog).toBeNull();
  expect(paged(asked, "/status", ["x"])).toBe(asked);
  expect(unanswered(asked, "/model").dialog).toBeNull();
  expect(unanswered(asked, "/diff")).toBe(asked);
});

test("efforts are the model's own; of an unknown model, all there are", () => {
  const labels = (model: string) =>
    answers.effortChoices(models, model, "high").map(({ label, current }) => [label, current]);
  expect(labels("big")).toEqual([
    ["low", false],
    ["high", true],
  ]);
  expect(labels("mine")).toHaveLength(2);
  expect(labels("small")).toEqual([]);
});

test.each<[string, string, object]>([
  ["/review", "", { method: "review/start", params: { target: { type: "uncommittedChanges" } } }],
  ["/review", "branch main", { params: { target: { type: "baseBranch", branch: "main" } } }],
  ["/review", "commit abc", { params: { target: { type: "commit", sha: "abc", title: null } } }],
  ["/review", "the names", { params: { target: { type: "custom", instructions: "the names" } } }],
  ["/compact", "", { method: "thread/compact/start" }],
  ["/model", "big", { method: "thread/settings/update", params: { model: "big" } }],
  ["/effort", "low", { params: { effort: "low" } }],
  ["/goal", "ship it", { method: "thread/goal/set", params: { objective: "ship it" } }],
  ["/goal", "clear", { method: "thread/goal/clear" }],
])("%s %s calls codex", (control, rest, call) => {
  const { effects } = runControl(modelWith(), control as "/model", rest);
  expect(effects).toEqual([expect.objectContaining({ do: "call", ...call })]);
});

test("the first choice of /undo keeps the turn, and files are said to stay", () => {
  const turn = {
    id: "u9",
    items: [{ type: "userMessage", content: [{ type: "text", text: "break it" }] }],
  };
  const asked = runControl(modelWith(), "/undo", "").model;
  const listedNow = listed(asked, "/undo", answers.undoChoices([turn]));
  // What was typed ahead of the question is no answer to it.
  for (const yes of [key(listedNow, "y"), key(key(listedNow, "down").model, "enter")]) {
    expect(yes.effects).toEqual([]);
    expect(shown(yes.model).join("\n")).toContain("this question is new");
  }
  expect(key(listedNow, "n")).toMatchObject({ model: { dialog: null }, effects: [] });
  const list = { ...listedNow, now: listedNow.now + shownMinMs };
  expect(shown(list).join("\n")).toContain("“break it” files stay as they are");
  expect(key(list, "enter").effects).toEqual([]);
  const effects: readonly Effect[] = key(key(list, "down").model, "enter").effects;
  expect(effects).toMatchObject([{ method: "thread/revert", params: { beforeTurnId: "u9" } }]);

  expect(shown(list).join("\n")).toContain("▸ n No, keep it");
  expect(key(list, "n")).toMatchObject({ model: { dialog: null }, effects: [] });
  expect(key(list, "y").effects).toEqual(effects);
  // What was typed ahead for the composer moves nothing towards yes.
  const typed = press(list, { text: "  jG" }, () => "new");
  expect(key(typed.model, "enter")).toMatchObject({ model: { dialog: null }, effects: [] });
});

test("permissions are codex's profiles that are allowed, and when it asks", () => {
  const choices = answers.permissionChoices(
    [
      { id: ":read-only", description: null, allowed: true },
      { id: ":danger-full-access", description: null, allowed: false },
    ],
    { approvalPolicy: "never", activePermissionProfile: { id: ":read-only" } },
  );
  expect(choices.map(({ label }) => label)).toEqual([
    "sandbox: read-only",
    "approvals: untrusted",
    "approvals: on-request",
    "approvals: never",
  ]);
  const current = choices.filter((choice) => choice.current).map(({ label }) => label);
  expect(current).toEqual(["sandbox: read-only", "approvals: never"]);
});

test("on a narrow screen the hint is short, and the chosen line is read whole", () => {
  const asked = runControl(modelWith({ columns: 36, rows: 20 }), "/permissions", "").model;
  const list = listed(asked, "/permissions", answers.permissionChoices([], null));
  expect(shown(list)).toEqual(
    expect.arrayContaining([
      "Permissions  Enter, or Esc",
      "▸ approvals: untrusted",
      "    asks before every command that",
      "    is not known to be harmless",
      "  approvals: on-request  asks when …",
    ]),
  );
  expect(shown(key(list, "down").model)).toContain("    asks when it wants to leave the");
});

test("files are offered as codex ranks them, git's own only when asked for", () => {
  const files = [".git/hooks/apply", "src/app.ts", "lib/.git/x", ".gitignore", "a.git.ts"];
  const answer = { files: files.map((path) => ({ path })) };
  expect(answers.pathsOf(answer, "app")).toEqual(["src/app.ts", ".gitignore", "a.git.ts"]);
  expect(answers.pathsOf(answer, ".git/h")).toEqual(files);
  expect(answers.pathsOf({ files: null }, "x")).toEqual([]);
});

test("a prompt that waits has Tab, and the row above the composer says so", () => {
  const turn = record(1, "turn/started", { threadId: "t1", turn: { id: "u1" } });
  const model = modelWith({ events: [turn] });
  expect(shown(model).join("\n")).toContain("Enter queues · Tab: steer");
  const waits = feed(model, requested(2, approvalDetail()));
  expect(shown(waits).join("\n")).toContain("Enter queues · Tab: answer");
});

test("/status has the sandbox and when codex asks, as they are now", () => {
  const settings = { approvalPolicy: "never", activePermissionProfile: { id: ":workspace" } };
  const usage = { total: { totalTokens: 12_345 }, modelContextWindow: 190_000 };
  const detail = { ...sessionInfo(), settings, usage, attached: [] } as unknown as SessionDetail;
  const lines = answers.statusLines(detail, {}, null);
  for (const line of ["sandbox         workspace", "approvals       never"])
    expect(lines).toContain(line);
  expect(lines).toContain("tokens          12,345");
});

test("a page is read, scrolled and left, and nothing in it is obeyed by the terminal", () => {
  const asked = runControl(modelWith({ columns: 36, rows: 12 }), "/diff", "").model;
  const lines = ["diff --git a b", "+\u001b[31mred", ...Array(50).fill("-x"), "the end"];
  const page = paged(asked, "/diff", lines);
  expect(shown(page).join("\n")).toContain("+^[[31mred");
  const end = key(page, "end").model;
  expect(shown(end).join("\n")).toContain("the end");
  expect(key(end, "escape").model.dialog).toBeNull();
});

test("a queue of several is a list to take one back from", () => {
  const queue = ["one", "two"].map((text) => ({ id: text, text, mode: "queue" }));
  const base = modelWith();
  const withQueue = (length: number): Model => ({
    ...base,
    transcript: { ...base.transcript, queue: queue.slice(0, length) },
  });
  expect(runControl(withQueue(1), "/unsend", "").effects).toEqual([{ do: "withdraw", id: "one" }]);
  const list = runControl(withQueue(2), "/unsend", "").model;
  expect(key(key(list, "down").model, "enter").effects).toEqual([{ do: "withdraw", id: "two" }]);
  expect(runControl(withQueue(0), "/unsend", "").effects).toEqual([]);
});

test("answers of another shape are no failure", () => {
  for (const odd of [null, 7, "x", [], {}, { data: 7 }, { data: [7, null] }]) {
    expect(answers.dataOf(odd as never)).toEqual([]);
    expect(answers.skillsOf(odd as never)).toEqual([]);
    expect(answers.goalLines(odd as never)).toHaveLength(1);
  }
  expect(answers.mcpLines([{ name: "shop", tools: { buy: {} } }])).toEqual(["shop  ", "  buy"]);
});

test("an export is Markdown, with fences that hold what they quote", () => {
  const markdown = markdownOf("api", [
    userMessage(1, "why?"),
    item(2, "commandExecution", { command: "cat x", aggregatedOutput: "```\nx", exitCode: 1 }),
    agentMessage(3, "**so**"),
  ]);
  expect(markdown).toBe(
    "# api\n\n## 2026-01-02 03:04\n\n> why?\n\n````\n$ cat x\n```\nx\n````\n(exit 1)\n\n**so**\n",
  );
});
