/**
 * Starts programs for the daemon. To fork a process of a hundred megabytes takes milliseconds in
 * which no session is served, so whoever has much started has it done by a helper: a process that is
 * small, begun when one start follows another, and ended when none did for a while.
 */
import { type ChildProcess, fork } from "node:child_process";
import type { ProcessIdentity } from "../../system/process-identity.ts";
import { programFile } from "../../system/program-file.ts";
import { type Ended, type Order, type Started, start } from "./start.ts";

export type Answer =
  | { ready: true }
  | { id: number; identity: ProcessIdentity | undefined }
  | { id: number; ended: Ended };

export interface StarterTimes {
  /** Two starts within this are much. */
  burstMs: number;
  /** A helper that was told nothing for so long ends. */
  idleMs: number;
  /** One that does not say within this that it has started what it was told to is hung, and ended. */
  answerMs: number;
}

/** The helper was lost before it said what came of an order. */
export class HelperLost extends Error {}

/** Who waits for what a helper says of an order. */
interface Waiting {
  started: (started: Started) => void;
  ended: (ended: Ended) => void;
  lost: (error: HelperLost) => void;
  /** To its end it is not waited for, and the helper may go before it. */
  stays: boolean;
}

export class Starter {
  readonly #times: StarterTimes;
  #helper: Helper | undefined;
  /** A helper could not be started, which is not tried again and again. */
  #unable = false;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(times: StarterTimes = { burstMs: 10_000, idleMs: 60_000, answerMs: 15_000 }) {
    this.#times = times;
  }

  /** The helper's, once it is there for others. */
  get helperPid(): number | undefined {
    return this.#helper?.ready ? this.#helper.pid : undefined;
  }

  /** Throws `HelperLost` when it is not known whether it was started. */
  async start(order: Order): Promise<Started> {
    const now = performance.now();
    const much = now - this.#lastAt < this.#times.burstMs;
    this.#lastAt = now;
    if (this.#helper?.ready) return this.#helper.start(order);
    // Who is first does not wait for the helper, which takes longer to begin than this does.
    if (much) setImmediate(() => this.#begin());
    return start(order);
  }

  #begin(): void {
    if (this.#helper !== undefined || this.#unable) return;
    const helper = new Helper(this.#times, () => {
      if (this.#helper !== helper) return;
      this.#helper = undefined;
      this.#unable = !helper.ready;
    });
    this.#helper = helper;
  }
}

class Helper {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #idle: NodeJS.Timeout | undefined;
  readonly #times: StarterTimes;
  readonly #onEnd: () => void;
  #nextId = 1;
  #ended = false;
  ready = false;

  constructor(times: StarterTimes, onEnd: () => void) {
    this.#times = times;
    this.#onEnd = onEnd;
    const home = process.env.HACS_SESSION_HOME;
    this.#child = fork(programFile("starter.cjs"), [String(process.pid)], {
      // It needs nothing; whose it is shows.
      env: home === undefined ? {} : { HACS_SESSION_HOME: home },
      execArgv: [],
      cwd: "/",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child.on("message", (answer: Answer) => this.#heard(answer));
    this.#child.on("error", () => this.#end());
    // What it said last comes before this.
    this.#child.on("disconnect", () => this.#end());
    this.#child.unref();
    this.#child.channel?.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  start(order: Order): Promise<Started> {
    this.#idle?.refresh();
    const id = this.#nextId++;
    const hung = setTimeout(() => this.#child.kill("SIGKILL"), this.#times.answerMs);
    hung.unref();
    return new Promise<Started>((resolve, reject) => {
      const waiting: Waiting = {
        started: resolve,
        ended: () => {},
        lost: reject,
        stays: "log" in order.stdio,
      };
      this.#waiting.set(id, waiting);
      // A helper that is gone is noticed when its channel closes.
      this.#child.send({ id, order }, () => {});
    }).finally(() => clearTimeout(hung));
  }

  #heard(answer: Answer): void {
    if ("ready" in answer) {
      this.ready = true;
      this.#idle = setTimeout(() => this.#retire(), this.#times.idleMs);
      this.#idle.unref();
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    if ("ended" in answer) {
      this.#waiting.delete(answer.id);
      return waiting.ended(answer.ended);
    }
    const ended = new Promise<Ended>((resolve, reject) => {
      waiting.ended = resolve;
      // A program that stays goes on as if nothing were.
      waiting.lost = waiting.stays ? () => {} : reject;
    });
    waiting.started({ identity: answer.identity, ended });
  }

  /** What runs lives on without it. */
  #retire(): void {
    if ([...this.#waiting.values()].some(({ stays }) => !stays)) {
      this.#idle?.refresh();
      return;
    }
    this.#waiting.clear();
    this.#end();
    this.#child.disconnect();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#idle);
    for (const { lost } of this.#waiting.values())
      lost(new HelperLost("the process that starts programs was lost"));
    this.#waiting.clear();
    this.#onEnd();
  }
}

/** The daemon's. */
export const starter: Starter = new Starter();
