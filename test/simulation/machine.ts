/**
 * A machine on which everything of ours is real but what is under it: the daemon with its store on
 * a real file, against a simulated clock, disk, network and codex. The daemon can die between any
 * two statements; a next one is started a moment later and opens what it left.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "pino";
import { AgentProcess } from "../../src/daemon/agent/agent-process.ts";
import type {
  AgentRuntime,
  AgentSocket,
  RunningAgent,
} from "../../src/daemon/agent/agent-runtime.ts";
import { Confinements } from "../../src/daemon/agent/resources.ts";
import { owner } from "../../src/daemon/client.ts";
import { systemClock } from "../../src/daemon/clock.ts";
import { Daemon } from "../../src/daemon/daemon.ts";
import { configuredLimits } from "../../src/daemon/limits.ts";
import { LineWire } from "../../src/daemon/line-wire.ts";
import { MessageRate } from "../../src/daemon/message-rate.ts";
import { Redactor } from "../../src/daemon/redaction/redactor.ts";
import type { Services } from "../../src/daemon/services.ts";
import { configuredQueueBytes } from "../../src/daemon/session/queue-bounds.ts";
import { Slots } from "../../src/daemon/slots.ts";
import { Store } from "../../src/daemon/store/store.ts";
import { Watch } from "../../src/daemon/watch/watch.ts";
import { HacsError } from "../../src/protocol/errors.ts";
import { pathsFor } from "../../src/system/paths.ts";
import type { ProcessIdentity } from "../../src/system/process-identity.ts";
import type { Random } from "../support/random.ts";
import { Actor, type Clock } from "./clock.ts";
import { Codex, type CodexProcess } from "./codex.ts";
import { type Access, Dead, databaseOn, diskError } from "./disk.ts";
import { Cable } from "./network.ts";

const bootId = "simulation";
/** SQLite begins the log anew when it is longer than this. */
const logBytesMax = 1_000 * 4_096;
const redactor = new Redactor();
/** A file with all tables in it, so that not every schedule has to make them. */
let template: string | undefined;

export class Machine {
  readonly clock: Clock;
  readonly random: Random;
  readonly codex: Codex;
  readonly dir: string;
  readonly cables = new Set<Cable>();
  /** The daemon that runs, from its start until its end. */
  daemon: Daemon | undefined;
  #actor: Actor;
  readonly #open = new Set<DatabaseSync>();
  #file: string;
  /** How much of the write-ahead log is sure to outlive a power cut. */
  #syncedBytes = 0;
  #syncing = false;
  #boots = 0;
  /** Statements until the daemon dies: before one, or after it. */
  #dieIn = Number.POSITIVE_INFINITY;
  #dieAfter = false;
  #commitsOnly = false;
  /** As long as it is, writes fail so. */
  disk: "well" | "full" | "broken" = "well";
  /** Commits until one fails, alone. */
  #refuseIn = Number.POSITIVE_INFINITY;
  /** A commit failed, and the daemon may have gone on. */
  onRefused: () => void = () => {};
  statements = 0;
  /** Deaths in the middle of something, as many as there were. */
  crashes = 0;
  starts = 0;
  readonly log: (line: string) => void;
  /** What must never be: a bug that the daemon met. */
  readonly bugs: string[] = [];

  constructor(clock: Clock, random: Random, log: (line: string) => void, dir: string) {
    this.clock = clock;
    this.random = random;
    this.codex = new Codex(clock, random, log);
    this.log = log;
    this.dir = mkdtempSync(join(dir, "s-"));
    clock.onThrow = (actor, error) => this.#threw(actor, error);
    this.#actor = new Actor(clock, "no daemon");
    this.#actor.kill();
    this.#file = join(this.dir, "history-0.db");
    mkdirSync(join(this.dir, "state/default"), { recursive: true, mode: 0o700 });
    mkdirSync(join(this.dir, "codex"), { mode: 0o700 });
    template ??= makeTemplate(dir);
    copyFileSync(template, this.file);
  }

  /** The history as the present daemon has it, or the last one left it. */
  get file(): string {
    return this.#file;
  }

  get running(): boolean {
    return this.#actor.alive && this.daemon !== undefined;
  }

  start(): void {
    if (this.#actor.alive) return;
    this.starts++;
    this.#actor = new Actor(this.clock, `daemon ${this.starts}`);
    this.#actor.do(() => {
      try {
        this.#boot();
      } catch (error) {
        if (!(error instanceof Dead) && this.#actor.alive)
          this.#die(`it could not start: ${String(error)}`);
      }
    });
  }

  #boot(): void {
    const actor = this.#actor;
    const paths = pathsFor({}, { HACS_SESSION_HOME: this.dir, HOME: this.dir });
    const disk = {
      before: (sql: string, access: Access) => this.#beforeStatement(actor, sql, access),
      after: (sql: string) => this.#afterStatement(sql),
    };
    const services: Services = {
      store: new Store(this.file, redactor, databaseOn(disk, this.#open), `boot ${this.#boots}`),
      runtime: this.#runtime(actor),
      redactor,
      keep: { ageMs: null, bytes: null },
      keepAuditMs: 1e12,
      onCrash: "hold",
      stallAfterMs: 30_000,
      limits: configuredLimits({}),
      queueBytes: configuredQueueBytes({}),
      slots: new Slots(1_000),
      messageRate: new MessageRate(1_000_000, systemClock),
      clock: systemClock,
      resources: {},
      confinements: new Confinements(),
      watch: new Watch(),
      hooks: [],
      metricsPerSession: false,
      paths,
      log: this.#logger(actor),
      codex: "codex",
      name: "here",
      remoteCommand: undefined,
      programDir: "/",
      onStoreError: (error) => {
        // As in `main.ts`: the process ends, and leaves the agents alone.
        if (actor.alive) this.#die(`the history can't be written: ${String(error)}`);
      },
    };
    const daemon = new Daemon(services, () => {
      if (actor.alive) services.store.close();
      if (actor.alive) this.#die("it was stopped");
    });
    // codex's own protocol has sockets of its own, and no part in this.
    daemon.codexProxy.start = async () => {};
    daemon.codexProxy.listen = async () => {};
    daemon.serve({ close: () => {} } as Server);
    this.daemon = daemon;
    this.log(`${actor.name} listens`);
  }

  /** So many more statements, or commits, and then the daemon is no more. */
  dieIn(count: number, after: boolean, commitsOnly = false): void {
    this.#dieIn = count;
    this.#dieAfter = after;
    this.#commitsOnly = commitsOnly;
  }

  /** So many more commits, and one of them finds the disk full. */
  refuseIn(count: number): void {
    this.#refuseIn = count;
  }

  /** As `main.ts` ends the daemon at an error that nobody caught. A disk that fails is no bug. */
  #threw(actor: Actor, error: unknown): void {
    if (error instanceof Dead) return;
    if (actor !== this.#actor) throw error;
    if (!/disk/.test(String(error))) this.bugs.push(`uncaught: ${(error as Error).stack}`);
    this.#die(`an error was not caught: ${error}`);
  }

  /** No further death or failure is planned. */
  spare(): void {
    this.#dieIn = Number.POSITIVE_INFINITY;
    this.#refuseIn = Number.POSITIVE_INFINITY;
  }

  /** SIGKILL. */
  kill(): void {
    if (this.#actor.alive) this.#die("it was killed");
  }

  /** SIGSTOP. */
  stop(): void {
    this.#actor.stop();
  }

  continue(): void {
    this.#actor.continue();
  }

  /** What its user does with it, in its own process. */
  do(work: (daemon: Daemon) => void): void {
    const { daemon } = this;
    if (daemon !== undefined) this.#actor.do(() => work(daemon));
  }

  /** A stream to the daemon. Throws what a client throws when nobody listens. */
  connect(by: Actor): Cable {
    const { daemon } = this;
    if (daemon === undefined || !this.#actor.alive)
      throw new HacsError("daemon-unreachable", "No daemon answers.");
    const cable = new Cable(this.clock, this.random, by, this.#actor);
    this.cables.add(cable);
    this.#actor.do(() => daemon.accept(new LineWire(cable.ends[1]), owner));
    return cable;
  }

  #beforeStatement(actor: Actor, sql: string, { writes, commits }: Access): void {
    if (!actor.alive) throw new Dead();
    this.statements++;
    if (!this.#commitsOnly || sql === "COMMIT") this.#dieIn--;
    if (this.#dieIn <= 0 && !this.#dieAfter) this.#crash();
    if (commits && --this.#refuseIn === 0) this.#refuse(sql, "full");
    if (this.disk === "broken" && writes) this.#refuse(sql, "broken");
    if (this.disk === "full" && commits) this.#refuse(sql, "full");
  }

  #refuse(sql: string, disk: "full" | "broken"): never {
    this.log(`the disk is ${disk}: ${sql.slice(0, 60).replaceAll(/\s+/g, " ")}`);
    this.clock.in(this.clock.world, 0, () => this.onRefused());
    throw diskError(disk);
  }

  #afterStatement(sql: string): void {
    if (sql.startsWith("PRAGMA synchronous")) this.#syncing = sql.endsWith("FULL");
    else if (sql.includes("wal_checkpoint")) this.#syncedBytes = 0;
    else if (sql === "COMMIT" && this.#syncing) this.#syncedBytes = sizeOf(`${this.#file}-wal`);
    if (this.#dieIn <= 0) this.#crash();
  }

  #crash(): never {
    this.crashes++;
    this.#die(`it was killed ${this.#dieAfter ? "after" : "before"} statement ${this.statements}`);
    throw new Dead();
  }

  #die(why: string): void {
    this.log(`${this.#actor.name} ends: ${why}`);
    this.#actor.kill();
    this.daemon = undefined;
    this.spare();
    this.#leaveFiles();
    for (const cable of this.cables) cable.ends[1].die();
    this.cables.clear();
    for (const process of this.codex.living) process.cut();
    this.clock.in(this.clock.world, this.random.int(20, 1_500), () => this.start());
  }

  /** Power is lost: with the daemon go all agents, and what was not synced to the disk. */
  cutPower(): void {
    for (const process of this.codex.living) process.kill();
    this.#boots++;
    const wal = `${this.#file}-wal`;
    if (this.#actor.alive) {
      // More than a log's worth is written over from its beginning, and can't be cut like this.
      const bytes = sizeOf(wal);
      this.#die("the power was cut");
      const kept = this.random.int(Math.min(this.#syncedBytes, bytes), bytes);
      if (bytes < logBytesMax && bytes > 0) truncateSync(`${this.#file}-wal`, kept);
    }
    this.#syncedBytes = 0;
  }

  /**
   * The next daemon gets the files as they are this moment, with what was not committed: just as a
   * killed process leaves them.
   */
  #leaveFiles(): void {
    const file = join(this.dir, `history-${this.starts}.db`);
    for (const part of ["", "-wal"])
      if (existsSync(this.#file + part)) copyFileSync(this.#file + part, file + part);
    for (const db of [...this.#open]) db.close();
    this.#open.clear();
    for (const part of ["", "-wal", "-shm"]) rmSync(this.#file + part, { force: true });
    this.#file = file;
  }

  /** Files alone. */
  remove(): void {
    this.#actor.kill();
    for (const db of [...this.#open]) db.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #runtime(actor: Actor): AgentRuntime {
    const { codex } = this;
    const later = (least: number, most: number) =>
      new Promise<void>((resolve) =>
        this.clock.in(actor, this.random.int(least, most), () => resolve()),
      );
    return {
      locate: async () => ({ path: "codex", version: "9.9.9", stamp: "1" }),
      start: async ({ socket }, onSpawned) => {
        if (!actor.alive) throw new Dead();
        const process = codex.spawn(socket);
        this.log(`codex ${process.pid} begins`);
        const agent = agentOf(process);
        onSpawned(agent.identity);
        while (!process.ready && process.actor.alive) await later(5, 5);
        if (process.actor.alive) return agent;
        throw new HacsError("codex-failed", "codex did not start (signal SIGKILL).");
      },
      adopt: ({ pid }) => {
        const process = codex.living.find((one) => one.pid === pid);
        return process && agentOf(process);
      },
      find: (socket) => {
        const process = codex.living.find((one) => one.socket === socket);
        return process && agentOf(process);
      },
      putAway: () => later(0, 3),
      open: async (socket) => {
        await later(0, 3);
        const process = codex.living.find((one) => one.socket === socket && one.ready);
        if (process === undefined || !actor.alive)
          throw new HacsError("agent-gone", "The session's agent can't be reached.");
        if (!process.actor.stopped) return process.accept(actor) as unknown as AgentSocket;
        await later(5_000, 5_000);
        throw new HacsError("agent-gone", "The session's agent can't be reached: it hangs.");
      },
    };
  }

  #logger(actor: Actor): Logger {
    const say = (level: string) => (details: unknown, text?: unknown) => {
      if (!actor.alive) return;
      const error = (details as { err?: unknown }).err;
      const words = `${level}: ${String(text ?? details)} ${error instanceof Error ? error.stack : JSON.stringify(details)}`;
      this.log(words);
      // A disk that fails may be met anywhere.
      if (text === "a request met a bug" && !/disk/.test(String(error))) this.bugs.push(words);
    };
    const nothing = () => {};
    const levels = { trace: nothing, debug: nothing, info: nothing };
    return {
      ...levels,
      warn: say("warn"),
      error: say("error"),
      fatal: say("fatal"),
    } as unknown as Logger;
  }
}

function agentOf(process: CodexProcess): RunningAgent {
  const identity: ProcessIdentity = {
    pid: process.pid,
    startTime: String(process.pid),
    bootId,
  };
  return {
    identity,
    pid: process.pid,
    get alive() {
      return process.actor.alive;
    },
    gone: AgentProcess.prototype.gone,
    stop: async (first = "SIGTERM") => {
      if (first === "SIGTERM") {
        process.terminate();
        for (let i = 0; i < 30 && process.actor.alive; i++)
          await new Promise((resolve) => setTimeout(resolve, 100));
      }
      process.kill();
    },
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function makeTemplate(dir: string): string {
  const file = join(dir, "template.db");
  new Store(file, redactor).close();
  return file;
}
