/**
 * What the tests of `attach` begin with: a home of the file's own, and terminals in it that are
 * closed after each test.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach } from "vitest";
import { shownMinMs } from "../../src/tui/approvals/in-view.ts";
import { eventually } from "./eventually.ts";
import { createHome, type Home } from "./home.ts";
import { openTerminal, type TerminalOptions, type TestTerminal } from "./terminal.ts";

/** The terminals that the TUI is made for: a phone, the classic one, a desktop. */
export const sizes = [
  { cols: 40, rows: 20 },
  { cols: 80, rows: 24 },
  { cols: 200, rows: 50 },
] as const;

export interface Screens {
  readonly home: Home;
  /** Attaches a session, and resolves when its name is on the screen. */
  attach(name: string, options?: AttachOptions): Promise<TestTerminal>;
  /** Runs the command line in a terminal. */
  run(args: string[], size?: { cols?: number; rows?: number }): TestTerminal;
  /** Any other program in a terminal, in the home's directory and environment. */
  open(options: TerminalOptions): TestTerminal;
  newSessions(...names: string[]): Promise<void>;
}

export interface AttachOptions {
  args?: string[];
  cols?: number;
  rows?: number;
}

/** Call it at the top of a test file, and await it. */
export async function createScreens({
  codexConfig,
  ...usual
}: {
  cols?: number;
  rows?: number;
  codexConfig?: string;
} = {}): Promise<Screens> {
  const home = await createHome(codexConfig === undefined ? {} : { codexConfig });
  const terminals: TestTerminal[] = [];
  afterEach(async () => {
    for (const terminal of terminals.splice(0)) await terminal.close();
  });
  afterAll(() => home.close());
  const opened = (terminal: TestTerminal): TestTerminal => {
    terminals.push(terminal);
    return terminal;
  };
  return {
    home,
    attach: async (name, { args = [], ...size } = {}) => {
      const terminal = opened(home.terminal(["attach", name, ...args], { ...usual, ...size }));
      await terminal.waitFor(`[${name}]`);
      return terminal;
    },
    run: (args, size = {}) => opened(home.terminal(args, { ...usual, ...size })),
    open: (options) => opened(openTerminal({ env: home.env, cwd: home.work, ...options })),
    newSessions: async (...names) => {
      for (const name of names) await home.ok(["new", name, "-d"]);
    },
  };
}

/** Types a line and sends it. */
export function say(terminal: TestTerminal, text: string): void {
  terminal.type(text);
  terminal.press("enter");
}

/**
 * Resolves when a question takes an answer: once it has been on the screen for as long as that
 * takes. What is seen here was taken note of there before.
 */
export async function readQuestion(terminal: TestTerminal, question: string): Promise<void> {
  await terminal.waitFor(question);
  await sleep(shownMinMs);
}

/**
 * Gives a waiting prompt the keyboard; one that has only just come does not take it yet. `taken`
 * is what the screen says once it has it.
 */
export async function focusApproval(
  terminal: TestTerminal,
  taken = "Esc back to writing",
): Promise<void> {
  const focused = () => {
    if (terminal.text().includes(taken)) return true;
    terminal.press("ctrl-b", "a");
    throw new Error(`a screen without "${taken}":\n${terminal.text()}`);
  };
  await eventually(focused, { what: "the prompt takes the keyboard", everyMs: 200 });
}
