/** What a person does with `attach`, on a phone, in a classic terminal and on a desktop. */
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createScreens, focusApproval, say, sizes } from "../support/screens.ts";
import type { TestTerminal } from "../support/terminal.ts";

const { home, attach, open, newSessions } = await createScreens();

/** The rows that hold the screen together are where they belong, and as wide as it is. */
async function inShape(terminal: TestTerminal, cols: number, rows: number): Promise<void> {
  const whole = (lines: string[]) =>
    lines.length === rows &&
    lines[rows - 1]?.startsWith("[") === true &&
    lines[rows - 2]?.startsWith("›") === true &&
    lines[rows - 3]?.startsWith("──") === true &&
    [...(lines[rows - 3] ?? "")].length <= cols;
  await terminal.waitFor(whole);
  const inComposer = () => {
    const { x, y } = terminal.cursor();
    return x === 2 && y === rows - 2;
  };
  await eventually(inComposer, { what: "the cursor is in the composer" });
}

function emptyComposer(lines: string[]): boolean {
  return /^›( Write a message.*)?$/.test(lines.at(-2) ?? "");
}

describe.each(sizes)("at $cols×$rows", ({ cols, rows }) => {
  const name = (what: string) => `${what}-${cols}`;

  test("attach, an answer as it comes, a resize in its middle, and detach", async () => {
    const session = name("stream");
    await newSessions(session);
    const shell = open({
      command: "bash",
      args: ["--norc", "--noprofile"],
      env: { ...home.env, PS1: "ready> " },
      cols,
      rows,
    });
    await shell.waitFor("ready>");
    say(shell, `echo was here; ${process.cwd()}/bin/hacs-session attach ${session}`);
    await shell.waitFor(`[${session}] idle`);
    say(shell, `gated ${session} and the **rest** of it, 日本語 too`);
    await shell.waitFor(new RegExp(`• before ${session}\\s`));
    for (const size of [
      { cols: cols - 7, rows: rows - 3 },
      { cols, rows },
    ]) {
      shell.resize(size.cols, size.rows);
      await inShape(shell, size.cols, size.rows);
      expect(shell.text()).toContain(`• before ${session}`);
    }
    home.model.release(session);
    await shell.waitFor("日本語 too");
    await shell.waitFor(`[${session}] idle`);
    await inShape(shell, cols, rows);
    shell.press("ctrl-b", "d");
    await shell.waitFor(`[detached (from session ${session})]`);
    expect(shell.alternate()).toBe(false);
    expect(shell.text()).toContain("was here");
  });

  test("an approval that waits is answered by another client, and one by key", async () => {
    const session = name("asks");
    await newSessions(session);
    const terminal = await attach(session, { cols, rows });
    say(terminal, "ask echo first-$((40+2))");
    await terminal.waitFor("Run this command?");
    await terminal.waitFor("waits for your answer");
    await home.ok(["approve", session]);
    await terminal.waitFor("│ first-42");
    expect(terminal.text()).not.toContain("Run this command?");
    say(terminal, "ask echo second-$((40+2))");
    await terminal.waitFor("Run this command?");
    await focusApproval(terminal);
    terminal.press("y");
    await terminal.waitFor("│ second-42");
    await terminal.waitFor(`[${session}] idle`);
  });

  test("a long answer is scrolled, and new output does not move it", async () => {
    const session = name("long");
    await newSessions(session);
    const terminal = await attach(session, { cols, rows });
    terminal.paste(`say ${Array.from({ length: 99 }, (_, line) => `- row ${line}.`).join("\n")}`);
    terminal.press("enter");
    await terminal.waitFor(/• row 98\.[\s\S]*idle/);
    terminal.press("home");
    const read = () => terminal.screen().slice(0, rows - 4);
    // All of it: a frame can come in pieces.
    await terminal.waitFor(
      (lines) => lines.includes("› say - row 0.") && !/• row 9/.test(read().join()),
    );
    const before = read();
    await home.ok(["send", session, "say said meanwhile", "--wait"]);
    await terminal.waitFor("more below");
    expect(read()).toEqual(before);
    terminal.press("pagedown", "escape");
    await terminal.waitFor("• said meanwhile");
  });

  test("wide, joined, right-to-left and hostile text is whole, and keeps the screen in shape", async () => {
    const session = name("odd");
    await newSessions(session);
    const terminal = await attach(session, { cols, rows });
    const odd = [
      "日本語のテキスト 👩‍👩‍👧 🇩🇪 e\u0301 1\ufe0f\u20e3 👍🏻 한국어",
      "שלום עולם مرحبا بالعالم \u202eevil\u202c \u2066x\u2069",
      "\u001b[2J\u001b]0;owned\u0007\u001b[31mred\u009b1mbold \u0007",
      "| a | 日本 |\n|---|---|\n| שלום | 👩‍👩‍👧 |",
    ].join("\n\n");
    // As a script would: a terminal would stop at the escapes.
    await home.ok(["send", session, `say ${odd}`, "--wait"]);
    await terminal.waitFor("שלום");
    await terminal.waitFor(/\[odd-\d+\] idle/);
    await inShape(terminal, cols, rows);
    // Without the places where a narrow terminal breaks it.
    const shown = terminal.text().replace(/\s+/g, "");
    for (const text of [
      "•日本語のテキスト👩‍👩‍👧🇩🇪e\u03011\ufe0f\u20e3👍🏻한국어",
      "שלוםעולםمرحبابالعالم<U+202E>evil<U+202C><U+2066>x<U+2069>",
      "^[[2J^[]0;owned^G^[[31mred<U+009B>1mbold^G",
      "a│日本",
      "שלום│👩‍👩‍👧",
    ]) {
      expect(shown).toContain(text);
    }
    const raw = terminal.raw();
    expect(raw).not.toContain("\u001b]0;");
    expect(raw).not.toMatch(/[\u0007\u009b\u202a-\u202e\u2066-\u2069]/);
    expect(raw).not.toContain("\u001b[31mred");
  });

  // Wider in this terminal than the tables say, and narrower.
  test.each(["👩‍👩‍👧‍👦", "⚠️"])(
    "a row with %s keeps its words when more comes to it",
    async (picture) => {
      const session = name(picture === "⚠️" ? "sign" : "family");
      await newSessions(session);
      const terminal = await attach(session, { cols, rows });
      const gate = `${picture}${cols}`;
      say(terminal, `gated ${gate} and after`);
      await terminal.waitFor(`• before ${gate}`);
      home.model.release(gate);
      await terminal.waitFor(`• before ${gate} and after`);
      await terminal.waitFor(`[${session}] idle`);
      await inShape(terminal, cols, rows);
    },
  );

  test("it comes back after the daemon was killed, and a draft goes to another terminal", async () => {
    const session = name("lives");
    await newSessions(session);
    const terminal = await attach(session, { cols, rows });
    say(terminal, "say before");
    await terminal.waitFor("• before");
    await home.killDaemon();
    await terminal.waitFor("reconnecting");
    terminal.type(`say half ${cols}`);
    await terminal.waitFor(`[${session}] idle`);
    const other = await attach(session, { cols, rows });
    await other.waitFor(`› say half ${cols}`);
    other.type(" and half");
    await terminal.waitFor(`› say half ${cols} and half`);
    terminal.press("enter");
    await Promise.all([terminal, other].map((one) => one.waitFor(`• half ${cols} and half`)));
    await inShape(other, cols, rows);
    expect(home.model.texts().filter((text) => text === `say half ${cols} and half`)).toHaveLength(
      1,
    );
  });
});

test("a daemon that was stopped is said to be, and the screen goes on when there is one", async () => {
  await newSessions("stopped");
  const terminal = await attach("stopped");
  await home.ok(["daemon", "stop"]);
  await terminal.waitFor("[stopped] daemon stopped");
  await terminal.waitFor("hacs-session daemon start");
  expect(home.daemonPids()).toEqual([]);
  await home.ok(["daemon", "start"]);
  await terminal.waitFor(/\[stopped\] (asleep|idle)/);
  say(terminal, "say again");
  await terminal.waitFor("• again");
});

test("an agent that crashed is said to have, and to run again", async () => {
  await newSessions("crash");
  const terminal = await attach("crash");
  say(terminal, "say whole");
  await terminal.waitFor("• whole");
  await home.killAgent("crash");
  await terminal.waitFor("the agent crashed");
  await terminal.waitFor("the agent was started again");
  await terminal.waitFor("[crash] idle");
});

test("words that are unsent stay with their session, on every terminal", async () => {
  await newSessions("left", "right");
  const desk = await attach("left", { cols: 100 });
  const phone = await attach("left", { cols: 40, rows: 20 });
  desk.type("say for the left");
  await phone.waitFor("› say for the left");
  desk.press("ctrl-b", "n");
  await desk.waitFor("[right]");
  desk.type("say for the right");
  await desk.waitFor("› say for the right");
  phone.type(", and more");
  await phone.waitFor("› say for the left, and more");
  desk.press("ctrl-b", "p");
  await desk.waitFor("› say for the left, and more");
  phone.press("ctrl-u");
  say(phone, "/switch right");
  await phone.waitFor("› say for the right");
  await desk.waitFor(emptyComposer);
  phone.press("enter");
  await phone.waitFor("• for the right");
  desk.press("ctrl-b", "n");
  await desk.waitFor("• for the right");
  await desk.waitFor(emptyComposer);
  const composed = () => home.show("left").then(({ state }) => state === "idle");
  await eventually(composed, { what: "the left session was sent nothing" });
  expect(home.model.texts().filter((text) => text.includes("for the left"))).toEqual([]);
});

test("a terminal that says it is light gets colours that are read on white; its answer types nothing", async () => {
  await newSessions("light");
  const terminal = await attach("light");
  say(terminal, "say `code` on paper");
  await terminal.waitFor("• code on paper");
  expect(terminal.raw()).toContain("\u001b]11;?\u001b\\");
  expect(terminal.raw()).not.toContain("\u001b[38;5;");
  terminal.type("a\u001b]11;rgb:ffff/ffff/ffff\u001b\\b");
  await terminal.waitFor("› ab");
  await eventually(() => terminal.raw().includes("\u001b[38;5;24mcode"), {
    what: "code is drawn in dark cyan",
  });
});
