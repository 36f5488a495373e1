/**
 * One schedule: what people do and what goes wrong, all of it by one seed. Then the faults end, all
 * is given time to settle, and the promises are looked at.
 */
import type { Params } from "../../src/protocol/methods.ts";
import type { SendMode } from "../../src/protocol/session.ts";
import { Random } from "../support/random.ts";
import { Clock } from "./clock.ts";
import { Machine } from "./machine.ts";
import { Operator, Sender, Watcher } from "./people.ts";
import { brokenPromises, memory } from "./promises.ts";

export interface Outcome {
  seed: number;
  /** What did not hold; nothing when all did. */
  broken: string[];
  trace: string[];
  /** Deaths of the daemon at a statement. */
  crashes: number;
  statements: number;
  messages: number;
  approvals: number;
  /** Records that somebody was told and that went with the power. */
  lost: number;
}

/** In the simulated time. */
const troubleMs = 20_000;
const settleMs = 3_600_000;
const sessions = ["a", "b"];
/** Of a session that nobody speaks to, so that it may be renamed and ended. */
const spare = ["spare", "other"];
const decisions = ["accept", "decline", "cancel"];

export interface ScheduleOptions {
  seed: number;
  dir: string;
  /** The daemon dies once, there, and nothing else goes wrong. */
  crashAt?: CrashPoint;
}

/** Counted from the moment that people begin. */
export interface CrashPoint {
  statement: number;
  /** After it, not before. */
  after: boolean;
}

export async function runSchedule({ seed, dir, crashAt }: ScheduleOptions): Promise<Outcome> {
  const clock = new Clock();
  const random = new Random(seed);
  const trace: string[] = [];
  const log = (line: string) => void trace.push(`${clock.nowMs.toFixed(1).padStart(9)} ${line}`);
  const machine = new Machine(clock, random, log, dir);
  const uninstall = clock.install();
  const world = new World(machine, random);
  const broken: string[] = [];
  try {
    if (!(await world.begin())) broken.push("the sessions were never made");
    else {
      machine.statements = 0;
      world.people();
      if (crashAt !== undefined) machine.dieIn(crashAt.statement, crashAt.after);
      else world.trouble();
      // The one crash may come at any time; what else goes wrong ends when its time is over.
      if (crashAt === undefined) {
        await clock.run(() => clock.nowMs > troubleMs, troubleMs * 2);
        world.calm();
      }
      if (!(await clock.run(() => world.settled, settleMs))) broken.push(world.unsettled());
      // What was said last is on its way to those who watch.
      await clock.run(() => false, 30_000);
      broken.push(...(await brokenPromises(world)));
    }
  } catch (error) {
    broken.push(`an error of the simulation's: ${error instanceof Error ? error.stack : error}`);
  } finally {
    uninstall();
    machine.remove();
  }
  const { crashes, statements } = machine;
  const messages = world.senders.reduce((sum, { sent }) => sum + sent.length, 0);
  const approvals = machine.codex.effects.length;
  const { lost } = world;
  return { seed, broken, trace, crashes, statements, messages, approvals, lost };
}

export class World {
  readonly machine: Machine;
  readonly random: Random;
  readonly senders: Sender[] = [];
  readonly watchers: Watcher[] = [];
  readonly operator: Operator;
  /** Power was cut: what was told and not acknowledged may be gone. */
  powerCuts = 0;
  lost = 0;
  /** Messages that somebody wanted to take back. */
  readonly unsent = new Set<string>();
  /** Where the daemon was found to remember what is not stored. */
  readonly forgotten: string[] = [];
  #calm = false;

  constructor(machine: Machine, random: Random) {
    this.machine = machine;
    this.random = random;
    this.operator = new Operator(machine, "operator");
    machine.onRefused = () => void this.forgotten.push(...memory(machine));
  }

  async begin(): Promise<boolean> {
    const { machine, operator } = this;
    machine.start();
    let made = 0;
    const names = [...sessions, ...spare.slice(0, 1)];
    for (const name of names) operator.insist("session/new", this.#wanted(name), () => void made++);
    return machine.clock.run(() => made === names.length, 60_000);
  }

  #wanted(name: string): Params<"session/new"> {
    const { dir } = this.machine;
    return { name, spec: { cwd: dir }, env: { HOME: dir, CODEX_HOME: `${dir}/codex` } };
  }

  people(): void {
    const { machine, random } = this;
    for (let i = 0; i < random.int(1, 4); i++) {
      const sender = new Sender(machine, `s${i}`);
      this.senders.push(sender);
      const messages = Array.from({ length: random.int(1, 5) }, () => ({
        text: this.#text(),
        mode: random.weighted<SendMode>({ queue: 6, steer: 2, interrupt: 1 }),
        afterMs: random.int(0, 3_000),
      }));
      sender.send(random.pick(sessions), messages);
    }
    for (const session of sessions) {
      // Two at each who answer, and one who only looks; all from the beginning.
      for (let i = 0; i < 3; i++) this.#watch(`w${session}${i}`, session, i < 2 ? decisions : []);
    }
  }

  #text(): string {
    const { random } = this;
    const verb = random.weighted({ say: 6, ask: 3, long: this.seldom ? 1 : 0 });
    return `${verb} ${verb === "long" ? random.int(10, 40) : random.int(0, 8)}`;
  }

  /** What costs much is in few schedules. */
  get seldom(): boolean {
    return this.random.chance(0.1);
  }

  #watch(name: string, session: string, answers: readonly string[]): void {
    const watcher = new Watcher(this.machine, name, session, answers);
    this.watchers.push(watcher);
    watcher.watch(this.random.chance(0.7));
  }

  /** So many things go wrong, each at its time. */
  trouble(): void {
    const { machine, random } = this;
    machine.codex.overload = random.chance(0.2) ? 0.3 : 0;
    const power = random.chance(0.25);
    const faults = { ...weights, power: power ? 20 : 0 };
    for (let left = random.int(1, 10); left > 0; left--) {
      machine.clock.in(machine.clock.world, random.next() * troubleMs, () => {
        if (!this.#calm) this.#fault(random.weighted(faults));
      });
    }
  }

  #fault(what: keyof typeof weights): void {
    const { machine, random, operator } = this;
    const { clock, codex } = machine;
    machine.log(`fault: ${what}`);
    const later = (ms: number, work: () => void) => clock.in(clock.world, ms, work);
    const agent = codex.living.length > 0 ? random.pick(codex.living) : undefined;
    const cables = [...machine.cables];
    const cable = cables.length > 0 ? random.pick(cables) : undefined;
    const name = random.pick(sessions);
    switch (what) {
      case "statement":
        return machine.dieIn(random.int(1, 60), random.chance(0.5));
      case "refused":
        // Sometimes it meets what somebody wanted, sometimes what came by itself.
        this.#want(random.pick(["unsend", "rename", "kill", "make"]));
        return machine.refuseIn(random.int(1, 6));
      case "unsend":
      case "rename":
      case "kill":
      case "make":
        return this.#want(what);
      case "commit":
        return machine.dieIn(random.int(1, 15), random.chance(0.7), true);
      case "daemon":
        return machine.kill();
      case "agent":
        return agent?.kill();
      case "both":
        machine.kill();
        return agent?.kill();
      case "stall":
        agent?.actor.stop();
        return void later(random.int(100, 12_000), () => agent?.actor.continue());
      case "link":
        return agent?.cut();
      case "hang":
        machine.stop();
        return void later(random.int(10, 6_000), () => machine.continue());
      case "full":
      case "broken":
        machine.disk = what;
        return void later(random.int(1, 3_000), () => {
          machine.disk = "well";
        });
      case "cut":
        return cable?.sever();
      case "silent":
        if (cable === undefined) return;
        cable.silent = true;
        // A half-open connection is noticed by and by.
        return void later(random.int(100, 20_000), () => cable.sever());
      case "clock":
        return clock.jump(random.int(-86_400_000, 86_400_000));
      case "stop":
        return machine.do((daemon) => void daemon.stop(random.pick(["settle", "keep", "end"])));
      case "interrupt":
        return operator.call("session/interrupt", { name });
      case "sleep":
        return operator.call("session/sleep", { name, force: random.chance(0.5) });
      case "restart":
        return operator.call("session/restart", { name, force: random.chance(0.7) });
      case "power":
        return this.#cutPower();
    }
  }

  /** What is kept by more than one statement, or changes more than one thing. */
  #want(what: "unsend" | "rename" | "kill" | "make"): void {
    const { machine, random, operator } = this;
    const [name = "", to = ""] = random.chance(0.5) ? spare : spare.toReversed();
    if (what === "rename") return operator.call("session/rename", { name, to });
    if (what === "make") return operator.call("session/new", this.#wanted(name));
    if (what === "kill") return operator.call("session/kill", { name });
    const open = (machine.daemon?.sessions.live() ?? []).filter(({ inbox }) => inbox.queued > 0);
    if (open.length === 0) return;
    const { name: session, inbox } = random.pick(open);
    const { messageId: id } = random.pick(
      inbox.unfinished().filter(({ status }) => status === "accepted"),
    );
    this.unsent.add(id);
    operator.call("session/withdraw", { name: session, id });
  }

  /** Nothing that was told on this machine is known any more but what is on the disk. */
  #cutPower(): void {
    this.powerCuts++;
    this.machine.cutPower();
    // Who looks on from elsewhere knows what was told, and comes back with its cursor.
    const elsewhere = this.watchers.filter(({ decisions: none }) => none.length === 0);
    const here = this.watchers.filter((watcher) => !elsewhere.includes(watcher));
    this.watchers.splice(0, Number.POSITIVE_INFINITY, ...elsewhere);
    for (const watcher of here) {
      watcher.actor.kill();
      this.#watch(`${watcher.actor.name}'`, watcher.session, watcher.decisions);
    }
  }

  /** Nothing goes wrong from here on. */
  calm(): void {
    const { machine } = this;
    this.#calm = true;
    machine.disk = "well";
    machine.spare();
    machine.codex.overload = 0;
    machine.continue();
    for (const process of machine.codex.living) process.actor.continue();
    machine.log("calm");
    // What was queued when a session was put to sleep by force waits until somebody wakes it.
    for (const name of sessions) this.operator.insist("session/wake", { name }, () => {});
  }

  /** Everybody has done what they wanted, and nothing is under way. */
  get settled(): boolean {
    const { machine } = this;
    if (!this.senders.every(({ done }) => done) || !machine.running) return false;
    return (machine.daemon?.sessions.live() ?? []).every(
      ({ inbox, approvals, state }) =>
        !inbox.hasOpen && approvals.count === 0 && /^(idle|asleep|crashed)$/.test(state),
    );
  }

  unsettled(): string {
    const live = this.machine.daemon?.sessions.live() ?? [];
    const states = live.map(({ name, state, inbox, approvals }) =>
      JSON.stringify({ name, state, open: inbox.unfinished(), waiting: approvals.count }),
    );
    const senders = this.senders.filter(({ done }) => !done).map(({ actor }) => actor.name);
    return `it did not settle: ${states.join(" ")}; waiting to send: ${senders.join(" ")}`;
  }
}

const weights = {
  statement: 14,
  commit: 14,
  daemon: 3,
  agent: 3,
  both: 2,
  stall: 2,
  link: 2,
  hang: 2,
  full: 3,
  broken: 2,
  refused: 8,
  unsend: 1,
  rename: 1,
  kill: 1,
  make: 1,
  cut: 3,
  silent: 2,
  clock: 1,
  stop: 1,
  interrupt: 2,
  sleep: 1,
  restart: 2,
  power: 0,
};
