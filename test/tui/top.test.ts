/** The dashboard without a terminal: its rows, its keys, and what the daemon tells. */

import { expect, test } from "vitest";
import type { SessionActivity } from "../../src/protocol/activity.ts";
import { shownMinMs } from "../../src/tui/approvals/in-view.ts";
import { nothingAround } from "../../src/tui/sessions/around.ts";
import type { Stroke } from "../../src/tui/terminal/keystrokes.ts";
import { briefly, countText, tookText } from "../../src/tui/text/amounts.ts";
import { cells, lineCells } from "../../src/tui/text/lines.ts";
import { sparkline } from "../../src/tui/text/sparkline.ts";
import { paint } from "../../src/tui/text/theme.ts";
import {
  initialTop,
  lostDaemon,
  type TopEffect,
  type TopModel,
  told,
  toldApprovals,
} from "../../src/tui/top/model.ts";
import { rowsOf } from "../../src/tui/top/order.ts";
import { clickTop, pasteTop, pressTop, topFocusOf } from "../../src/tui/top/press-top.ts";
import { topScreenOf } from "../../src/tui/top/top-screen.ts";
import fc from "../support/property.ts";
import { approvalDetail, sessionInfo, startMs } from "./events.ts";

const sizes = [
  { columns: 40, rows: 20 },
  { columns: 80, rows: 24 },
  { columns: 200, rows: 50 },
];
const [phone, usual, desktop] = sizes as [TopModel["size"], TopModel["size"], TopModel["size"]];

function session(name: string, changes: Partial<SessionActivity> = {}): SessionActivity {
  return {
    ...sessionInfo({ id: `id-${name}`, name, cwd: `/home/ann/${name}` }),
    since: new Date(startMs - 65_000).toISOString(),
    action: null,
    tokensPerMinute: Array(30).fill(0),
    turnsMs: [],
    waiting: [],
    ...changes,
  };
}

const { method: _method, params: _params, ...asked } = approvalDetail();
const waits = (name: string, ids = ["a1"]) =>
  session(name, {
    state: "needs-approval",
    approvals: ids.length,
    action: { kind: "approval", text: "rm -rf build", since: null },
    waiting: ids.map((id) => ({ ...asked, id })),
  });
const works = (name: string) =>
  session(name, {
    state: "working",
    action: { kind: "command", text: "npm test", since: null },
    tokensPerMinute: [...Array(28).fill(0), 500, 1_200],
    turnsMs: [1_000, 9_000, 34_000],
  });

function dashboard(sessions: SessionActivity[], size = usual): TopModel {
  const around = { ...nothingAround, home: "/home/ann" };
  const options = { now: startMs, size, around, readOnly: false, selected: null };
  return told(initialTop(options), sessions).model;
}

function keys(model: TopModel, ...pressed: string[]): { model: TopModel; effects: TopEffect[] } {
  const named = /^(ctrl|wheel)-|^(enter|tab|escape|up|down|home|end|pageup|pagedown)$/;
  return pressed.reduce<{ model: TopModel; effects: TopEffect[] }>(
    (before, key) => {
      const stroke: Stroke = named.test(key) ? { key } : { text: key };
      const step = pressTop(before.model, stroke);
      return { model: step.model, effects: [...before.effects, ...step.effects] };
    },
    { model, effects: [] },
  );
}

function shown(model: TopModel): string[] {
  return topScreenOf(model).map((line) =>
    line
      .map(({ text }) => text)
      .join("")
      .trimEnd(),
  );
}
const screen = (model: TopModel) => shown(model).join("\n");

/** With its prompt here, and on the screen long enough. */
function asking(size = usual, ids = ["a1"]): TopModel {
  const model = dashboard([session("idle"), waits("web", ids)], size);
  const details = ids.map((id) => approvalDetail({ id, session: "web" }));
  const here = toldApprovals(model, "id-web", details);
  return { ...here, now: startMs + shownMinMs };
}

test.each([
  [[], 4, "    "],
  [[0, 0], 4, "  ▁▁"],
  [[1, 2, 4, 8], 4, "▂▃▅█"],
  [[9, 9, 9, 1, 1000], 2, "▂█"],
  [[5], 1, "█"],
  [[Number.NaN, Number.POSITIVE_INFINITY, -3, 7], 4, "▁▁▁█"],
  [[1, 2], 0, ""],
])("a sparkline of %j in %i columns", (values, width, drawn) => {
  expect(sparkline(values, width)).toBe(drawn);
});

test("a sparkline is as wide as it was asked for, whatever the numbers", () => {
  fc.assert(
    fc.property(fc.array(fc.double()), fc.nat(60), (values, width) => {
      expect(cells(sparkline(values, width))).toBe(width);
    }),
  );
});

test.each([
  [0, "0"],
  [999, "999"],
  [1_234, "1.2k"],
  [34_400, "34k"],
  [999_499, "999k"],
  [1_250_000, "1.3M"],
  [56_000_000, "56M"],
])("%i is counted as %s", (count, text) => {
  expect(countText(count)).toBe(text);
});

test("times are as short as their column", () => {
  expect([400, 7_240, 34_000, 150_000].map(tookText)).toEqual(["0.4s", "7.2s", "34s", "2m"]);
  expect([1_000, 65_000, 7_300_000, 200_000_000].map(briefly)).toEqual(["1s", "1m", "2h", "2d"]);
});

test.each(sizes)("every row fits and says who, how and what at $columns", (size) => {
  const model = asking(size);
  const drawn = topScreenOf(told(model, [works("api"), waits("web"), session("docs")]).model);
  expect(drawn).toHaveLength(size.rows);
  for (const line of drawn) expect(lineCells(line)).toBeLessThanOrEqual(size.columns);
  const text = drawn.map((line) => line.map((part) => part.text).join("")).join("\n");
  for (const sought of ["api", "web", "docs", "working", "needs-approval", "idle", "$ npm test"])
    expect(text).toContain(sought);
  for (const sought of ["asks: rm -rf", "1m05s", "1.2k", "▄█", "▂▃█", "Run this command?", "Tab"])
    expect(text).toContain(sought);
  // The most urgent first.
  expect(text.indexOf("web")).toBeLessThan(text.indexOf("api"));
  expect(text.indexOf("api")).toBeLessThan(text.indexOf("docs"));
});

test("a wide screen has the model, the directory and the sums too", () => {
  const text = screen(dashboard([works("api"), works("b"), waits("web")], desktop));
  for (const sought of ["gpt-5", "~/api", "34s", "2.4k tokens/min", "1 needs-approval · 2 working"])
    expect(text).toContain(sought);
});

test("any size and any session fit: nothing is too wide, and no row is missing", () => {
  const names = fc.string({ minLength: 1, maxLength: 48, unit: "grapheme" });
  const activity = fc.record({
    name: names,
    text: names,
    model: names,
    tokens: fc.nat(),
    ms: fc.nat(),
  });
  fc.assert(
    fc.property(
      fc.array(activity, { maxLength: 12 }),
      fc.integer({ min: 1, max: 220 }),
      fc.integer({ min: 1, max: 60 }),
      (all, columns, rows) => {
        const sessions = all.map(({ name, text, model, tokens, ms }, index) => ({
          ...waits(name, index % 2 ? ["a1"] : ["a1", "a2"]),
          id: `id${index}`,
          model,
          action: { kind: "command", text, since: null },
          tokensPerMinute: [tokens],
          turnsMs: [ms],
        }));
        const model = dashboard(sessions, { columns, rows });
        const here = toldApprovals(model, model.selected ?? "", [approvalDetail()]);
        for (const one of [model, here, keys(here, "?").model, lostDaemon(here)]) {
          const drawn = topScreenOf(one);
          expect(drawn).toHaveLength(rows);
          for (const line of drawn) expect(lineCells(line)).toBeLessThanOrEqual(columns);
        }
      },
    ),
  );
});

test("what is hostile is shown, and does nothing", () => {
  const bad = "\u001b]0;owned\u0007\u001b[2J\u202e\u009b31m";
  const hostile = { ...waits("web"), model: bad, cwd: `/${bad}` };
  hostile.action = { kind: bad, text: bad, since: bad };
  const details = approvalDetail({ command: bad, reason: bad, kind: bad });
  for (const size of sizes) {
    const model = toldApprovals(
      dashboard([hostile, session("b", { model: bad })], size),
      "id-web",
      [details],
    );
    for (const one of [model, keys(model, "tab").model, keys(model, "i").model]) {
      const painted = topScreenOf(one)
        .map((line) => paint(line, 16))
        .join("\n");
      expect(painted.replace(/\u001b\[\d+m/g, "")).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/,
      );
    }
  }
});

test("without colours what is selected and what waits is still told apart", () => {
  const painted = topScreenOf(dashboard([session("idle"), waits("web")]))
    .map((line) => paint(line, 0))
    .join("\n");
  expect(painted).not.toMatch(/\u001b\[3\dm/);
  expect(painted).toMatch(/▸ .*web/);
  expect(painted).toContain("needs-approval");
});

test("keys choose by row and number, and Enter attaches the one that is chosen", () => {
  const model = dashboard([session("a"), works("b"), waits("c")]);
  const table: [string[], string][] = [
    [[], "c"],
    [["j"], "b"],
    [["down", "down"], "a"],
    [["down", "down", "down"], "a"],
    [["G", "k"], "b"],
    [["wheel-down"], "b"],
    [["end", "home"], "c"],
    [["0"], "a"],
    [["7"], "c"],
    [["jj"], "a"],
  ];
  for (const [pressed, name] of table) {
    const { effects } = keys(model, ...pressed, "enter");
    expect([pressed, effects.at(-1)]).toEqual([pressed, { do: "attach", session: `id-${name}` }]);
  }
  expect(keys(model, "enter", "q").effects.filter((effect) => effect.do === "quit")).toEqual([]);
  for (const quits of ["q", "escape", "ctrl-c"])
    expect(keys(model, quits).effects).toEqual([{ do: "quit" }]);
  expect(keys(model, "ctrl-b", "d").effects).toEqual([{ do: "quit" }]);
  expect(keys(model, "?", "q").effects).toEqual([]);
});

test("the order goes round, and the selection stays with its session", () => {
  const model = dashboard([session("b"), works("a"), waits("c")]);
  const names = (one: TopModel) => rowsOf(one).map((row) => row.session.name);
  expect(names(model)).toEqual(["c", "a", "b"]);
  const orders = ["s", "ss", "sss", "ssss", "sssss"].map((pressed) => keys(model, pressed).model);
  expect(orders.map((one) => one.sort)).toEqual(["number", "name", "tokens", "time", "state"]);
  expect(names(orders[0]!)).toEqual(["b", "a", "c"]);
  expect(names(orders[1]!)).toEqual(["a", "b", "c"]);
  expect(names(orders[2]!)).toEqual(["a", "b", "c"]);
  expect(orders.every((one) => one.selected === "id-c")).toBe(true);
});

test("rows that move or go under the selection do not take it along", () => {
  const model = keys(dashboard([session("a"), session("b"), session("c")]), "j").model;
  expect(model.selected).toBe("id-b");
  const moved = told(model, [session("a"), waits("b"), session("c")]).model;
  expect(moved.selected).toBe("id-b");
  expect(shown(moved)[2]).toMatch(/^▸ 1 {2}b/);
  const gone = told(model, [session("a"), session("c")]).model;
  expect(gone.selected).toBe("id-c");
  expect(told(gone, []).model.selected).toBeNull();
  expect(screen(told(gone, []).model)).toContain("No sessions yet");
});

test("what waits in the selected session is asked for once, and again when it is another", () => {
  const around = nothingAround;
  const empty = initialTop({ now: 0, size: usual, around, readOnly: false, selected: null });
  const first = told(empty, [waits("web")]);
  expect(first.effects).toEqual([{ do: "ask", session: "id-web" }]);
  expect(told(first.model, [waits("web")]).effects).toEqual([]);
  const here = toldApprovals(first.model, "id-web", [approvalDetail()]);
  expect(told(here, [waits("web")]).effects).toEqual([]);
  expect(told(here, [waits("web", ["a2"])]).effects).toEqual([{ do: "ask", session: "id-web" }]);
  expect(told(lostDaemon(first.model), [waits("web")]).effects).toHaveLength(1);
});

test("a prompt takes no key before Tab, nor in its first moment, and Enter never answers", () => {
  const model = asking();
  expect(keys(model, "y", "n").effects).toEqual([]);
  const early = { ...model, now: startMs + shownMinMs - 1 };
  expect(topFocusOf(keys(early, "tab").model)).toBe("top");
  expect(screen(keys(early, "tab").model)).toContain("this prompt is new");
  const focused = keys(model, "tab").model;
  expect(screen(focused)).toContain("y Yes, this once");
  expect(keys(focused, "enter", " ", "x").effects).toEqual([]);
  const answer = { do: "answer", session: "id-web", id: "a1", answer: { decision: "accept" } };
  const done = keys(focused, "y");
  expect(done.effects).toEqual([answer]);
  expect(topFocusOf(done.model)).toBe("top");
  expect(screen(done.model)).toContain("answered: Yes, this once");
  expect(keys(done.model, "tab", "y").effects).toEqual([]);
  expect(keys(focused, "escape", "y").effects).toEqual([]);
});

test("a prompt that was under the help is new when the help goes", () => {
  const back = keys({ ...asking(), dialog: { kind: "help", row: 0 } }, "escape", "tab", "y");
  expect(back.effects).toEqual([]);
  const later = { ...back.model, now: back.model.now + shownMinMs };
  expect(keys(later, "tab", "y").effects).toHaveLength(1);
});

test("of several prompts each is given the keyboard anew, and waits its moment", () => {
  const focused = keys(asking(usual, ["a1", "a2"]), "tab").model;
  expect(screen(focused)).toContain("1 of 2");
  const next = keys(focused, "y", "y", "tab", "y");
  expect(next.effects.filter((effect) => effect.do === "answer")).toHaveLength(1);
  const later = { ...next.model, now: next.model.now + shownMinMs };
  const second = keys(later, "tab", "c").effects;
  expect(second).toEqual([
    { do: "answer", session: "id-web", id: "a2", answer: { decision: "cancel" } },
  ]);
});

test("a prompt that is answered elsewhere goes, with the keyboard it had", () => {
  const focused = keys(asking(), "tab").model;
  const gone = told(focused, [session("idle"), session("web")]).model;
  expect(screen(gone)).not.toContain("Run this command?");
  expect(topFocusOf(gone)).toBe("top");
  const other = told(focused, [session("idle"), waits("web", ["a2"])]);
  expect(topFocusOf(other.model)).toBe("top");
  expect(other.effects).toEqual([{ do: "ask", session: "id-web" }]);
});

test("a goes to who waits; another selection has another prompt, or none", () => {
  const { model } = keys(dashboard([session("idle"), waits("web")]), "j");
  expect(model.selected).toBe("id-idle");
  const there = keys(model, "a");
  expect(there.model.selected).toBe("id-web");
  expect(there.effects).toEqual([{ do: "ask", session: "id-web" }]);
  expect(keys(asking(), "j").model.asked).toBeNull();
  expect(screen(keys(dashboard([session("idle")]), "tab").model)).toContain("nothing waits");
  // An answer of the daemon's for a session that was left is nothing to show.
  const left = keys(asking(), "j").model;
  expect(toldApprovals(left, "id-web", [approvalDetail()])).toBe(left);
});

test("a question is a form, in which words are words", () => {
  const questions = [
    { id: "q1", header: "Colour", question: "Which?", isOther: true, options: [] },
  ];
  const detail = approvalDetail({ kind: "question", params: { questions } });
  const here = toldApprovals(dashboard([waits("web")]), "id-web", [detail]);
  const focused = keys({ ...here, now: startMs + shownMinMs }, "tab").model;
  expect(topFocusOf(focused)).toBe("form");
  const pasted = pasteTop(keys(focused, "quite ").model, "blue\n\u001b[2J").model;
  expect(screen(pasted)).toContain("quite blue ^[[2J");
  expect(keys(focused, "q", "enter").effects).toEqual([
    {
      do: "answer",
      session: "id-web",
      id: "a1",
      answer: { response: { answers: { q1: { answers: ["q"] } } } },
    },
  ]);
});

test("a file change is shown with its diff", () => {
  const changes = [
    { path: "/home/ann/web/a.ts", kind: { type: "update" }, diff: "@@ -1 +1 @@\n-old\n+new\n" },
  ];
  const detail = approvalDetail({ kind: "fileChange", command: "a.ts", changes });
  const text = screen(toldApprovals(dashboard([waits("web")], desktop), "id-web", [detail]));
  expect(text).toContain("Make these changes?");
  expect(text).toMatch(/old[\s\S]*new/);
});

test("an interrupt is asked about, and only y does it", () => {
  const model = dashboard([works("api")]);
  expect(screen(keys(model, "i").model)).toContain("interrupt api? (y/n)");
  for (const no of ["n", "enter", "escape", "q"]) expect(keys(model, "i", no).effects).toEqual([]);
  // What was typed ahead of the question is no answer to it.
  const early = keys(model, "i", "y");
  expect(early.effects).toEqual([]);
  const later = { ...early.model, now: early.model.now + shownMinMs };
  expect(keys(later, "y").effects).toEqual([{ do: "interrupt", session: "id-api" }]);
  const gone = told(keys(model, "i").model, [session("other")]).model;
  expect(keys(gone, "y").effects).toEqual([]);
  expect(screen(keys(dashboard([session("a")]), "i").model)).toContain("no turn runs");
});

test("a click selects the session that is drawn there, and the selected one is attached", () => {
  const many = Array.from({ length: 40 }, (_, index) => session(`n${index}`));
  for (const size of [phone, usual, desktop]) {
    const model = keys(dashboard(many, size), "G", "k").model;
    const drawn = shown(model);
    drawn.forEach((line, y) => {
      const clicked = clickTop(model, y);
      const name = /^(?:▸| ) +\d+ +(n\d+) /.exec(line)?.[1];
      if (name === undefined) return;
      expect(clicked.effects).toEqual(name === "n38" ? [{ do: "attach", session: "id-n38" }] : []);
      if (name !== "n38") expect(clicked.model.selected).toBe(`id-${name}`);
    });
    // On a phone a session has two rows, and both are its own.
    const below = drawn.findIndex((line) => line.includes(" n37 ")) + 1;
    const second = clickTop(model, below).model.selected;
    expect(second).toBe(size === phone ? "id-n37" : "id-n38");
    for (const y of [0, size.rows - 1]) expect(clickTop(model, y).model.selected).toBe("id-n38");
  }
});

test("a click does nothing where something else has the keys", () => {
  const model = asking();
  for (const open of [["?"], ["tab"]]) {
    const { model: opened } = keys(model, ...open);
    for (let y = 0; y < 24; y++) {
      expect(clickTop(opened, y)).toEqual({ model: opened, effects: [] });
    }
  }
});

test("read-only looks and changes nothing", () => {
  const model = { ...asking(), readOnly: true };
  const readOnly = { ...model, asked: { ...model.asked!, readOnly: true } };
  expect(keys(readOnly, "tab", "y").effects).toEqual([]);
  expect(keys(readOnly, "i", "y").effects).toEqual([]);
});

test("while the daemon is away the screen says so, and what is known stays", () => {
  const away = lostDaemon(dashboard([works("api")]));
  expect(screen(away)).toMatch(/daemon is away.*\n[\s\S]*api/);
  expect(keys(away, "enter").effects).toEqual([]);
  expect(screen(told(away, [works("api")]).model)).not.toContain("away");
});

test("more sessions than rows: the selected one is in view, and how many there are is said", () => {
  const many = Array.from({ length: 40 }, (_, index) => session(`n${index}`));
  for (const size of [phone, usual]) {
    const model = dashboard(many, size);
    expect(screen(model)).toMatch(/1-\d+ of 40/);
    expect(screen(keys(model, "G").model)).toContain("▸ 39");
    expect(screen(keys(model, "pagedown").model)).not.toContain("▸  0");
  }
});

test.each(sizes)("what is stalled or frozen is shown as that, $columns wide", (size) => {
  const minutesAgo = (count: number) => new Date(startMs - count * 60_000).toISOString();
  const model = dashboard(
    [
      session("docs"),
      session("iced", { state: "asleep", frozenSince: minutesAgo(3), queued: 2 }),
      { ...works("hung"), stalledSince: minutesAgo(5) },
      works("api"),
      waits("web"),
    ],
    size,
  );
  const [head = "", ...rows] = shown(model);
  expect(rows.find((row) => row.includes("iced"))).toMatch(/iced +frozen 3m \+2/);
  expect(rows.find((row) => row.includes("hung"))).toMatch(/hung +stalled 5m/);
  expect(head).toMatch(/1 (needs-approval|asks) · 1 stalled/);
  const names = rowsOf(model).map((row) => row.session.name);
  expect(names).toEqual(["web", "hung", "iced", "api", "docs"]);
});
