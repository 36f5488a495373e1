/**
 * A whole machine for one test: a HACS_SESSION_HOME of its own with its own daemon, a CODEX_HOME
 * that points at a test's model, and a directory to work in. `close` ends every process that came
 * of it and fails when one cannot be ended.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Connection } from "../../src/client/connection.ts";
import { dial } from "../../src/client/dial.ts";
import { HacsError } from "../../src/protocol/errors.ts";
import type { SessionDetail } from "../../src/protocol/session.ts";
import { codexBinary, codexConfig, root } from "./codex.ts";
import { eventually } from "./eventually.ts";
import { createModel, type TestModel } from "./model.ts";
import { type ProcessInfo, processesOf, signal, whenGone } from "./processes.ts";
import {
  type Outcome,
  type Program,
  type ProgramOptions,
  runProgram,
  startProgram,
} from "./program.ts";
import { openTerminal, type TestTerminal } from "./terminal.ts";

export const program: string = join(root, "bin/hacs-session");

export interface HomeOptions {
  /** The model that codex asks; one of its own when left out, closed with the home. */
  model?: TestModel;
  /** More lines for codex's config.toml, before its tables. */
  codexConfig?: string;
  /** More members for hacs-session's config.json. */
  config?: object;
  /** More environment for everything that is run. */
  env?: Record<string, string>;
}

export type CliOptions = ProgramOptions & { timeoutMs?: number };

export class Home {
  readonly model: TestModel;
  /** HACS_SESSION_HOME; everything else is inside it. */
  readonly dir: string;
  readonly codexHome: string;
  /** Where sessions work; commands are run here too. */
  readonly work: string;
  readonly socket: string;
  readonly env: Record<string, string>;
  readonly #ownsModel: boolean;
  readonly #connections: Connection[] = [];

  constructor(model: TestModel, ownsModel: boolean, options: HomeOptions) {
    this.model = model;
    this.#ownsModel = ownsModel;
    // Short, because a unix socket's path has at most 107 bytes; made with mode 700.
    this.dir = realpathSync(mkdtempSync("/tmp/hs-"));
    this.codexHome = join(this.dir, "codex");
    this.work = join(this.dir, "work");
    this.socket = join(this.dir, "run/default.sock");
    this.env = {
      PATH: process.env.PATH ?? "/usr/bin:/bin",
      HOME: this.dir,
      LANG: "C.UTF-8",
      SHELL: "/bin/bash",
      CODEX_HOME: this.codexHome,
      HACS_SESSION_HOME: this.dir,
      ...options.env,
    };
    for (const made of [this.codexHome, this.work, join(this.dir, "config")])
      mkdirSync(made, { mode: 0o700 });
    const extra = options.codexConfig ?? "";
    writeFileSync(
      join(this.codexHome, "config.toml"),
      codexConfig({ baseUrl: model.baseUrl, extra }),
    );
    this.configure({ codex: codexBinary, ...options.config });
  }

  /** Writes hacs-session's config.json anew. */
  configure(config: object): void {
    writeFileSync(join(this.dir, "config/config.json"), JSON.stringify(config), { mode: 0o600 });
  }

  /** Runs the command line to its end. */
  cli(args: string[], options: CliOptions = {}): Promise<Outcome> {
    return runProgram(program, args, this.#surroundings(options));
  }

  /** The same for a command that must exit with 0; gives its stdout. */
  async ok(args: string[], options: CliOptions = {}): Promise<string> {
    const outcome = await this.cli(args, options);
    if (outcome.code === 0) return outcome.stdout;
    const shown = JSON.stringify(outcome, null, 2);
    throw new Error(`hacs-session ${args.join(" ")} failed: ${shown}\n${this.daemonLog()}`);
  }

  /** The same with `--json`; gives what it printed. */
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects by what it asserts
  async cliJson(args: string[], options: CliOptions = {}): Promise<any> {
    return JSON.parse(await this.ok([...args, "--json"], options));
  }

  /** Runs the command line beside the test: `tail -f`, `wait`, a `send --wait` to be killed. */
  start(args: string[], options: ProgramOptions = {}): Program {
    return startProgram(program, args, this.#surroundings(options));
  }

  /** Runs the command line in a terminal. */
  terminal(args: string[], size: { cols?: number; rows?: number } = {}): TestTerminal {
    return openTerminal({ command: program, args, ...size, env: this.env, cwd: this.work });
  }

  #surroundings<T extends ProgramOptions>(options: T): T {
    return { cwd: this.work, ...options, env: { ...this.env, ...options.env } };
  }

  /** A client's connection to the daemon, which is started when none runs. */
  async connect(kind = "script"): Promise<Connection> {
    const connection = await this.#dialOrStart(kind);
    this.#connections.push(connection);
    return connection;
  }

  async #dialOrStart(kind: string): Promise<Connection> {
    try {
      return await dial(this.socket, kind);
    } catch (error) {
      if (!(error instanceof HacsError) || error.code !== "daemon-unreachable") throw error;
    }
    await this.ok(["daemon", "start"]);
    return dial(this.socket, kind);
  }

  /** Every process that came of this home, the test's own children included. */
  processes(): ProcessInfo[] {
    return processesOf("HACS_SESSION_HOME", this.dir);
  }

  daemonPids(): number[] {
    return this.#pidsOf((argv) => argv.some((arg) => arg.endsWith("/daemon.cjs")));
  }

  /** The one daemon; throws when there is none or more than one. */
  daemonPid(): number {
    const pids = this.daemonPids();
    if (pids.length === 1) return pids[0]!;
    throw new Error(`There is one daemon expected; there are ${pids.length} (${pids.join(", ")}).`);
  }

  /** Kills the daemon and waits until it is gone; its agents live on. Gives its pid. */
  async killDaemon(name: NodeJS.Signals = "SIGKILL"): Promise<number> {
    const pid = this.daemonPid();
    signal(pid, name);
    await whenGone(pid);
    return pid;
  }

  /** The live agents, found without asking a daemon. */
  agentPids(): number[] {
    return this.#pidsOf((argv) => argv.includes("app-server"));
  }

  /** A session's agent, as the daemon names it; throws when it has none. */
  async agentPid(name: string): Promise<number> {
    const { agentPid } = await this.show(name);
    if (agentPid !== null) return agentPid;
    throw new Error(`The session "${name}" has no agent.`);
  }

  /** The socket that a session's agent listens on itself, which is the daemon's to use. */
  async agentSocket(name: string): Promise<string> {
    const { id } = await this.show(name);
    return join(this.dir, `run/default.agents/${id}.sock`);
  }

  async killAgent(name: string, signalName: NodeJS.Signals = "SIGKILL"): Promise<number> {
    const pid = await this.agentPid(name);
    signal(pid, signalName);
    await whenGone(pid);
    return pid;
  }

  show(name: string): Promise<SessionDetail> {
    return this.cliJson(["show", name]);
  }

  /** The default daemon's log, for a failure's message. */
  daemonLog(): string {
    try {
      return readFileSync(join(this.dir, "state/default/daemon.log"), "utf8");
    } catch {
      return "(no daemon log)";
    }
  }

  #pidsOf(is: (argv: string[]) => boolean): number[] {
    return this.processes()
      .filter(({ argv }) => is(argv))
      .map(({ pid }) => pid);
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    // A daemon would start agents anew while they are killed, so it goes first.
    for (const pid of this.daemonPids()) signal(pid, "SIGKILL");
    await eventually(
      () => {
        const left = this.processes();
        for (const { pid } of left) signal(pid, "SIGKILL");
        if (left.length === 0) return true;
        throw new Error(left.map(({ pid, argv }) => `${pid}: ${argv.join(" ")}`).join("; "));
      },
      { what: `no process of ${this.dir} is left` },
    );
    if (this.#ownsModel) await this.model.close();
    for (const socket of codexSockets(join(this.dir, "run"))) rmSync(socket, { force: true });
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function createHome(options: HomeOptions = {}): Promise<Home> {
  const model = options.model ?? (await createModel());
  return new Home(model, options.model === undefined, options);
}

/** codex puts a socket into a directory of its own and links to it; a killed one leaves it there. */
function codexSockets(dir: string): string[] {
  const links = () => readdirSync(dir, { recursive: true, withFileTypes: true });
  try {
    return links()
      .filter((entry) => entry.isSymbolicLink())
      .map((entry) => realpathSync(join(entry.parentPath, entry.name)));
  } catch {
    return [];
  }
}
