/**
 * A real terminal: the program runs on a pty, and its output is drawn by the emulator that VS
 * Code uses, which also answers what a program asks of its terminal. Waiting goes by what is
 * drawn, never by time.
 */
import { write as writeFd } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type IPty, spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { deadlineMs, within } from "./eventually.ts";
import { sequenceOf } from "./keys.ts";

export interface TerminalOptions {
  command: string;
  args?: string[];
  cols?: number;
  rows?: number;
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/** What `waitFor` looks for: a text, a pattern, or any question about the lines on the screen. */
export type Sight = string | RegExp | ((lines: string[]) => boolean);

export interface TestTerminal {
  pid: number;
  /** Sends text as typed; newlines are sent as they are, not as Enter. */
  type(text: string): void;
  /** Sends a key: "enter", "escape", "up", "tab", "shift-tab", "ctrl-c", "alt-enter", "f1", "a". */
  press(...keys: string[]): void;
  /** Pastes as a terminal does, bracketed when the program asked for that. */
  paste(text: string): void;
  /** The lines on the screen, trailing blanks cut, exactly `rows` of them. */
  screen(): string[];
  /** The screen as one text, without empty lines at its end. */
  text(): string;
  /** Everything that has scrolled off, and the screen. */
  scrollback(): string[];
  cursor(): { x: number; y: number };
  /** True while the program uses the alternate screen. */
  alternate(): boolean;
  /** Resolves with the screen's text as soon as the sight is there. */
  waitFor(sight: Sight, options?: { timeoutMs?: number }): Promise<string>;
  /** Calls `look` with each piece of output, as soon as it is on the screen. */
  onDrawn(look: (output: string) => void): void;
  resize(cols: number, rows: number): void;
  exited: Promise<{ code: number; signal: number | null }>;
  /** All bytes the program wrote, as they came. */
  raw(): string;
  close(): Promise<void>;
}

export function openTerminal(options: TerminalOptions): TestTerminal {
  const { cols = 80, rows = 24 } = options;
  const emulator = new xterm.Terminal({ cols, rows, scrollback: 10_000, allowProposedApi: true });
  const pty = spawn(options.command, options.args ?? [], {
    name: "xterm-256color",
    cols,
    rows,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: environment(options.env ?? process.env),
  });
  return attach(pty, emulator, options.command);
}

function attach(pty: IPty, emulator: xterm.Terminal, command: string): TestTerminal {
  const raw: string[] = [];
  const drawn = new Set<(output: string) => void>();
  let ended: { code: number; signal: number | null } | undefined;
  const notify = (output: string) => {
    for (const look of [...drawn]) look(output);
  };
  pty.onData((data) => {
    raw.push(data);
    emulator.write(data, () => notify(data));
  });
  const keyboard = new Keyboard(pty);
  emulator.onData((reply) => keyboard.write(reply));
  const exited = new Promise<{ code: number; signal: number | null }>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      ended = { code: exitCode, signal: signal || null };
      keyboard.unplug();
      // What the program wrote last may still be on its way into the emulator.
      emulator.write("", () => {
        resolve(ended!);
        notify("");
      });
    });
  });
  const lines = (from: number, to: number) =>
    Array.from(
      { length: to - from },
      (_, row) =>
        emulator.buffer.active
          .getLine(from + row)
          ?.translateToString(true)
          .trimEnd() ?? "",
    );
  const screen = () => {
    const top = emulator.buffer.active.baseY;
    return lines(top, top + emulator.rows);
  };
  const text = () => screen().join("\n").trimEnd();

  // A full-screen program that has just drawn itself may not have asked for pastes yet, and a
  // person is slower than that: a paste waits for it, and what is typed after it waits, too.
  const waiting: string[] = [];
  const takesPastes = () =>
    emulator.modes.bracketedPasteMode || emulator.buffer.active.type !== "alternate";
  const send = (bytes: string) => {
    if (waiting.length > 0) waiting.push(bytes);
    else keyboard.write(bytes);
  };
  drawn.add(() => {
    if (waiting.length > 0 && takesPastes())
      for (const bytes of waiting.splice(0)) keyboard.write(bytes);
  });

  return {
    pid: pty.pid,
    type: send,
    press: (...keys) => send(keys.map(sequenceOf).join("")),
    paste: (pasted) => {
      const bracketed = `\x1b[200~${pasted}\x1b[201~`;
      if (waiting.length > 0 || !takesPastes()) waiting.push(bracketed);
      else keyboard.write(emulator.modes.bracketedPasteMode ? bracketed : pasted);
    },
    screen,
    text,
    scrollback: () => lines(0, emulator.buffer.active.length),
    cursor: () => ({ x: emulator.buffer.active.cursorX, y: emulator.buffer.active.cursorY }),
    alternate: () => emulator.buffer.active.type === "alternate",
    waitFor: (sight, { timeoutMs = deadlineMs } = {}) =>
      new Promise((resolve, reject) => {
        const give = (error?: Error) => {
          clearTimeout(timer);
          drawn.delete(look);
          if (error) reject(error);
          else resolve(text());
        };
        const fail = (why: string) =>
          give(new Error(`${command} ${why} before it showed ${sight}. The screen:\n${text()}`));
        const timer = setTimeout(() => fail(`took more than ${timeoutMs} ms`), timeoutMs);
        const look = () => {
          if (isSeen(sight, screen())) give();
          else if (ended) fail(`ended with code ${ended.code}`);
        };
        drawn.add(look);
        look();
      }),
    onDrawn: (look) => void drawn.add(look),
    resize: (columns, height) => {
      emulator.resize(columns, height);
      pty.resize(columns, height);
    },
    exited,
    raw: () => raw.join(""),
    close: async () => {
      if (ended === undefined) pty.kill("SIGKILL");
      await within(exited, { what: `${command} ends after SIGKILL` });
      emulator.dispose();
    },
  };
}

/**
 * Hands over what is typed as a terminal does: as much as the program takes, while its output is
 * read on. node-pty's own `write` holds the whole process until all of it is taken, and a program
 * that waits for its output to be read would then wait forever.
 */
class Keyboard {
  readonly #fd: number;
  readonly #queue: Buffer[] = [];
  #writing = false;
  #plugged = true;

  constructor(pty: IPty) {
    this.#fd = (pty as IPty & { fd: number }).fd;
  }

  write(text: string): void {
    this.#queue.push(Buffer.from(text));
    if (!this.#writing) void this.#drain();
  }

  unplug(): void {
    this.#plugged = false;
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    for (let next = this.#queue[0]; next !== undefined && this.#plugged; next = this.#queue[0]) {
      const taken = await write(this.#fd, next);
      if (taken === next.length) this.#queue.shift();
      else if (taken > 0) this.#queue[0] = next.subarray(taken);
      else await sleep(fullMs);
    }
    this.#writing = false;
  }
}

/** How long the program is given to take what it has, before it is offered more. */
const fullMs = 2;

/** Gives how much was taken: nothing while the terminal is full, or when it has just gone. */
function write(fd: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    writeFd(fd, bytes, (error, taken) => {
      if (error === null) resolve(taken);
      else if (error.code === "EAGAIN") resolve(0);
      else if (error.code === "EIO" || error.code === "EBADF") resolve(bytes.length);
      else reject(error);
    });
  });
}

function isSeen(sight: Sight, lines: string[]): boolean {
  if (typeof sight === "function") return sight(lines);
  const text = lines.join("\n");
  return typeof sight === "string" ? text.includes(sight) : sight.test(text);
}

function environment(env: Record<string, string | undefined>): Record<string, string> {
  const given = Object.entries(env).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(given) as Record<string, string>), TERM: "xterm-256color" };
}
