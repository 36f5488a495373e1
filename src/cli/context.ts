/**
 * What a verb works with: the daemon it was told to use, the two outputs, and the terminal. One
 * is made for each run, and a test makes one of its own.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Connection } from "../client/connection.ts";
import { dial } from "../client/dial.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Method, Params, Result } from "../protocol/methods.ts";
import { type DaemonChoice, pathsFor } from "../system/paths.ts";
import { sleep } from "../system/sleep.ts";
import { stderr, stdout, toJson, write } from "./output.ts";
import { proseColumns, wrap } from "./text/wrap.ts";
import type { GlobalOptions } from "./verb.ts";

export interface Terminal {
  /** stdin is one; with stdout one too, a TUI can run. */
  in: boolean;
  /** stdout is one, so text is drawn for people. */
  out: boolean;
  /** Infinity when there is no terminal to fit. */
  columns: number;
}

const interruptedExitCode = 130;

/** Methods that do no harm when they are called twice; a send always carries its id. */
const REPEATABLE: ReadonlySet<Method> = new Set<Method>([
  "daemon/status",
  "daemon/metrics",
  "daemon/activity",
  "daemon/audit",
  "daemon/search",
  "hook/list",
  "archive/search",
  "archive/sessions",
  "archive/history",
  "session/list",
  "session/show",
  "session/history",
  "session/receipt",
  "session/approvals",
  "session/send",
  "session/wake",
  // What is stopped in a panic is to be stopped, whatever becomes of the daemon meanwhile.
  "session/panic",
]);

export class Context {
  readonly choice: DaemonChoice;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  #connection: Connection | undefined;

  constructor(
    options: GlobalOptions,
    terminal: Terminal,
    env: NodeJS.ProcessEnv = process.env,
    cwd: string = process.cwd(),
  ) {
    const { host } = options;
    this.choice = {
      ...(host === undefined ? {} : { host }),
      ...(options.socket === undefined
        ? {}
        : { socket: host === undefined ? resolve(cwd, options.socket) : options.socket }),
      ...(options.label === undefined ? {} : { label: options.label }),
    };
    this.json = options.json ?? false;
    this.quiet = options.quiet ?? false;
    this.verbose = options.verbose ?? false;
    this.terminal = terminal;
    this.env = env;
    this.cwd = cwd;
    this.color =
      options.color && terminal.out && !env.NO_COLOR && env.TERM !== "dumb" && !this.json;
  }

  /**
   * What SIGINT does before the program ends with 130: a verb that waits says what goes on. Without
   * this the signal ends the program by itself, also in a write that nobody reads.
   */
  onInterrupt(act: () => void): void {
    process.once("SIGINT", () => {
      act();
      process.exit(interruptedExitCode);
    });
  }

  /** Text for stdout, as it is. */
  write(text: string): void {
    write(stdout, text);
  }

  /** One line or several for stdout; the last newline is added. */
  print(text: string): void {
    this.write(`${text}\n`);
  }

  printJson(value: unknown): void {
    this.print(toJson(value));
  }

  /** For people, on stderr; `--quiet` silences it. */
  note(text: string): void {
    if (!this.quiet) write(stderr, `${text}\n`);
  }

  /** The same, with lines that fit the terminal. */
  noteProse(text: string): void {
    this.note(wrap(text, proseColumns(this.terminal.columns)).join("\n"));
  }

  paint(style: keyof typeof STYLES, text: string): string {
    return this.color ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
  }

  /** A new connection; the daemon is started when none runs. */
  async dial(): Promise<Connection> {
    if (this.choice.host !== undefined) return this.#dialHost(this.choice.host);
    try {
      return await this.#dialHere();
    } catch (error) {
      if (!isLost(error)) throw error;
    }
    if (this.verbose) this.note("hacs-session: no daemon answers; starting one.");
    // What starts a daemon takes time to load, and most commands find one.
    const { connectOrStart } = await import("../client/launch.ts");
    return connectOrStart(this.choice, "cli");
  }

  /** A new connection to a daemon that runs already; throws `daemon-unreachable` otherwise. */
  async dialRunning(): Promise<Connection> {
    if (this.choice.host !== undefined) return this.#dialHost(this.choice.host, false);
    try {
      return await this.#dialHere();
    } catch (error) {
      if (!isLost(error)) throw error;
      const { summon } = await import("../client/summon.ts");
      if (!(await summon(pathsFor(this.choice, this.env)))) throw error;
    }
    return this.#dialHere();
  }

  #dialHere(): Promise<Connection> {
    const { socket } = pathsFor(this.choice, this.env);
    if (this.verbose) this.note(`hacs-session: asking the daemon on ${socket}`);
    return dial(socket, "cli");
  }

  async #dialHost(host: string, starts = true): Promise<Connection> {
    if (this.verbose) this.note(`hacs-session: asking the daemon on ${host}, over ssh`);
    const { besideTerminal, dialHost, targetOf } = await import("../client/host.ts");
    const target = { ...targetOf(this.choice), host, ...(starts ? {} : { starts }) };
    return dialHost(target, "cli", besideTerminal());
  }

  /** After a connection broke: as `reconnect` has it. */
  async redial(): Promise<Connection> {
    const { reconnect } = await import("../client/launch.ts");
    const { besideTerminal } = await import("../client/host.ts");
    return reconnect(this.choice, "cli", besideTerminal());
  }

  /** One call on the connection that this run shares. */
  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    try {
      return await (await this.#connected()).call(method, params);
    } catch (error) {
      if (isStopping(error)) return this.#callNext(method, params);
      if (!isLost(error) || !this.#connection?.closed) throw error;
      this.#connection = undefined;
      if (REPEATABLE.has(method)) return (await this.#connected()).call(method, params);
      throw new HacsError(
        "daemon-unreachable",
        `The daemon went away before it answered ${method}; it may have been done.`,
        "Look before you try again: hacs-session ls --all",
      );
    }
  }

  /** What a daemon that is shutting down refused was not done, so the next one may be asked. */
  async #callNext<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    this.close();
    if (this.verbose) this.note("hacs-session: the daemon is shutting down; asking the next one.");
    await this.whenStopped();
    return (await this.#connected()).call(method, params);
  }

  /** Waits for the end of a daemon that is shutting down, as long as that may take. */
  async whenStopped(): Promise<void> {
    const { host } = this.choice;
    const socket = host === undefined ? pathsFor(this.choice, this.env).socket : "";
    const deadline = performance.now() + stoppingTimeoutMs;
    while ((host !== undefined || existsSync(socket)) && performance.now() < deadline) {
      // Another may have taken its place already, and that one answers.
      if (await this.#isServed()) return;
      await sleep(pollMs);
    }
  }

  /** Whether a daemon answers that does not shut down. */
  async #isServed(): Promise<boolean> {
    const { host } = this.choice;
    try {
      const connection = await (host === undefined
        ? this.#dialHere()
        : this.#dialHost(host, false));
      await connection.call("session/list", {}).finally(() => connection.close());
      return true;
    } catch (error) {
      if (isLost(error) || isStopping(error)) return false;
      throw error;
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #connected(): Promise<Connection> {
    this.#connection ??= await this.dial();
    return this.#connection;
  }
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** A daemon that was told to stop may put its agents to sleep first. */
const stoppingTimeoutMs = 10_000;
const pollMs = 20;

export function isStopping(error: unknown): boolean {
  return error instanceof HacsError && error.code === "daemon-stopping";
}

function isLost(error: unknown): boolean {
  return error instanceof HacsError && error.code === "daemon-unreachable";
}
