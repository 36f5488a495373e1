/**
 * A codex that keeps to what was measured of the real one: threads outlive its processes, an answer
 * to `turn/start` proves nothing, what is completed is kept, what was begun is not; requests are
 * asked again of who comes later; one process has a thread at a time.
 */
import type { Json, JsonObject } from "../../src/protocol/messages.ts";
import type { Random } from "../support/random.ts";
import { Actor, type Clock } from "./clock.ts";
import { MessageEnd } from "./network.ts";

export interface Item extends JsonObject {
  id: string;
  type: string;
}

export interface Turn {
  id: string;
  status: "inProgress" | "completed" | "interrupted";
  items: Item[];
  startedAt: number;
  completedAt: number | null;
  /** Its end is not written yet; until then it is listed as interrupted. */
  ending: boolean;
}

export interface Thread {
  id: string;
  turns: Turn[];
  /** A file of its own, which it has from its first turn on. */
  rollout: boolean;
  holder: CodexProcess | undefined;
}

/** What an answer to a request brought about. */
export interface Effect {
  process: number;
  requestId: number;
  itemId: string;
  decision: string;
}

interface Question {
  id: number;
  threadId: string;
  params: JsonObject;
  settle: (decision: string) => void;
}

interface Message {
  text: string;
  clientId: Json;
}

/** All of codex on one machine: its files, and what runs of it. */
export class Codex {
  readonly clock: Clock;
  readonly random: Random;
  readonly threads = new Map<string, Thread>();
  readonly processes: CodexProcess[] = [];
  readonly effects: Effect[] = [];
  readonly log: (line: string) => void;
  /** How often it answers that it is overloaded. */
  overload = 0;
  #ids = 0;

  constructor(clock: Clock, random: Random, log: (line: string) => void) {
    this.clock = clock;
    this.log = log;
    this.random = random;
  }

  id(kind: string): string {
    return `${kind}-${++this.#ids}`;
  }

  get living(): CodexProcess[] {
    return this.processes.filter(({ actor }) => actor.alive);
  }

  spawn(socket: string): CodexProcess {
    const process = new CodexProcess(this, 10_000 + this.processes.length, socket);
    this.processes.push(process);
    return process;
  }
}

export class CodexProcess {
  readonly pid: number;
  readonly socket: string;
  readonly actor: Actor;
  readonly codex: Codex;
  ready = false;
  #requests = 0;
  #inFlight = 0;
  #draining = false;
  readonly #ends = new Set<MessageEnd>();
  readonly #subscribers = new Map<string, Set<MessageEnd>>();
  readonly #runs = new Map<string, Run>();
  readonly #questions = new Map<number, Question>();

  constructor(codex: Codex, pid: number, socket: string) {
    this.codex = codex;
    this.pid = pid;
    this.socket = socket;
    this.actor = new Actor(codex.clock, `codex ${pid}`);
    this.after(20, 120, () => {
      this.ready = true;
    });
  }

  after(least: number, most: number, work: () => void): void {
    this.codex.clock.in(this.actor, this.codex.random.int(least, most), work);
  }

  /** SIGKILL. */
  kill(): void {
    if (!this.actor.alive) return;
    this.actor.kill();
    for (const end of this.#ends) end.drop();
    for (const run of this.#runs.values()) run.die();
    for (const thread of this.codex.threads.values())
      if (thread.holder === this) thread.holder = undefined;
  }

  /** SIGTERM: at once while it is idle, after the turn while it is in one. */
  terminate(): void {
    this.actor.do(() => {
      this.#draining = true;
      this.settle();
    });
  }

  settle(): void {
    if (this.#draining && this.#runs.size === 0) this.after(1, 10, () => this.kill());
  }

  /** Somebody dials; gives that side's end. */
  accept(by: Actor): MessageEnd {
    const { clock, random } = this.codex;
    const [theirs, ours] = MessageEnd.pair(clock, random, by, this.actor);
    this.#ends.add(ours);
    ours.on("message", (text: string) => this.#read(ours, JSON.parse(text) as JsonObject));
    ours.on("close", () => {
      this.#ends.delete(ours);
      for (const subscribers of this.#subscribers.values()) subscribers.delete(ours);
    });
    return theirs;
  }

  /** As a link that broke while both sides live. */
  cut(): void {
    for (const end of this.#ends) end.terminate();
  }

  notify(threadId: string, method: string, params: JsonObject): void {
    const text = JSON.stringify({
      method,
      params: { threadId, ...params },
      emittedAtMs: this.codex.clock.wallMs,
    });
    const told = method === "thread/status/changed" ? this.#ends : this.#subscribers.get(threadId);
    for (const end of told ?? []) end.send(text);
  }

  ask(threadId: string, params: JsonObject, settle: (decision: string) => void): number {
    const id = this.#requests++;
    const question: Question = { id, threadId, params: { threadId, ...params }, settle };
    this.#questions.set(id, question);
    for (const end of this.#subscribers.get(threadId) ?? []) tell(end, question);
    return id;
  }

  /** It is answered, or nobody wants to know any more. */
  unask(id: number): Question | undefined {
    const question = this.#questions.get(id);
    if (question === undefined) return undefined;
    this.#questions.delete(id);
    this.notify(question.threadId, "serverRequest/resolved", { requestId: id });
    return question;
  }

  ended(run: Run): void {
    this.#runs.delete(run.thread.id);
    this.settle();
  }

  #read(end: MessageEnd, message: JsonObject): void {
    if (typeof message.method !== "string") return this.#answered(message);
    if (message.id === undefined) return;
    this.#inFlight++;
    this.after(0, this.codex.random.chance(0.05) ? 150 : 4, () => {
      try {
        const params = (message.params ?? {}) as JsonObject;
        const result = this.#serve(end, String(message.method), params);
        if (/^(turn|thread)\/(start|steer|interrupt|resume)/.test(String(message.method)))
          this.codex.log(
            `codex ${this.pid} takes ${message.method} ${params.clientUserMessageId ?? ""}`,
          );
        end.send(JSON.stringify({ id: message.id as number, result }));
        if (message.method === "thread/resume") this.#askAgain(end, String(params.threadId));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { code, message: text, data } = error;
        this.codex.log(`codex ${this.pid} refuses ${message.method}: ${text}`);
        end.send(
          JSON.stringify({ id: message.id as number, error: { code, message: text, data } }),
        );
      }
      this.#inFlight--;
    });
  }

  #answered({ id, result }: JsonObject): void {
    const question = this.unask(Number(id));
    if (question === undefined) return;
    const decision = String((result as JsonObject).decision);
    this.codex.effects.push({
      process: this.pid,
      requestId: question.id,
      itemId: String(question.params.itemId),
      decision,
    });
    question.settle(decision);
  }

  #askAgain(end: MessageEnd, threadId: string): void {
    for (const question of this.#questions.values())
      if (question.threadId === threadId) tell(end, question);
  }

  #serve(end: MessageEnd, method: string, params: JsonObject): Json {
    const { codex } = this;
    const threadId = String(params.threadId);
    if (this.#draining && /^(thread\/(start|resume)|turn\/)/.test(method))
      throw new Refusal(-32000, "the server is shutting down", { reason: "serverShuttingDown" });
    switch (method) {
      case "initialize":
        return {};
      case "server/diagnostics":
        return { gauges: [{ name: "app.requests.in_flight", value: this.#inFlight }] };
      case "thread/start": {
        const thread: Thread = {
          id: codex.id("thread"),
          turns: [],
          rollout: false,
          holder: this,
        };
        codex.threads.set(thread.id, thread);
        return this.#open(end, thread);
      }
      case "thread/resume": {
        const thread = codex.threads.get(threadId);
        if (!thread?.rollout)
          throw new Refusal(-32600, `no rollout found for thread id ${threadId}`);
        if (thread.holder !== undefined && thread.holder !== this)
          throw new Refusal(-32600, `thread ${threadId} already has an active writer`);
        const afresh = thread.holder === undefined;
        thread.holder = this;
        const answer = this.#open(end, thread);
        if (afresh)
          this.after(0, 2, () => this.notify(threadId, "thread/tokenUsage/updated", usage));
        return answer;
      }
      case "thread/read":
        return { thread: { id: threadId, status: this.#status(threadId) } };
      case "thread/turns/list":
        return this.#list(threadId, Number(params.limit), params.cursor);
      case "turn/start":
        return this.#begin(threadId, params);
      case "turn/steer": {
        const run = this.#runs.get(threadId);
        if (run === undefined || run.turn.id !== params.expectedTurnId || !run.steer(given(params)))
          throw new Refusal(-32600, "no active turn to steer");
        return { turnId: run.turn.id };
      }
      case "turn/interrupt": {
        const run = this.#runs.get(threadId);
        if (run === undefined || run.turn.id !== params.turnId)
          throw new Refusal(-32600, "no active turn to interrupt");
        this.after(0, 20, () => run.end("interrupted"));
        return {};
      }
      default:
        throw new Refusal(-32601, `unknown method ${method}`);
    }
  }

  #open(end: MessageEnd, thread: Thread): Json {
    const subscribers = this.#subscribers.get(thread.id) ?? new Set();
    this.#subscribers.set(thread.id, subscribers.add(end));
    return {
      thread: { id: thread.id, status: this.#status(thread.id) },
      model: "scripted",
      modelProvider: "simulation",
    };
  }

  #status(threadId: string): JsonObject {
    if (!this.#runs.has(threadId)) return { type: "idle" };
    const waits = [...this.#questions.values()].some((one) => one.threadId === threadId);
    return { type: "active", activeFlags: waits ? ["waitingOnApproval"] : [] };
  }

  #begin(threadId: string, params: JsonObject): Json {
    const { codex } = this;
    if (codex.random.chance(codex.overload))
      throw new Refusal(-32001, "Server overloaded; retry later.");
    const running = this.#runs.get(threadId);
    // As codex does: a turn that runs is steered.
    if (running?.steer(given(params))) return { turn: { id: running.turn.id } };
    if (running !== undefined) throw new Refusal(-32001, "Server overloaded; retry later.");
    const thread = codex.threads.get(threadId);
    if (thread === undefined || thread.holder !== this)
      throw new Refusal(-32600, `thread not found: ${threadId}`);
    const run = new Run(this, thread, given(params));
    this.#runs.set(threadId, run);
    return { turn: { id: run.turn.id } };
  }

  #list(threadId: string, limit: number, cursor: Json | undefined): Json {
    const thread = this.codex.threads.get(threadId);
    if (!thread?.rollout) throw new Refusal(-32600, `no rollout found for thread id ${threadId}`);
    const running = this.#runs.get(threadId);
    const newestFirst = thread.turns.toReversed();
    const from = typeof cursor === "string" ? Number(cursor) : 0;
    const data = newestFirst.slice(from, from + limit).map((turn) => {
      const begun = running?.turn === turn ? running.begun : [];
      const { id, startedAt, completedAt, ending } = turn;
      const status =
        ending || (turn.status === "inProgress" && !running) ? "interrupted" : turn.status;
      const items = [...turn.items, ...begun.map((item) => ({ ...item, completedAtMs: null }))];
      return { id, status, startedAt, completedAt, error: null, items };
    });
    const next = from + limit < newestFirst.length ? String(from + limit) : null;
    return { data, nextCursor: next };
  }
}

const usage: JsonObject = {
  tokenUsage: { total: { totalTokens: 10 }, last: { totalTokens: 10, inputTokens: 5 } },
};

function tell(end: MessageEnd, { id, params }: Question): void {
  end.send(JSON.stringify({ id, method: "item/commandExecution/requestApproval", params }));
}

function given(params: JsonObject): Message {
  const [first] = params.input as JsonObject[];
  return { text: String(first?.text ?? ""), clientId: params.clientUserMessageId ?? null };
}

class Refusal extends Error {
  readonly code: number;
  readonly data: Json | undefined;

  constructor(code: number, message: string, data?: Json) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/**
 * A turn that runs. Its script is what the messages say: `say N` answers in N pieces, `ask N` wants
 * a command approved first, `long N` answers with N kilobytes.
 */
class Run {
  readonly turn: Turn;
  readonly thread: Thread;
  /** Items that began and are not complete. */
  readonly begun: Item[] = [];
  readonly #process: CodexProcess;
  readonly #messages: Message[];
  #questionId: number | undefined;
  #over = false;
  #step = 0;

  constructor(process: CodexProcess, thread: Thread, first: Message) {
    this.#process = process;
    this.thread = thread;
    this.#messages = [first];
    const startedAt = Math.floor(process.codex.clock.wallMs / 1000);
    this.turn = {
      id: process.codex.id("turn"),
      status: "inProgress",
      items: [],
      startedAt,
      completedAt: null,
      ending: false,
    };
    process.after(0, 10, () => this.#begin());
  }

  /** False when it is too late for another message. */
  steer(message: Message): boolean {
    if (this.#over) return false;
    this.#messages.push(message);
    return true;
  }

  /** Its process was killed. */
  die(): void {
    if (this.turn.status === "inProgress" || this.turn.ending) this.turn.status = "interrupted";
    this.turn.ending = false;
  }

  end(status: "completed" | "interrupted"): void {
    if (this.#over) return;
    this.#over = true;
    this.#step++;
    if (this.#questionId !== undefined) this.#process.unask(this.#questionId);
    this.begun.length = 0;
    this.turn.ending = true;
    this.#process.after(0, 300, () => {
      this.turn.ending = false;
      this.turn.status = status;
      this.#process.codex.log(`${this.turn.id} is ${status}`);
      const { clock } = this.#process.codex;
      this.turn.completedAt = Math.floor(clock.wallMs / 1000);
      this.#tell("thread/tokenUsage/updated", usage);
      this.#process.ended(this);
      this.#tell("thread/status/changed", { status: { type: "idle" } });
      this.#tell("turn/completed", { turn: this.#shown(status) });
    });
  }

  #begin(): void {
    if (this.#over) return;
    this.#process.codex.log(`${this.turn.id} begins in codex ${this.#process.pid}`);
    this.thread.rollout = true;
    this.thread.turns.push(this.turn);
    this.#tell("thread/status/changed", { status: { type: "active", activeFlags: [] } });
    this.#tell("turn/started", { turn: this.#shown("inProgress") });
    this.#next();
  }

  /** A message is taken in: it is kept, and only then told. */
  #next(): void {
    const message = this.#messages.shift();
    if (message === undefined) return this.end("completed");
    // What was being said is cut off, and forgotten.
    this.begun.length = 0;
    const step = ++this.#step;
    const { id, text } = { id: this.#process.codex.id("item"), text: message.text };
    const item = { id, type: "userMessage", clientId: message.clientId, content: [{ text }] };
    this.#start(item);
    this.#after(0, 15, step, () => {
      this.#keep(item);
      this.#process.codex.log(`codex keeps ${message.clientId} in ${this.turn.id}`);
      this.#after(0, 5, step, () => {
        this.#tell("item/completed", { item, completedAtMs: this.#process.codex.clock.wallMs });
        this.#answer(message.text, step);
      });
    });
  }

  #answer(text: string, step: number): void {
    const [verb, amount] = [text.split(" ")[0], Number(text.split(" ")[1])];
    if (verb !== "ask")
      return this.#speak(verb === "long" ? amount * 10 : amount, verb === "long", step);
    const item = { id: this.#process.codex.id("item"), type: "commandExecution", command: text };
    this.#start(item);
    this.#after(0, 20, step, () => {
      const params = {
        turnId: this.turn.id,
        itemId: item.id,
        command: text,
        cwd: "/",
        reason: null,
      };
      this.#questionId = this.#process.ask(this.thread.id, params, (decision) => {
        this.#questionId = undefined;
        if (decision === "cancel") return this.end("interrupted");
        this.#after(0, 30, step, () => {
          this.#complete({ ...item, status: decision === "accept" ? "completed" : "declined" });
          this.#speak(amount, false, step);
        });
      });
    });
  }

  #speak(pieces: number, long: boolean, step: number): void {
    const item = { id: this.#process.codex.id("item"), type: "agentMessage", text: "" };
    this.#start(item);
    const say = (left: number) => {
      if (this.#messages.length > 0) return this.#next();
      if (left === 0) {
        this.#complete(item);
        return this.#next();
      }
      const delta = long ? `${left} `.repeat(25).padEnd(100) : `${item.id}:${left} `;
      item.text += delta;
      this.#tell("item/agentMessage/delta", { turnId: this.turn.id, itemId: item.id, delta });
      this.#after(0, long ? 3 : 40, step, () => say(left - 1));
    };
    this.#after(0, 30, step, () => say(pieces));
  }

  #start(item: Item): void {
    this.begun.push(item);
    this.#tell("item/started", { turnId: this.turn.id, item });
  }

  #complete(item: Item): void {
    this.#keep(item);
    this.#tell("item/completed", {
      turnId: this.turn.id,
      item,
      completedAtMs: this.#process.codex.clock.wallMs,
    });
  }

  #keep(item: Item): void {
    const at = this.begun.findIndex((one) => one.id === item.id);
    if (at >= 0) this.begun.splice(at, 1);
    this.turn.items.push({ ...item, completedAtMs: this.#process.codex.clock.wallMs });
  }

  #after(least: number, most: number, step: number, work: () => void): void {
    this.#process.after(least, most, () => {
      if (!this.#over && this.#step === step) work();
    });
  }

  #tell(method: string, params: JsonObject): void {
    this.#process.notify(this.thread.id, method, { turnId: this.turn.id, ...params });
  }

  #shown(status: Turn["status"]): JsonObject {
    const { id, startedAt, completedAt } = this.turn;
    return { id, status, startedAt, completedAt, items: [], itemsView: "notLoaded", error: null };
  }
}
