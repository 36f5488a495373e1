import { expect, test } from "vitest";
import { HacsError } from "../../src/protocol/errors.ts";
import { type Model, noticed } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { lost, stillAway } from "../../src/tui/receive.ts";
import { screenOf } from "../../src/tui/screen.ts";
import { lineCells } from "../../src/tui/text/lines.ts";
import fc from "../support/property.ts";
import {
  agentMessage,
  approvalDetail,
  feed,
  item,
  live,
  modelWith,
  record,
  requested,
  sessionInfo,
  shown,
  startMs,
  userMessage,
} from "./events.ts";

const events = [
  userMessage(1, "Why is the build slow?"),
  item(2, "commandExecution", { command: "make", aggregatedOutput: "x".repeat(500), exitCode: 0 }),
  agentMessage(3, "日本語 **and** `code`\n".repeat(20)),
  record(4, "turn/started", { threadId: "t1", turn: { id: "u1" } }),
];

test("the screen has exactly the terminal's rows, none too wide, at any size", () => {
  const dialogs: ((model: Model) => Model)[] = [
    (model) => model,
    (model) => ({ ...model, dialog: { kind: "help", row: 3 } }),
    (model) => ({ ...model, dialog: { kind: "approval", id: "a1", row: 0, form: null } }),
    (model) => ({ ...model, composer: { text: "a\nb\n".repeat(50), cursor: 9, recalled: null } }),
    (model) => ({ ...model, readOnly: true, notice: { text: "n", tone: "info", until: 0 } }),
  ];
  const size = fc.integer({ min: 8, max: 120 });
  const height = fc.integer({ min: 5, max: 60 });
  fc.assert(
    fc.property(
      size,
      height,
      fc.constantFrom(...dialogs),
      fc.boolean(),
      (columns, rows, dialog, asks) => {
        const asked = asks ? [requested(5, approvalDetail({ command: "step\n".repeat(99) }))] : [];
        const model = dialog(modelWith({ columns, rows, events: [...events, ...asked] }));
        const screen = screenOf(model);
        expect(screen.rows).toHaveLength(rows);
        for (const line of screen.rows) expect(lineCells(line)).toBeLessThanOrEqual(columns);
        if (screen.cursor === null) return;
        expect(screen.cursor.y).toBeLessThan(rows - 1);
        expect(screen.cursor.x).toBeLessThan(columns);
      },
    ),
  );
});

test("the status line says what matters most first, and the rest as it fits", () => {
  const usage = { tokenUsage: { total: { totalTokens: 12_345 } }, threadId: "t1" };
  const all = [...events, record(5, "thread/tokenUsage/updated", usage)];
  const status = (columns: number) => {
    const session = { state: "working", clients: 2 } as const;
    const model = modelWith({ columns, events: all, session });
    return shown({ ...model, now: startMs + 65_000 }).at(-1);
  };
  const whole = "[api] working · 1m 5s · 2 clients · gpt-5 · 12k tokens";
  expect(status(80)).toBe(`${whole.padEnd(67)}Ctrl-b ? keys`);
  expect(status(41)).toBe("[api] working · 1m 5s · 2 clients · gpt-5");
  expect(status(24)).toBe("[api] working · 1m 5s");
});

test("the status line has how full the context is and how long the model thinks", () => {
  const tokenUsage = {
    total: { totalTokens: 900_000 },
    last: { totalTokens: 54_321 },
    modelContextWindow: 272_000,
  };
  const model = modelWith({
    columns: 100,
    events: [
      record(1, "thread/tokenUsage/updated", { tokenUsage, threadId: "t1" }),
      live("thread/settings/updated", { threadId: "t1", threadSettings: { effort: "high" } }),
    ],
  });
  expect(shown(model).at(-1)).toContain("idle · gpt-5 · context 20% · high · 900k tokens");
});

test("the state and read-only are there at any width, however long the name", () => {
  const name = "a-name-that-somebody-made-much-too-long-for-a-phone";
  for (const columns of [36, 40, 80, 200]) {
    const model = modelWith({
      columns,
      readOnly: true,
      session: { name, state: "needs-approval" },
    });
    expect(shown(model).at(-1)).toContain(" needs-approval · read-only");
  }
  const phone = modelWith({ columns: 40, readOnly: true });
  expect(shown(phone).at(-1)).toMatch(/^\[api\] idle · read-only · gpt-5 +\/help$/);
});

test("the sessions come before the tokens and the one client, which have what is left", () => {
  const usage = { total: { totalTokens: 1_234 }, last: { totalTokens: 900 } };
  const told = record(2, "thread/tokenUsage/updated", {
    tokenUsage: { ...usage, modelContextWindow: 10_000 },
  });
  const turn = record(1, "turn/started", { threadId: "t1", turn: { id: "u1" } });
  const status = (columns: number) => {
    const model = modelWith({ columns, events: [turn, told] });
    const sessions = [sessionInfo(), sessionInfo({ id: "s2", name: "web" })];
    return shown({ ...model, around: { ...model.around, sessions } }).at(-1);
  };
  expect(status(60)).toMatch(/context 9% +0 api\S* {2}1 web$/);
  expect(status(120)).toMatch(/context 9%.* · 1\.2k tokens.* +0 api\S* {2}1 web$/);
});

test("a word of a notice that fills its row loses nothing", () => {
  const path = `written to /${"x".repeat(80)}`;
  const rows = shown(noticed(modelWith({ columns: 40, rows: 20 }), path));
  expect(rows.join("\n")).not.toContain("…");
  expect(rows.join("").match(/x/g)).toHaveLength(80);
});

test("a notice is read whole, on as many rows as it takes, and goes with its cause", () => {
  const text = "codex answered with an error that is longer than a phone is wide, and goes on";
  const model = noticed(modelWith({ columns: 40, rows: 20 }), text, "warning");
  const rows = shown(model);
  expect(rows).toHaveLength(20);
  expect(rows.slice(-5, -2).join(" ").replace(/\s+/g, " ")).toContain(text.slice(0, 30));
  expect(
    rows
      .slice(-5)
      .join(" ")
      .replace(/[─\s]+/g, " "),
  ).toContain(text);

  const turn = record(1, "turn/started", { threadId: "t1", turn: { id: "u1" } });
  const asked = press(modelWith({ events: [turn] }), { key: "escape" }, () => "m").model;
  expect(shown(asked).join("\n")).toContain("interrupting…");
  const ended = record(2, "turn/completed", { turn: { id: "u1", status: "interrupted" } });
  expect(shown(feed(asked, ended)).join("\n")).not.toContain("interrupting…");
});

test("a daemon that was stopped is told from one that is away", () => {
  const error = (code: "daemon-stopped" | "daemon-unreachable") => new HacsError(code, "gone");
  const away = stillAway(lost(modelWith()), error("daemon-unreachable"));
  expect(shown(away).at(-1)).toContain("reconnecting…");
  const stopped = stillAway(away, error("daemon-stopped"));
  expect(shown(stopped).at(-1)).toContain("daemon stopped");
  expect(shown(stopped).at(-3)).toContain(
    "the daemon was stopped; this goes on after: hacs-session",
  );
  expect(shown(feed(stopped, live("session/live", { seq: 0 }))).at(-1)).toContain("[api] idle");
});

test("a crash is told, and that the agent was started again; a wake from sleep is not", () => {
  const agent = (seq: number, status: string) => record(seq, "session/agent", { status, pid: 1 });
  const model = modelWith({
    rows: 20,
    events: [agent(1, "started"), agent(2, "crashed"), agent(3, "started"), agent(4, "started")],
  });
  expect(shown(model).filter((row) => row.includes("the agent"))).toEqual([
    "· the agent crashed",
    "· the agent was started again",
  ]);
});

test("a demo session says so in the status line and at each answer", () => {
  const model = modelWith({
    columns: 40,
    session: { labels: { demo: "true" } },
    events: events.slice(0, 3),
  });
  expect(shown(model).at(-1)).toContain("demo model");
  const scrolledUp = modelWith({ rows: 50, session: { labels: { demo: "true" } }, events });
  expect(shown(scrolledUp)).toContain("• demo model");
});

test("the first frame of a long session draws as many items as a short one's", () => {
  const many = Array.from({ length: 3_000 }, (_, index) => agentMessage(index + 1, `n${index}`));
  const model = modelWith({ events: many });
  let drawn = 0;
  const entries = model.transcript.entries.map((entry) =>
    entry.kind !== "item"
      ? entry
      : {
          ...entry,
          get item() {
            drawn++;
            return { type: "agentMessage", id: entry.key, text: "x" };
          },
        },
  );
  screenOf({ ...model, transcript: { ...model.transcript, entries } });
  expect(drawn).toBeLessThan(200);
});
