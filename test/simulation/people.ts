/** Who uses the daemon in a simulation: real clients of ours, each a process of its own. */
import { Connection } from "../../src/client/connection.ts";
import { greet } from "../../src/client/dial.ts";
import { Follower } from "../../src/client/follow.ts";
import { HacsError } from "../../src/protocol/errors.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { Method, Params, Result } from "../../src/protocol/methods.ts";
import type { SessionEvent } from "../../src/protocol/records.ts";
import type { Receipt, SendMode } from "../../src/protocol/session.ts";
import { Actor } from "./clock.ts";
import type { Machine } from "./machine.ts";

/** What a user may be told at any moment, and then tries again. */
const PASSING = new Set([
  "daemon-unreachable",
  "daemon-stopping",
  "daemon-hung",
  "state-unwritable",
  "session-busy",
  "agent-gone",
]);

class Person {
  readonly actor: Actor;
  protected readonly machine: Machine;

  constructor(machine: Machine, name: string) {
    this.machine = machine;
    this.actor = new Actor(machine.clock, name);
  }

  protected async dial(): Promise<Connection> {
    const connection = new Connection(this.machine.connect(this.actor).ends[0]);
    try {
      const { name } = this.actor;
      await greet(connection, { kind: "script", version: "1", user: name, from: "here" });
    } catch (error) {
      if (error instanceof HacsError) throw error;
      throw new HacsError("daemon-hung", "The daemon does not answer.");
    }
    return connection;
  }

  /** Begins something of this person's own. */
  protected begin(work: () => Promise<void>): void {
    this.actor.do(() => void work());
  }

  protected rest(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** One call on a connection of its own; undefined where it has to be tried again. */
  protected async once<M extends Method>(
    method: M,
    params: Params<M>,
  ): Promise<Result<M> | HacsError> {
    let connection: Connection | undefined;
    try {
      connection = await this.dial();
      return await connection.call(method, params);
    } catch (error) {
      if (error instanceof HacsError) return error;
      throw error;
    } finally {
      connection?.close();
    }
  }
}

export interface Sent {
  id: string;
  session: string;
  acknowledged: boolean;
}

/** Sends messages one after the other, each under its id until it is acknowledged. */
export class Sender extends Person {
  readonly sent: Sent[] = [];
  readonly receipts: Receipt[] = [];
  done = false;

  send(session: string, messages: { text: string; mode: SendMode; afterMs: number }[]): void {
    this.begin(async () => {
      for (const [i, { text, mode, afterMs }] of messages.entries()) {
        await this.rest(afterMs);
        const id = `${this.actor.name}-${i}`;
        const sent: Sent = { id, session, acknowledged: false };
        this.sent.push(sent);
        while (!sent.acknowledged) {
          const answer = await this.once("session/send", {
            name: session,
            id,
            content: { text },
            mode,
          });
          if (answer instanceof HacsError) {
            if (!PASSING.has(answer.code)) throw answer;
            await this.rest(this.machine.random.int(10, 400));
          } else {
            this.machine.log(`${id} is acknowledged (${answer.status})`);
            this.receipts.push(answer);
            sent.acknowledged = true;
          }
        }
      }
      this.done = true;
    });
  }
}

export interface Answered {
  approval: string;
  decision: string;
  by: string;
}

/** Follows a session from a cursor, through whatever happens, and answers what waits. */
export class Watcher extends Person {
  readonly events: SessionEvent[] = [];
  readonly answered: Answered[] = [];
  readonly session: string;
  ended: HacsError | undefined;
  cursor = 0;
  #follower: Follower | undefined;
  readonly #tried = new Set<string>();
  readonly decisions: readonly string[];

  constructor(machine: Machine, name: string, session: string, decisions: readonly string[]) {
    super(machine, name);
    this.session = session;
    this.decisions = decisions;
  }

  watch(deltas: boolean): void {
    this.begin(() => this.#begin(deltas));
  }

  async #begin(deltas: boolean): Promise<void> {
    for (;;) {
      const follower = new Follower({
        dial: () => this.dial(),
        attach: { name: this.session, after: this.cursor, deltas },
        onEvent: (event) => this.#see(event),
        onAttached: ({ approvals }) => {
          for (const { id } of approvals) this.#answer(id);
        },
      });
      this.#follower = follower;
      try {
        await follower.start();
      } catch (error) {
        if (!(error instanceof HacsError)) throw error;
        // It did not come about the first time: what a person would type again.
        await this.rest(this.machine.random.int(50, 500));
        continue;
      }
      this.ended = await follower.ended;
      return;
    }
  }

  stop(): void {
    this.actor.do(() => this.#follower?.stop());
  }

  #see(event: SessionEvent): void {
    this.events.push(event);
    if (event.seq !== undefined) this.cursor = event.seq;
    const { method, params } = event as { method: string; params: JsonObject };
    if (method !== "session/approval" || params.status !== "requested") return;
    this.#answer(String((params.approval as JsonObject).id));
  }

  #answer(id: string): void {
    if (this.decisions.length === 0 || this.#tried.has(id)) return;
    this.#tried.add(id);
    const decision = this.machine.random.pick(this.decisions);
    this.begin(async () => {
      await this.rest(this.machine.random.int(0, 800));
      for (;;) {
        const result = await this.once("session/answer", {
          name: this.session,
          id,
          answer: { decision },
        });
        if (!(result instanceof HacsError)) {
          this.machine.log(`${this.actor.name} answers ${decision}`);
          this.answered.push({ approval: id, decision, by: this.actor.name });
          return;
        }
        if (!PASSING.has(result.code)) return;
        await this.rest(this.machine.random.int(20, 300));
      }
    });
  }
}

/** Does what an operator may do at any moment, and takes what comes of it. */
export class Operator extends Person {
  readonly answers: string[] = [];

  call<M extends Method>(method: M, params: Params<M>): void {
    this.begin(async () => {
      const result = await this.once(method, params);
      this.answers.push(result instanceof HacsError ? result.code : "done");
      this.machine.log(`${method}: ${this.answers.at(-1)}`);
    });
  }

  /** Until it was done. */
  insist<M extends Method>(method: M, params: Params<M>, done: () => void): void {
    this.begin(async () => {
      for (;;) {
        const result = await this.once(method, params);
        if (!(result instanceof HacsError) || result.code === "name-taken") return done();
        await this.rest(200);
      }
    });
  }
}
