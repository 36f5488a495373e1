/** What is written in $EDITOR, in real terminals, with a small program that does what editors do. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { program } from "../support/home.ts";
import { createScreens } from "../support/screens.ts";
import type { TestTerminal } from "../support/terminal.ts";

const { home, open, newSessions } = await createScreens();

/** The environment of one that runs these lines, then adds what is typed to the text. */
function editor(...lines: string[]): Record<string, string | undefined> {
  const script = join(home.dir, `editor-${Math.random()}.sh`);
  const all = [
    "#!/bin/sh",
    ...lines,
    "echo ready to edit",
    "read -r line",
    'text=$(cat "$2")',
    'printf "%s %s\\n" "$text" "$line" > "$2"',
  ];
  writeFileSync(script, `${all.join("\n")}\n`, { mode: 0o755 });
  return { ...home.env, EDITOR: `${script} --wait` };
}

/** Writes something, and opens the editor for the rest. */
async function write(terminal: TestTerminal, text: string): Promise<void> {
  terminal.type(text);
  await terminal.waitFor(`› ${text}`);
  terminal.press("ctrl-g");
}

/** As vim does it on Ctrl-z: it stops its whole group, and goes on where it was. */
const stops = ["kill -s TSTP 0", "echo went on"];

test("Ctrl-g hands the terminal to the editor, and takes it and the text back", async () => {
  await newSessions("editor");
  const env = editor('stty -a | grep -o " icanon" > "$HOME/mode"');
  const terminal = open({ command: program, args: ["attach", "editor"], env });
  await terminal.waitFor("[editor]");
  await write(terminal, "say written");
  await terminal.waitFor("ready to edit");
  expect(terminal.alternate()).toBe(false);
  terminal.type("in the editor\n");
  await terminal.waitFor("› say written in the editor");
  expect(terminal.alternate()).toBe(true);
  expect(readFileSync(join(home.dir, "mode"), "utf8")).toContain("icanon");
  terminal.press("enter");
  await terminal.waitFor("• written in the editor");
});

test("an editor that is stopped goes to the background with attach, and comes back with it", async () => {
  await newSessions("stops");
  const shell = open({
    command: "bash",
    args: ["--norc", "--noprofile", "-i"],
    env: { ...editor(...stops), PS1: "ready> " },
  });
  await shell.waitFor("ready>");
  shell.type(`${program} attach stops\r`);
  await shell.waitFor("[stops]");
  await write(shell, "say written");
  await shell.waitFor(/Stopped[\s\S]*ready>/);
  expect(shell.text()).not.toContain("went on");
  shell.type("fg\r");
  await shell.waitFor(/went on\s+ready to edit/);
  shell.type("after a pause\n");
  await shell.waitFor("› say written after a pause");
  // A stop of attach's own is one again.
  shell.press("ctrl-b", "ctrl-z");
  await shell.waitFor((lines) => lines.join("\n").match(/Stopped/g)?.length === 2);
  shell.type("fg\r");
  await shell.waitFor("› say written after a pause");
  shell.press("ctrl-b", "d");
  await shell.waitFor("[detached (from session stops)]");
});

test("where no shell controls jobs, an editor that wants to stop goes on", async () => {
  await newSessions("alone");
  const terminal = open({ command: program, args: ["attach", "alone"], env: editor(...stops) });
  await terminal.waitFor("[alone]");
  await write(terminal, "say written");
  await terminal.waitFor(/went on\s+ready to edit/);
  terminal.type("at once\n");
  await terminal.waitFor("› say written at once");
});

test("in the editor the wheel and the focus are reported to nobody, and afterwards again", async () => {
  await newSessions("modes");
  // An editor with a mouse of its own turns it off when it leaves.
  const env = editor("trap 'printf \"\\033[?1006l\\033[?1000l\\033[?1004l\"' EXIT");
  const terminal = open({ command: program, args: ["attach", "modes"], env });
  await terminal.waitFor("[modes]");
  const modes = () =>
    ["?1000", "?1006", "?1004"].map(
      (mode) =>
        terminal.raw().lastIndexOf(`\u001b[${mode}h`) >
        terminal.raw().lastIndexOf(`\u001b[${mode}l`),
    );
  await eventually(() => modes().every((on) => on), {
    what: "the wheel and the focus are reported",
  });
  await write(terminal, "say written");
  await terminal.waitFor("ready to edit");
  expect(modes()).toEqual([false, false, false]);
  terminal.type("in peace\n");
  await terminal.waitFor("› say written in peace");
  await eventually(() => modes().every((on) => on), { what: "they are reported again" });
});

/**
 * Renames a session and ends it while the editor is open, and resolves when attach knows of both:
 * nothing is drawn then, but what it learns later of the session beside it rings.
 */
async function endUnderEditor(name: string, terminal: TestTerminal): Promise<void> {
  await terminal.waitFor("ready to edit");
  await home.ok(["rename", name, `${name}-2`]);
  await home.ok(["kill", `${name}-2`]);
  await home.ok(["send", `beside-${name}`, "ask echo ring"]);
  const rung = () => terminal.raw().includes(`beside-${name} waits for an approval`);
  await eventually(rung, { what: "attach has heard of what came after the end" });
}

test("a session that ends under the editor leaves it alone, and what is written is shown after it", async () => {
  await newSessions("beside-only", "only");
  const terminal = open({ command: program, args: ["attach", "only"], env: editor() });
  await terminal.waitFor("[only]");
  await write(terminal, "say written");
  await endUnderEditor("only", terminal);
  expect(terminal.text()).not.toContain("[ended]");
  terminal.type("to the end\n");
  expect(await terminal.exited).toEqual({ code: 0, signal: null });
  expect(terminal.alternate()).toBe(false);
  expect(terminal.text()).toMatch(
    /\[ended\] \(session only-2\)\nWritten and not sent:\nsay written to the end$/,
  );
});

test("a pane that ends under the editor leaves what is written to Up, and the other pane its draft", async () => {
  await newSessions("beside-dies", "stays", "dies");
  const terminal = open({ command: program, args: ["attach", "stays"], env: editor(), cols: 160 });
  await terminal.waitFor("[stays]");
  terminal.type("a draft of its own");
  await terminal.waitFor("› a draft of its own");
  await terminal.waitFor(/ dies\b/);
  terminal.press("ctrl-b", ":");
  terminal.type("vsplit dies\r");
  await terminal.waitFor(/\[stays\].*\[dies\]/);
  await write(terminal, "say written");
  await endUnderEditor("dies", terminal);
  terminal.type("to the end\n");
  await terminal.waitFor("dies is gone; Up in an empty composer brings what you wrote");
  expect(terminal.text()).toContain("› a draft of its own");
  expect(terminal.text()).not.toContain("to the end");
  terminal.press("ctrl-u", "up");
  await terminal.waitFor("› say written to the end");
});
