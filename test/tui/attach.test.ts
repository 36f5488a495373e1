/** The TUI as a person meets it: in a real terminal, on a real daemon and a real codex. */
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { whenGone } from "../support/processes.ts";
import { createScreens, focusApproval, say } from "../support/screens.ts";

const { home, attach, open, newSessions } = await createScreens();

test("an answer is seen while it comes, and detaching leaves the terminal as it was", async () => {
  await newSessions("api");
  const shell = open({
    command: "bash",
    args: ["--norc", "--noprofile"],
    env: { ...home.env, PS1: "ready> " },
    cwd: home.work,
  });
  await shell.waitFor("ready>");
  const program = `${process.cwd()}/bin/hacs-session`;
  say(shell, `echo before; stty -g > tty.before; ${program} attach api; stty -g > tty.after`);
  await shell.waitFor("[api]");
  expect(shell.alternate()).toBe(true);
  say(shell, "gated one and after");
  await shell.waitFor(/• before one\s/);
  expect(shell.text()).toContain("› gated one and after");
  expect(shell.text()).toContain("working");
  home.model.release("one");
  await shell.waitFor("• before one and after");
  shell.press("ctrl-b", "d");
  await shell.waitFor("[detached (from session api)]");
  expect(shell.alternate()).toBe(false);
  expect(shell.text()).toContain("before");
  say(shell, "cmp tty.before tty.after && echo same as $((40+2))");
  await shell.waitFor("same as 42");
  expect(await home.cliJson(["wait", "api"])).toMatchObject({ state: "idle" });
});

test("two see the same, one of them read-only and without a say", async () => {
  await newSessions("shared");
  const writer = await attach("shared");
  const reader = await attach("shared", { args: ["-r"], cols: 40, rows: 20 });
  await reader.waitFor("read-only");
  await writer.waitFor("2 clients");
  say(reader, "say from the reader");
  say(writer, "say hello both");
  await Promise.all([writer, reader].map((one) => one.waitFor("• hello both")));
  expect(home.model.texts()).not.toContain("say from the reader");
  reader.press("ctrl-b", "d");
  await reader.waitFor("[detached (from session shared)]");
  await writer.waitFor("1 client");
});

test("an approval is answered with its key, and one that is typed over stays", async () => {
  await newSessions("asks");
  const one = await attach("asks");
  const other = await attach("asks", { cols: 50, rows: 20 });
  say(one, "ask echo y-was-pressed");
  await Promise.all([one, other].map((each) => each.waitFor("Run this command?")));
  one.type("yes and no");
  await one.waitFor("› yes and no");
  expect((await home.show("asks")).approvals).toBe(1);
  await focusApproval(one);
  expect(one.text()).toContain("echo y-was-pressed");
  one.press("y");
  await Promise.all([one, other].map((each) => each.waitFor("│ y-was-pressed")));
  await other.waitFor(/allowed by \S+ \(tui/);
  expect(one.text()).toContain("› yes and no");
});

test("an approval that is answered elsewhere goes, and the screen says who did it", async () => {
  await newSessions("elsewhere");
  const terminal = await attach("elsewhere");
  say(terminal, "ask echo other");
  await terminal.waitFor("Run this command?");
  await home.ok(["deny", "elsewhere", "--abort"]);
  await terminal.waitFor(/declined, and the turn stopped, by \S+ \(cli/);
  expect(terminal.text()).not.toContain("Run this command?");
});

test("it survives its daemon, and what was written meanwhile is sent once", async () => {
  await newSessions("lives");
  const terminal = await attach("lives");
  say(terminal, "say first");
  await terminal.waitFor("• first");
  await home.killDaemon();
  say(terminal, "say second");
  await terminal.waitFor("• second");
  await terminal.waitFor(/\[lives\] idle/);
  expect(home.model.texts().filter((text) => text === "say second")).toHaveLength(1);
  expect(terminal.text().match(/• first/g)).toHaveLength(1);
});

test("text so far, a prompt and the rest of an answer outlive the daemon", async () => {
  await newSessions("outlives");
  const terminal = await attach("outlives");
  say(terminal, "gated door and the rest");
  await terminal.waitFor("• before door");
  await home.killDaemon();
  await terminal.waitFor("reconnecting");
  await terminal.waitFor(/\[outlives\] working/);
  home.model.release("door");
  await terminal.waitFor("and the rest");
  say(terminal, "ask echo still-asked");
  await terminal.waitFor("Run this command?");
  await home.killDaemon();
  await terminal.waitFor("reconnecting");
  await terminal.waitFor(/\[outlives\] needs-approval/);
  await focusApproval(terminal);
  terminal.press("y");
  await terminal.waitFor("│ still-asked");
  await terminal.waitFor(/\[outlives\] idle/);
});

test("a message follows the running turn, and Escape interrupts it", async () => {
  await newSessions("busy");
  const terminal = await attach("busy");
  say(terminal, "gated hold");
  await terminal.waitFor("• before hold");
  say(terminal, "say next");
  await terminal.waitFor(/› say next\s+queued/);
  terminal.press("escape");
  await terminal.waitFor("turn interrupted");
  await terminal.waitFor("• next");
  home.model.release("hold");
});

test("a paste of half a megabyte arrives whole", async () => {
  await newSessions("paste");
  const terminal = await attach("paste");
  const text = `say ${"line of a paste\n".repeat(32_768)}end`;
  terminal.paste(text);
  await terminal.waitFor("32769 lines");
  terminal.press("enter");
  await terminal.waitFor(/\[paste\] idle .* context \d+%/);
  expect(home.model.texts()).toContain(text);
});

test("the end of the session is the end of the screen, and a signal restores it too", async () => {
  await newSessions("killed");
  const terminal = await attach("killed");
  await home.ok(["kill", "killed"]);
  await terminal.exited;
  expect(terminal.alternate()).toBe(false);
  await newSessions("signalled");
  for (const name of ["SIGTERM", "SIGHUP"] as const) {
    const other = await attach("signalled");
    process.kill(other.pid, name);
    await whenGone(other.pid);
    await other.exited;
    expect(other.alternate()).toBe(false);
    expect(other.raw()).toMatch(/\u001b\[\?2004l[\s\S]*\u001b\[\?1049l/);
  }
});

test("it stays in shape at any size", async () => {
  await newSessions("sizes");
  const terminal = await attach("sizes", { cols: 200, rows: 50 });
  say(terminal, "say **wide** 日本語のテキスト, and words enough to be wrapped on a phone");
  await terminal.waitFor("on a phone");
  for (const [cols, rows] of [
    [40, 20],
    [80, 24],
    [30, 8],
    [200, 50],
  ] as const) {
    terminal.resize(cols, rows);
    const last = (lines: string[]) => lines[rows - 1]?.startsWith("[sizes] idle") === true;
    await terminal.waitFor((lines) => last(lines) && lines[rows - 2]?.trim() === "›");
    await terminal.waitFor((lines) => lines[rows - 3] === "─".repeat(cols));
    const inComposer = () => {
      const { x, y } = terminal.cursor();
      return x === 2 && y === rows - 2;
    };
    await eventually(inComposer, { what: "the cursor is in the composer", timeoutMs: 5_000 });
  }
});
