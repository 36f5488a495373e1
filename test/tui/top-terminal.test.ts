/** `hacs-session top` in a real terminal, on a real daemon and a real codex. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { catches } from "../support/processes.ts";
import { createScreens, focusApproval, readQuestion, sizes } from "../support/screens.ts";
import type { TestTerminal } from "../support/terminal.ts";

const { home, run, newSessions } = await createScreens();
afterEach(async () => {
  for (const { name } of await home.cliJson(["ls"])) await home.ok(["kill", name]);
});

async function top(size: { cols?: number; rows?: number } = {}): Promise<TestTerminal> {
  const terminal = run(["top"], size);
  await terminal.waitFor(/ 0 +\S/);
  return terminal;
}

/** The row, or on a narrow screen the two rows, of a session. */
function rowOf(name: string): (lines: string[]) => string {
  return (lines) => {
    const at = lines.findIndex((line) => new RegExp(`^(▸| ) +\\d+ +${name} `).test(line));
    if (at === -1) return "";
    const below = lines[at + 1] ?? "";
    return /^ {4}\S/.test(below) ? `${lines[at]} ${below}` : lines[at]!;
  };
}

function row(name: string, sought: RegExp): (lines: string[]) => boolean {
  return (lines) => sought.test(rowOf(name)(lines));
}

test.each(sizes)("states and bars move while one looks at $cols×$rows", async (size) => {
  await newSessions("still", "busy");
  const terminal = await top(size);
  await terminal.waitFor(row("busy", /idle/));
  const key = `door-${size.cols}`;
  await home.ok(["send", "busy", `gated ${key}`]);
  await terminal.waitFor(row("busy", /working/));
  await terminal.waitFor(row("busy", /writes/));
  // What works stands above what rests.
  const [busy, still] = ["busy", "still"].map((name) =>
    terminal.screen().findIndex((line) => line.includes(` ${name} `)),
  );
  expect(busy).toBeLessThan(still!);
  await home.ok(["send", "busy", "say next"]);
  await terminal.waitFor(row("busy", /working \+1/));
  home.model.release(key);
  await terminal.waitFor(row("busy", /idle/));
  await terminal.waitFor(row("busy", /[▂▃▄▅▆▇█]/));
  await home.ok(["kill", "still"]);
  await terminal.waitFor((lines) => rowOf("still")(lines) === "");
  expect(terminal.alternate()).toBe(true);
  terminal.press("q");
  expect((await terminal.exited).code).toBe(0);
  expect(terminal.alternate()).toBe(false);
});

test("who was suspended in it is told of the mouse again, and of no focus", async () => {
  await newSessions("stops");
  const terminal = await top();
  await eventually(() => catches(terminal.pid, "SIGTSTP"), { what: "it can be suspended" });
  // No shell controls jobs here, so it goes on at once.
  process.kill(terminal.pid, "SIGTSTP");
  const again = () => terminal.raw().split("\u001b[?1000h").length > 2;
  await eventually(again, { what: "the terminal is taken back" });
  terminal.press("q");
  expect((await terminal.exited).code).toBe(0);
  expect(terminal.raw()).not.toContain("\u001b[?1004h");
});

test.each(sizes)(
  "an approval is answered in place at $cols×$rows, and codex hears it",
  async (size) => {
    await newSessions("other", "asks");
    const terminal = await top(size);
    const file = `answered-at-${size.cols}`;
    await home.ok(["send", "asks", `ask touch ${file}`]);
    await terminal.waitFor(row("asks", /needs-approval/));
    await terminal.waitFor(row("asks", /asks: touch/));
    // What is typed before Tab answers nothing.
    terminal.press("k", "k");
    await terminal.waitFor((lines) =>
      lines.some((line) => line.startsWith("▸") && line.includes("asks")),
    );
    await terminal.waitFor("Run this command?");
    terminal.type("y");
    await focusApproval(terminal, "y Yes, this once");
    expect((await home.show("asks")).approvals).toBe(1);
    expect(terminal.text()).toContain(`touch ${file}`);
    terminal.press("y");
    await terminal.waitFor(row("asks", /idle/));
    await terminal.waitFor((lines) => !lines.join("\n").includes("Run this command?"));
    expect(readFileSync(join(home.work, file), "utf8")).toBe("");
    const history = await home.ok(["tail", "asks"]);
    expect(history).toMatch(/\(tui/);
  },
);

test("an approval that is answered elsewhere goes, with the keyboard it had", async () => {
  await newSessions("elsewhere");
  const terminal = await top();
  await home.ok(["send", "elsewhere", "ask echo hi"]);
  await terminal.waitFor("Run this command?");
  await focusApproval(terminal, "y Yes, this once");
  await home.ok(["approve", "elsewhere"]);
  await terminal.waitFor((lines) => !lines.join("\n").includes("Run this command?"));
  await terminal.waitFor("Enter attaches");
  await terminal.waitFor(row("elsewhere", /idle/));
  expect((await home.cliJson(["tail", "elsewhere", "-n", "1"])).method).toBeDefined();
});

test("Enter attaches, a detach comes back, and /top in a session goes there too", async () => {
  await newSessions("one", "two");
  const terminal = await top();
  terminal.press("1");
  await terminal.waitFor((lines) => lines.some((line) => /^▸ +1 +two/.test(line)));
  terminal.press("enter");
  await terminal.waitFor("[two]");
  terminal.type("say from two\r");
  await terminal.waitFor("• from two");
  terminal.press("ctrl-b", "d");
  await terminal.waitFor("detached from two");
  await terminal.waitFor((lines) => lines.some((line) => /^▸ +1 +two/.test(line)));
  terminal.press("k", "enter");
  await terminal.waitFor("[one]");
  terminal.type("/top\r");
  await terminal.waitFor("hacs-session top");
  terminal.press("q");
  await terminal.waitFor("[one]");
  terminal.press("ctrl-b", "d");
  await terminal.waitFor("detached from one");
  terminal.press("q");
  expect((await terminal.exited).code).toBe(0);
  expect(terminal.text()).not.toContain("hacs-session top");

  const attached = run(["attach", "one"]);
  await attached.waitFor("[one]");
  attached.type("a draft that stays");
  await attached.waitFor("› a draft that stays");
  attached.press("ctrl-b", ":");
  attached.type("top\r");
  await attached.waitFor("hacs-session top");
  attached.press("q");
  await attached.waitFor("› a draft that stays");
  attached.press("ctrl-u");
  attached.type("/top\r");
  await attached.waitFor("hacs-session top");
  attached.press("1");
  await attached.waitFor((lines) => lines.some((line) => /^▸ +1 +two/.test(line)));
  attached.press("enter");
  await attached.waitFor("[two]");
  attached.press("ctrl-b", "d");
  await attached.waitFor("[detached (from session two)]");
  expect((await attached.exited).code).toBe(0);
});

test("panes stay as they were under the dashboard", async () => {
  await newSessions("left", "right");
  const terminal = run(["attach", "left"], { cols: 200, rows: 50 });
  await terminal.waitFor("[left]");
  terminal.type("say to the left\r");
  await terminal.waitFor("• to the left");
  terminal.type("/vsplit right\r");
  await terminal.waitFor("[right]");
  terminal.type("gated under\r");
  await terminal.waitFor("• before under");
  terminal.type("/top\r");
  await terminal.waitFor("hacs-session top");
  expect(terminal.text()).not.toContain("• before under");
  await terminal.waitFor(row("right", /writes/));
  home.model.release("under");
  await terminal.waitFor(row("right", /idle/));
  terminal.press("q");
  await terminal.waitFor("• before under after under");
  expect(terminal.text()).toContain("• to the left");
  expect((await home.show("left")).clients).toBe(1);
});

test("a session that ends while it is shown leads back, with a word", async () => {
  await newSessions("ends", "stays");
  const terminal = await top();
  terminal.press("0", "enter");
  await terminal.waitFor("[ends]");
  await home.ok(["kill", "ends"]);
  await terminal.waitFor("session ends ended");
  await terminal.waitFor(row("stays", /idle/));
});

test("a click selects a session, and a second one attaches to it", async () => {
  await newSessions("first", "second");
  const terminal = await top();
  const at = (name: string) => terminal.screen().findIndex((line) => line.includes(` ${name} `));
  const click = (y: number) => terminal.type(`\u001b[<0;5;${y + 1}M\u001b[<0;5;${y + 1}m`);
  await terminal.waitFor(row("second", /idle/));
  click(at("second"));
  await terminal.waitFor((lines) => /^▸ +1 +second/m.test(lines.join("\n")));
  click(at("second"));
  await terminal.waitFor("[second]");
  terminal.press("ctrl-b", "d");
  await terminal.waitFor("detached from second");
});

test("a session that is killed under the dashboard is over: another is chosen, or none", async () => {
  await newSessions("under", "other");
  const terminal = run(["attach", "under"]);
  await terminal.waitFor("[under]");
  terminal.type("/top\r");
  await terminal.waitFor(row("other", /idle/));
  await home.ok(["kill", "under"]);
  await terminal.waitFor((lines) => rowOf("under")(lines) === "");
  await terminal.waitFor((lines) => /^▸ +0 +other/m.test(lines.join("\n")));
  terminal.press("enter");
  await terminal.waitFor("[other]");
  terminal.type("say still here\r");
  await terminal.waitFor("• still here");
  terminal.type("/top\r");
  await terminal.waitFor("hacs-session top");
  await home.ok(["kill", "other"]);
  await terminal.waitFor("No sessions yet");
  terminal.press("q");
  await terminal.waitFor("[ended]");
  expect((await terminal.exited).code).toBe(0);
});

test("an interrupt is asked about, and ends the turn", async () => {
  await newSessions("stops");
  const terminal = await top();
  await home.ok(["send", "stops", "gated never"]);
  await terminal.waitFor(row("stops", /working/));
  terminal.press("i");
  await terminal.waitFor("interrupt stops? (y/n)");
  terminal.press("enter");
  await terminal.waitFor("Enter attaches");
  expect((await home.show("stops")).state).toBe("working");
  // What is typed with the question is not for it.
  terminal.press("i", "y");
  await terminal.waitFor("interrupt stops? (y/n)");
  expect((await home.show("stops")).state).toBe("working");
  await readQuestion(terminal, "interrupt stops?");
  terminal.press("y");
  await terminal.waitFor(row("stops", /idle/));
});

test("it says that its daemon is away, and goes on with what waits when there is one again", async () => {
  await newSessions("lives");
  const terminal = await top();
  await home.ok(["send", "lives", "ask touch after-the-daemon"]);
  await terminal.waitFor("Run this command?");
  await home.killDaemon();
  await terminal.waitFor("the daemon is away");
  expect(terminal.text()).toContain("lives");
  await terminal.waitFor(/1 needs-approval/);
  await terminal.waitFor("Run this command?");
  await focusApproval(terminal, "y Yes, this once");
  terminal.press("y");
  await terminal.waitFor(row("lives", /idle/));
  expect(readFileSync(join(home.work, "after-the-daemon"), "utf8")).toBe("");
});

test("a resize redraws it all, from a desktop to a phone and back", async () => {
  await newSessions("sized", "other");
  await home.ok(["send", "sized", "ask echo resized"]);
  const terminal = await top({ cols: 200, rows: 50 });
  await terminal.waitFor(/DIRECTORY/);
  await terminal.waitFor("Run this command?");
  terminal.resize(40, 20);
  await terminal.waitFor(
    (lines) => lines.every((line) => line.length <= 40) && !lines.join("").includes("DIRECTORY"),
  );
  await terminal.waitFor(row("sized", /needs-approval[\s\S]*asks: echo resized/));
  await terminal.waitFor("Run this command?");
  terminal.resize(80, 24);
  await terminal.waitFor(/NAME +STATE/);
  await terminal.waitFor(/Enter attaches.*q quits/);
});

test("what a command holds never reaches the terminal", async () => {
  await newSessions("hostile");
  const terminal = await top({ cols: 200, rows: 50 });
  await home.ok(["send", "hostile", "ask echo '\u001b]0;owned\u0007\u001b[31mred'"]);
  await terminal.waitFor("Run this command?");
  await terminal.waitFor(/\^\[\[31mred/);
  expect(terminal.raw()).not.toContain("\u001b]0;owned");
  expect(terminal.raw()).not.toContain("\u001b[31mred");
});

test("NO_COLOR is respected", async () => {
  await newSessions("plain");
  const before = home.env.NO_COLOR;
  home.env.NO_COLOR = "1";
  try {
    const terminal = await top();
    await home.ok(["send", "plain", "ask echo hi"]);
    await terminal.waitFor("Run this command?");
    expect(terminal.raw()).not.toMatch(/\u001b\[(\d+;)*3\d(;\d+)*m/);
  } finally {
    if (before === undefined) delete home.env.NO_COLOR;
  }
});

test("without a terminal it prints a table, or JSON, and ends", async () => {
  await newSessions("first", "second");
  await home.ok(["send", "first", "say hello", "--wait"]);
  await home.ok(["send", "second", "ask echo hi"]);
  const activities = await eventually(
    async () => {
      const all = await home.cliJson(["top"]);
      return all[1].waiting.length === 1 ? all : null;
    },
    { what: "the approval is in top --json" },
  );
  expect(activities[0]).toMatchObject({ name: "first", state: "idle", action: null, waiting: [] });
  expect(activities[0].turnsMs).toHaveLength(1);
  expect(activities[1]).toMatchObject({
    action: { kind: "approval", text: "echo hi" },
    waiting: [{ kind: "command", session: "second", decisions: expect.any(Array) }],
  });
  const printed = await home.ok(["top"]);
  const [header, first, second] = printed.trimEnd().split("\n");
  expect(header).toMatch(
    /^NAME +STATE +FOR +TOKENS\/MIN +LAST TURN +WAITING +QUEUED +MODEL +ACTION$/,
  );
  expect(first).toMatch(/^first +idle +\d+m?s +\d+ +\d+m?s +0 +0 +fake-model +-$/);
  expect(second).toMatch(/^second +needs-approval +\d+m?s .* 1 +0 +fake-model +asks: echo hi$/);
  expect(printed).not.toContain("\u001b");
});
