/** Cards and Markdown in a real terminal, from a real codex, on a phone and on a desktop. */

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import type { TestTerminal } from "../support/terminal.ts";

let home: Home;
const terminals: TestTerminal[] = [];
beforeAll(async () => {
  home = await createHome();
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) await terminal.close();
});
afterAll(() => home.close());

async function attach(name: string, cols: number, rows: number): Promise<TestTerminal> {
  const terminal = home.terminal(["attach", name], { cols, rows });
  terminals.push(terminal);
  await terminal.waitFor(`[${name}]`);
  return terminal;
}

function say(terminal: TestTerminal, text: string): void {
  terminal.paste(text);
  terminal.press("enter");
}

test("a command's card folds its output; a search opens it, and o folds it again", async () => {
  await home.ok(["new", "runs", "-d"]);
  const terminal = await attach("runs", 40, 90);
  say(terminal, "run seq 100 140; printf '\\033]52;c;aGk=\\007\\033[2Jhostile\\n'; exit 3");
  await terminal.waitFor("exit code 3");
  await terminal.waitFor(/│ 100\s+│ 101\s+… 3\d lines more/);
  expect(terminal.raw()).not.toContain("\u001b]52");
  expect(terminal.text()).toContain("hostile");
  terminal.type("/find 120");
  terminal.press("enter");
  // The answer repeats what the tool gave; the command's own output is the match before it.
  terminal.press("n");
  await terminal.waitFor(/│ 119\s+│ 120\s+│ 121/);
  terminal.press("o");
  await terminal.waitFor(/│ 101\s+… 3\d lines more/);
});

test("a changed file is a diff with numbers and counts", async () => {
  await home.ok(["new", "writes", "-d"]);
  const phone = await attach("writes", 36, 20);
  const desktop = await attach("writes", 200, 50);
  say(desktop, "write notes.txt hello");
  // While it is asked about it stands in the prompt alone, and afterwards in its card.
  for (const terminal of [phone, desktop]) {
    await terminal.waitFor(/│ ± notes\.txt new \+1 −0\n│\s+1 \+hello/);
    await terminal.waitFor(/^± notes\.txt new \+1 −0\n\s+waits for your answer/m);
  }
  await home.ok(["approve", "writes"]);
  for (const terminal of [phone, desktop]) {
    await terminal.waitFor(/^± notes\.txt new \+1 −0\n\s+1 \+hello/m);
  }
});

test("a table is a table on a desktop and a list on a phone, and code is coloured", async () => {
  await home.ok(["new", "tables", "-d"]);
  const phone = await attach("tables", 36, 40);
  const desktop = await attach("tables", 200, 50);
  const rows =
    "| session | state | doing | host |\n|---|---|---|---|\n| web | idle | nothing at all | desk |";
  say(
    desktop,
    `say ${rows}\n| api | busy | 日本語 | phone |\n\n\`\`\`js\nconst a = 1; // one\n\`\`\``,
  );
  await desktop.waitFor(
    /session │ state │ doing {10}│ host\n.*─┼─.*\n\s+web {5}│ idle {2}│ nothing at all │ desk/,
  );
  await phone.waitFor(/session: api\s+state: busy\s+doing: 日本語/);
  await phone.waitFor("const a = 1; // one");
  const coloured = "\u001b[35mconst\u001b[39m";
  for (const { raw } of [phone, desktop])
    await eventually(() => raw().includes(coloured), { what: "the code is coloured" });
});
