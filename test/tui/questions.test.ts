/** What the real codex asks besides approvals, and the plans it makes: on a phone and in a classic terminal. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/codex.ts";
import type { Script } from "../support/model.ts";
import { createScreens, focusApproval, readQuestion, say } from "../support/screens.ts";
import type { TestTerminal } from "../support/terminal.ts";

const server = join(root, "test/support/asking-tools.ts");
const { home, attach, newSessions } = await createScreens({
  codexConfig: `
[features]
default_mode_request_user_input = true
[tools.update_plan]
enabled = true
[mcp_servers.shop]
command = ${JSON.stringify(process.execPath)}
args = [${JSON.stringify(server)}]
default_tools_approval_mode = "approve"
`,
});

/** Calls a function of codex's once, and says what it gave. */
function calls(call: string, args: Record<string, unknown>, namespace?: string): Script {
  return async function* ({ toolOutput }) {
    if (toolOutput !== null) yield { text: `it gave ${toolOutput}` };
    else yield { call, arguments: args, ...(namespace === undefined ? {} : { namespace }) };
  };
}

const options = (...labels: string[]) =>
  labels.map((label) => ({ label, description: `so ${label}` }));
home.model.on(
  /^choose/,
  calls("request_user_input", {
    questions: [
      {
        id: "colour",
        header: "Colour",
        question: "Which colour?",
        options: options("red", "blue"),
      },
      { id: "name", header: "Name", question: "What name?", options: options("Ann", "Bob") },
    ],
  }),
);
const long = Array.from({ length: 30 }, (_, line) => `reason ${line}`).join("\n");
home.model.on(
  /^read/,
  calls("request_user_input", {
    questions: [
      { id: "sure", header: "Sure", question: `${long}\nSo?`, options: options("yes", "no") },
    ],
  }),
);
home.model.on(/^order/, calls("order", {}, "mcp__shop"));
home.model.on(/^confirm/, calls("confirm", {}, "mcp__shop"));
const steps = [
  { step: "look at all of it", status: "completed" },
  { step: "mend what is wrong", status: "in_progress" },
  { step: "say so", status: "pending" },
];
home.model.on(/^plan/, calls("update_plan", { explanation: "First things first", plan: steps }));

/** True when the screen has the text, wherever its rows break. */
function holds(text: string): (lines: string[]) => boolean {
  return (lines) =>
    lines
      .map((line) => line.trim())
      .join("")
      .includes(text);
}

/** Presses a key until it shows; keys that scroll do no harm by coming once more. */
async function scrollTo(terminal: TestTerminal, key: string, sight: string): Promise<void> {
  while (!terminal.text().includes(sight)) {
    const before = terminal.text();
    terminal.press(key);
    await terminal.waitFor((lines) => lines.join("\n").trimEnd() !== before);
  }
}

describe.each([
  { cols: 40, rows: 20 },
  { cols: 80, rows: 24 },
])("at $cols×$rows", ({ cols, rows }) => {
  const name = (what: string) => `${what}-${cols}`;
  const begin = async (what: string) => {
    await newSessions(name(what));
    return attach(name(what), { cols, rows });
  };

  test("questions are read before they have the keyboard, and answered one after another", async () => {
    const terminal = await begin("asks");
    say(terminal, "choose");
    await terminal.waitFor("Colour (1 of 2)");
    await terminal.waitFor(/2 blue\s+so blue/);
    // Nobody gave it the keyboard: this is a message.
    terminal.type("2 words");
    await terminal.waitFor("› 2 words");
    await focusApproval(terminal);
    // The second key was pressed before its question was seen.
    terminal.type("2x");
    await terminal.waitFor("this question is new");
    await readQuestion(terminal, "Name (2 of 2)");
    terminal.type("Zoë");
    await terminal.waitFor("› Zoë▏");
    terminal.press("enter");
    await terminal.waitFor(holds('"colour":{"answers":["blue"]}'));
    await terminal.waitFor(holds('"name":{"answers":["Zoë"]}'));
    await terminal.waitFor("› 2 words");
  });

  test("a question that is longer than the screen is answered when its end was seen", async () => {
    const terminal = await begin("long");
    say(terminal, "read");
    await terminal.waitFor("reason 0");
    await focusApproval(terminal);
    terminal.press("1");
    await terminal.waitFor("not in view yet");
    await scrollTo(terminal, "down", "2 no");
    // Codex offers an answer of one's own, too.
    await scrollTo(terminal, "pagedown", "so no");
    terminal.press("1");
    await terminal.waitFor(/it gave[\s\S]*"yes"/);
  });

  test("a tool's form is filled in with values of its types, and a plain one accepted", async () => {
    const terminal = await begin("form");
    say(terminal, "order");
    await terminal.waitFor("A tool asks");
    await terminal.waitFor("Order it?");
    await terminal.waitFor("from shop");
    await focusApproval(terminal);
    terminal.press("f");
    await readQuestion(terminal, "How many (1 of 3)");
    terminal.type("many");
    terminal.press("enter");
    await terminal.waitFor("a whole number is needed here");
    terminal.press("ctrl-u");
    terminal.type("12");
    terminal.press("enter");
    await readQuestion(terminal, "As a gift (2 of 3)");
    terminal.press("1");
    await readQuestion(terminal, "Which size (3 of 3)");
    terminal.press("2");
    await terminal.waitFor(holds('"action":"accept"'));
    await terminal.waitFor(holds('"content":{"count":12,"gift":true,"size":"large"}'));
    await terminal.waitFor(`[${name("form")}] idle`);
    say(terminal, "confirm");
    await terminal.waitFor("Really?");
    await focusApproval(terminal);
    terminal.press("n");
    await terminal.waitFor(holds('"action":"decline"'));
  });

  test("a plan is a checklist", async () => {
    const terminal = await begin("plan");
    say(terminal, "plan");
    await terminal.waitFor("≡ plan 1/3: First things first");
    await terminal.waitFor(/ ☑ look at all of it\s+▸ mend what is wrong\s+☐ say so/);
    await terminal.waitFor("it gave Plan updated");
  });

  test("a command longer than the screen runs when its end was seen", async () => {
    const terminal = await begin("command");
    const file = `ran-at-${cols}`;
    const lines = Array.from({ length: 30 }, (_, line) => `: step ${line}`);
    terminal.paste(`ask ${[...lines, `touch ${file}`].join("\n")}`);
    terminal.press("enter");
    await readQuestion(terminal, "rows more");
    terminal.type("/approve\r");
    await terminal.waitFor(/not in view yet:\s+\/answer,\s+then\s+Space/);
    await focusApproval(terminal);
    terminal.press("y");
    await terminal.waitFor(/not in view yet: Space/);
    expect((await home.show(name("command"))).approvals).toBe(1);
    await scrollTo(terminal, "space", `touch ${file}`);
    await scrollTo(terminal, "space", "because");
    terminal.press("y");
    await terminal.waitFor(`[${name("command")}] idle`);
    expect(existsSync(join(home.work, file))).toBe(true);
  });

  test("what is typed with a command is no answer to the question that it opens", async () => {
    const terminal = await begin("ahead");
    say(terminal, "say to be kept");
    await terminal.waitFor("• to be kept");
    await terminal.waitFor(`[${name("ahead")}] idle`);
    terminal.type("/undo\ryy");
    await terminal.waitFor("Yes, forget it");
    terminal.press("n");
    await terminal.waitFor((rows) => !rows.join("\n").includes("forget it"));
    terminal.type("/kill\ry");
    await terminal.waitFor("this question is new");
    await terminal.waitFor((rows) => /Its history stays\.\s+\(y\/n\)/.test(rows.join(" ")));
    terminal.press("n");
    await terminal.waitFor("• to be kept");
    expect((await home.show(name("ahead"))).state).toBe("idle");
  });
});
