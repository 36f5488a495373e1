/** What has to be seen of a question before it is answered, without a terminal. */
import { expect, test } from "vitest";
import type { ApprovalDetail } from "../../src/protocol/session.ts";
import { shownMinMs } from "../../src/tui/approvals/in-view.ts";
import { lookalikes, turnedAround } from "../../src/tui/approvals/lookalikes.ts";
import { click } from "../../src/tui/click.ts";
import type { Effect, Model } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { nothingAround } from "../../src/tui/sessions/around.ts";
import { initialTop, told, toldApprovals } from "../../src/tui/top/model.ts";
import { pressTop } from "../../src/tui/top/press-top.ts";
import {
  approvalDetail,
  feed,
  live,
  modelWith,
  requested,
  sessionInfo,
  shown,
  startMs,
} from "./events.ts";

const phone = { columns: 40, rows: 20 };
const later = (model: Model): Model => ({ ...model, now: model.now + shownMinMs });

function keys(given: Model, ...pressed: string[]): { model: Model; effects: Effect[] } {
  const effects: Effect[] = [];
  let model = given;
  for (const key of pressed) {
    if (key === "later") model = later(model);
    else {
      const named = /^(tab|enter|escape|up|down|pageup|pagedown)$/.test(key);
      const step = press(model, named ? { key } : { text: key }, () => "m");
      model = step.model;
      effects.push(...step.effects);
    }
  }
  return { model, effects };
}

const screen = (model: Model) => shown(model).join("\n");
const steps = (count: number) => Array.from({ length: count }, (_, n) => `step ${n}`).join("\n");
const asking = (changes: Partial<ApprovalDetail>, size = phone) =>
  later(modelWith({ ...size, events: [requested(1, approvalDetail(changes))] }));
const accepts = { do: "answer", id: "a1", answer: { decision: "accept" } };

test("what was not in view to its last row is not accepted, and is refused at once", () => {
  const model = asking({ command: steps(40) });
  for (const key of ["y", "a"]) {
    const early = keys(model, "tab", key);
    expect([key, early.effects]).toEqual([key, []]);
    expect(screen(early.model)).toMatch(/not in view yet: Space\s+or\s+PgDn shows more/);
  }
  for (const [key, decision] of [
    ["n", "decline"],
    ["c", "cancel"],
  ] as const) {
    expect(keys(model, "tab", key).effects).toEqual([
      { do: "answer", id: "a1", answer: { decision } },
    ]);
  }
  const down = keys(model, "tab", " ", " ", " ").model;
  expect(keys(down, "y").effects).toEqual([]);
  const end = keys(down, " ", " ", " ", " ", " ").model;
  expect(screen(end)).toContain("because a clean build");
  expect(keys(end, "y").effects).toEqual([accepts]);
  // Once seen it may be accepted from wherever it is scrolled to.
  expect(keys(end, "pageup", "pageup", "y").effects).toEqual([accepts]);
});

test("what was seen of one shape, or of one prompt, is not seen of another", () => {
  const space = Array<string>(9).fill(" ");
  const end = keys(asking({ command: steps(40) }), "tab", ...space).model;
  const narrow = { ...end, size: { columns: 36, rows: 20 } };
  expect(keys(keys(narrow, "pageup").model, "y").effects).toEqual([]);
  const covered = keys(end, "escape", "/help", "enter", "q", "later", "tab").model;
  expect(keys(covered, "y").effects).toEqual([]);
  const all = asking({ command: steps(40) }, { columns: 40, rows: 80 });
  expect(keys(all, "tab", "y").effects).toEqual([accepts]);
});

test("/approve accepts what was seen and /deny whatever waits; a click answers nothing", () => {
  const model = asking({ command: steps(40) });
  const early = keys(model, "/approve", "enter");
  expect(early.effects).toEqual([]);
  expect(screen(early.model)).toMatch(/not in view yet:\s+\/answer,\s+then\s+Space/);
  expect(keys(model, "/deny", "enter").effects).toMatchObject([
    { answer: { decision: "decline" } },
  ]);
  const read = keys(model, "/answer", "enter", ...Array<string>(9).fill(" "), "escape").model;
  expect(keys(read, "/approve", "enter").effects).toEqual([accepts]);
  for (const there of [model, keys(model, "tab").model]) {
    for (let y = 0; y < phone.rows; y++) {
      for (const x of [2, 20]) expect(click(there, { x, y }).effects).toEqual([]);
    }
  }
});

test("in a terminal with no room for what is asked nothing is accepted unseen", () => {
  const model = asking({ command: "rm -rf /" }, { columns: 40, rows: 4 });
  expect(screen(model)).not.toContain("rm -rf /");
  expect(keys(model, "tab", "y").effects).toEqual([]);
  expect(keys(model, "/approve", "enter").effects).toEqual([]);
});

test("the dashboard goes by the same rule", () => {
  const { method: _method, params: _params, ...waiting } = approvalDetail({ command: steps(40) });
  const session = {
    ...sessionInfo({ state: "needs-approval", approvals: 1 }),
    since: null,
    action: null,
    tokensPerMinute: [],
    turnsMs: [],
    waiting: [waiting],
  };
  const options = { now: startMs, size: phone, around: nothingAround, readOnly: false };
  const empty = told(initialTop({ ...options, selected: "s1" }), [session]).model;
  let model = toldApprovals(empty, "s1", [approvalDetail({ command: steps(40) })]);
  model = pressTop({ ...model, now: startMs + shownMinMs }, { key: "tab" }).model;
  const early = pressTop(model, { text: "y" });
  expect(early.effects).toEqual([]);
  expect(early.model.notice?.text).toContain("not in view yet");
  expect(pressTop(model, { text: "n" }).effects).toMatchObject([
    { answer: { decision: "decline" } },
  ]);
  model = pressTop(early.model, { text: " ".repeat(20) }).model;
  expect(pressTop(model, { text: "y" }).effects).toMatchObject([
    { answer: { decision: "accept" } },
  ]);
});

const question = (id: string, options: string[], prompt = "Which?") => ({
  id,
  header: id,
  question: prompt,
  isOther: options.length === 0,
  options: options.map((label) => ({ label, description: "" })),
});
const questions = (...all: ReturnType<typeof question>[]) =>
  asking({ kind: "question", command: null, params: { questions: all }, decisions: [] });

test("a question shows what it asks before it has the keyboard, and all of it before it is answered", () => {
  const model = questions(question("colour", ["red", "blue"], `Which?\n${steps(30)}`));
  expect(screen(model)).toContain("Which?");
  const early = keys(model, "tab", "2");
  expect(early.effects).toEqual([]);
  expect(screen(early.model)).toMatch(/not in view yet: Down/);
  const end = keys(early.model, ...Array<string>(9).fill("pagedown")).model;
  expect(screen(end)).toContain("2 blue");
  expect(keys(end, "2").effects).toMatchObject([
    { answer: { response: { answers: { colour: { answers: ["blue"] } } } } },
  ]);
});

test("what is typed ahead of a form's next question is not for it", () => {
  const model = questions(
    question("one", ["a", "b"]),
    question("two", []),
    question("three", ["c"]),
  );
  const ahead = keys(model, "tab", "1", "yes", "enter", "1");
  expect(ahead.effects).toEqual([]);
  expect(screen(ahead.model)).toContain("two (2 of 3)");
  expect(screen(ahead.model)).toContain("› ▏");
  expect(screen(ahead.model)).toContain("this question is new");
  const { effects } = keys(ahead.model, "later", "yes", "enter", "later", "1");
  expect(effects).toMatchObject([
    { answer: { response: { answers: { one: { answers: ["a"] }, two: { answers: ["yes"] } } } } },
  ]);
});

test("what is written into a form stays in view, however much is asked", () => {
  const model = questions(question("name", [], steps(30)));
  const typed = keys(model, "tab", "Anna and the others ".repeat(9)).model;
  expect(screen(typed)).toMatch(/others ▏/);
  expect(screen(typed)).toContain("step 0");
});

test("the number of a long list says what it stands for", () => {
  const values = Array.from({ length: 30 }, (_, n) => `value ${n + 1}`);
  const model = questions(question("which", values));
  const typed = keys(model, "tab", "17").model;
  expect(screen(typed)).toContain("› 17▏  value 17");
  expect(keys(typed, "enter").effects).toMatchObject([
    { answer: { response: { answers: { which: { answers: ["value 17"] } } } } },
  ]);
});

test("letters that look like others are named; words of one script are as they seem", () => {
  const suspicious: [string, string[]][] = [
    ["cаt /etc/passwd", ['"cаt" has U+0430 CYRILLIC, which looks like a Latin letter']],
    ["curl https://gοοgle.com", ['"gοοgle" has U+03BF GREEK, which looks like a Latin letter']],
    ["pаyраl", ['"pаyраl" has U+0430 CYRILLIC, U+0440 CYRILLIC, which look like Latin letters']],
  ];
  for (const [text, said] of suspicious) expect(lookalikes([text])).toEqual(said);
  const fine = [
    "rm -rf build",
    "cat отчёт.txt",
    "touch שלום.txt",
    "echo 日本語 αβγ ελληνικά",
    "Fußball naïve café Ångström",
    "IT-шник 3D-модель x-координата",
    "Δx λx γ_max x_ο",
    "한국어 ไทย हिन्दी",
    "e\u0301 ﬁn 𝐚",
  ];
  for (const text of fine) expect([text, lookalikes([text])]).toEqual([text, []]);
  expect(turnedAround(["rm שלום.txt"])).toEqual([expect.stringContaining("(U+05E9)")]);
  expect(turnedAround(["cp مرحبا x"])).toHaveLength(1);
  expect(turnedAround(fine.filter((text) => !text.includes("שלום")))).toEqual([]);
  const many = Array.from({ length: 9 }, (_, n) => `cаt${n}`).join(" ");
  expect(lookalikes([many]).at(-1)).toBe("6 more words are like that");
});

test("a prompt warns before it says what runs, in a diff and a path as in a command", () => {
  const rows = shown(asking({ command: "cаt שלום" }, { columns: 100, rows: 24 }));
  const at = rows.findIndex((row) => row.includes("Run this command?"));
  expect(rows.slice(at + 1, at + 4)).toEqual([
    '│ ! "cаt" has U+0430 CYRILLIC, which looks like a Latin letter',
    "│ ! there are right-to-left letters (U+05E9): their order here may differ from the real one",
    "│ cаt שלום",
  ]);
  const change = (path: string, diff: string) =>
    screen(
      asking(
        { kind: "fileChange", changes: [{ path, kind: { type: "add" }, diff }] },
        { columns: 100, rows: 30 },
      ),
    );
  expect(change("/work/api/a.ts", "const isАdmin = true;")).toContain('! "isАdmin" has U+0410');
  expect(change("/work/api/indеx.ts", "x")).toContain('! "indеx" has U+0435');
  // A text that is Hebrew is no news in a file.
  expect(change("/work/api/he.json", "שלום")).not.toContain("right-to-left");
  expect(screen(asking({}))).not.toContain("│ !");
});

test("what a terminal may draw wider than it is breaks earlier, and nothing of it is lost", () => {
  const family = "👩‍👩‍👧‍👦";
  // Each of seven characters may take two columns.
  const command = `echo ${family.repeat(20)} ; rm -rf build`;
  const rows = shown(asking({ command }));
  const asked = rows.filter((row) => row.startsWith("│ "));
  // A row's last blanks are not in the picture.
  const words = asked.map((row) => row.slice(2)).join("");
  expect(words.replaceAll(" ", "")).toContain(command.replaceAll(" ", ""));
  for (const row of asked) expect(row.split(family).length - 1).toBeLessThanOrEqual(2);
  // Marks stand on their letters everywhere, and are no reason to break.
  expect(shown(asking({ command: "é́".repeat(30) })).join("")).toContain("é́".repeat(30));
  // One that no row holds comes apart, and is all there.
  const crowd = Array(40).fill("👩").join("\u200d");
  const apart = shown(asking({ command: crowd })).filter((row) => row.startsWith("│ "));
  expect(apart.map((row) => row.slice(2)).join("")).toContain(crowd);
});

test("a question over the status line is wrapped, and says how to answer it however long it is", () => {
  const name = "a-session-with-a-name-that-is-as-long-as-it-may-be";
  const long = { ...modelWith({ ...phone }), name };
  const rows = shown(keys(long, "/kill", "enter").model);
  expect(rows).toHaveLength(20);
  expect(rows.slice(-4).join(" ").replace(/\s+/g, " ")).toContain("Its history stays. (y/n)");
  expect(rows.join("")).toContain(name.slice(0, 38));
  const far = { ...long, name: `${"peer-with-a-name/".repeat(8)}${name}` };
  expect(shown(keys(far, "/kill", "enter").model).at(-1)).toBe("… (y/n)");
  expect(keys(far, "/kill", "enter", "y").effects).toEqual([]);
  expect(keys(far, "/kill", "enter", "later", "y").effects).toHaveLength(1);
});

test("a file change's diff stands in the prompt alone, while that is on the screen", () => {
  const item = { id: "f1", type: "fileChange", status: "inProgress" };
  const changes = [{ path: "/work/api/a.ts", kind: { type: "add" }, diff: "alpha\nbeta\n" }];
  const started = live("item/started", {
    threadId: "t1",
    turnId: "u1",
    item: { ...item, changes },
  });
  const detail = approvalDetail({ kind: "fileChange", command: "a.ts", params: { itemId: "f1" } });
  const model = modelWith({ rows: 40, events: [started, requested(1, detail)] });
  const times = (text: string, given: Model) => screen(given).split(text).length - 1;
  expect([times("+alpha", model), times("± a.ts new +2 −0", model)]).toEqual([1, 2]);
  expect(screen(model)).toContain("waits for your answer");
  // Of the next in line the prompt says nothing yet.
  const first = feed(modelWith({ rows: 40 }), requested(1, approvalDetail({ id: "a0" })), started);
  expect(times("+alpha", feed(first, requested(2, detail)))).toBe(1);
  expect(times("+alpha", { ...model, expanded: true })).toBe(2);
});

test("what is not known of a question is said, and what there is of it is shown whole", () => {
  const unknown = "which files it changes: nobody heard";
  const asked = { kind: "fileChange", command: null, unknown, params: { itemId: "gone" } } as const;
  const size = { columns: 100, rows: 30 };
  expect(screen(asking(asked, size))).toContain(`! not known: ${unknown}`);
  expect(screen(asking(asked, size))).toContain('{"itemId":"gone"}');
  const written = screen(asking({ ...asked, command: "apply_patch x" }, size));
  expect(written).toContain("apply_patch x");
  expect(written).toContain("! not known: ");
});
