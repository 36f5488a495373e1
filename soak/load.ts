/**
 * People at work on real sessions: messages of all kinds, each sent again under its id until it is
 * acknowledged; approvals answered by whoever follows; clients that come and go. All of it against
 * a real daemon and a real codex, and never faster than it is told to be.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { dial } from "../src/client/dial.ts";
import { Follower } from "../src/client/follow.ts";
import { HacsError } from "../src/protocol/errors.ts";
import type { JsonObject } from "../src/protocol/messages.ts";
import type { SessionEvent } from "../src/protocol/records.ts";
import type { Home } from "../test/support/home.ts";
import type { Random } from "../test/support/random.ts";

export interface LoadOptions {
  home: Home;
  random: Random;
  sessions: string[];
  /** Between two messages to a session, in the middle. */
  paceMs: number;
  /** Where the sessions are, for who sends by way of a peer. */
  by?: { home: Home; peer: string };
}

export interface Counts {
  acknowledged: number;
  finished: number;
  approvals: number;
  attaches: number;
  reconnects: number;
}

export class Load {
  readonly acknowledged = new Map<string, string>();
  /** What must not be, as it was seen. */
  readonly problems: string[] = [];
  readonly counts: Counts = {
    acknowledged: 0,
    finished: 0,
    approvals: 0,
    attaches: 0,
    reconnects: 0,
  };
  readonly #options: LoadOptions;
  readonly #followers: Follower[] = [];
  readonly #running: Promise<void>[] = [];
  #stopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { sessions, by } = this.#options;
    for (const session of sessions) {
      await this.#follow(session);
      this.#running.push(this.#send(session, session, this.#options.home));
      this.#running.push(this.#visit(session));
      if (by !== undefined)
        this.#running.push(this.#send(session, `${by.peer}/${session}`, by.home));
    }
  }

  /** No message is begun any more; those that were are acknowledged when this resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  leave(): void {
    for (const follower of this.#followers) follower.stop();
  }

  async #send(session: string, address: string, home: Home): Promise<void> {
    const away = address !== session;
    for (let i = 0; !this.#stopped; i++) {
      await this.#pause(this.#options.paceMs * (away ? 3 : 1));
      const id = `${address.replaceAll("/", "-")}-${i}`;
      const text = this.#text();
      await this.#until(home, `send ${id}`, async (connection) => {
        await connection.call("session/send", {
          name: address,
          id,
          content: { text },
          ...(away ? { store: true } : {}),
        });
      });
      this.acknowledged.set(id, session);
      this.counts.acknowledged++;
    }
  }

  #text(): string {
    const { random } = this.#options;
    const kind = random.weighted({ say: 5, words: 3, slow: 2, run: 2, ask: 2, fail: 1 });
    const rest = { say: "yes", words: "200", slow: "20 50", run: "echo ran", ask: "echo asked" };
    return kind === "fail" ? "fail on purpose" : `${kind} ${rest[kind]}`;
  }

  /** Short visits: some read along for a moment, some go in the middle. */
  async #visit(name: string): Promise<void> {
    const { home, random, paceMs } = this.#options;
    while (!this.#stopped) {
      await this.#pause(paceMs);
      try {
        const connection = await dial(home.socket, "tui");
        await connection.call("session/attach", { name, last: random.int(1, 50) });
        this.counts.attaches++;
        await sleep(random.int(0, 500));
        connection.close();
      } catch (error) {
        if (!(error instanceof HacsError)) throw error;
      }
    }
  }

  async #follow(session: string): Promise<void> {
    let cursor = 0;
    const follower = new Follower({
      dial: () => this.#options.home.connect("soak"),
      attach: { name: session, after: 0, visible: false },
      onEvent: (event) => {
        if (event.seq === undefined) return;
        if (event.seq !== cursor + 1)
          this.problems.push(`${session}: ${event.seq} came after ${cursor}`);
        cursor = event.seq;
        this.#see(session, event);
      },
      onDisconnected: () => void this.counts.reconnects++,
    });
    this.#followers.push(follower);
    follower.ended.then((error) => {
      if (error !== undefined) this.problems.push(`${session}: its view ended: ${error.message}`);
    });
    await follower.start();
  }

  #see(session: string, { method, params }: SessionEvent): void {
    const told = params as JsonObject;
    if (method === "session/message" && told.status === "finished") this.counts.finished++;
    if (method !== "session/approval" || told.status !== "requested") return;
    const { id } = told.approval as { id: string };
    void this.#until(this.#options.home, `answer ${id}`, async (connection) => {
      await connection.call("session/answer", {
        name: session,
        id,
        answer: { decision: "accept" },
      });
      this.counts.approvals++;
    });
  }

  /** Until it is done, or can't be any more: an approval whose agent died, say. */
  async #until(
    home: Home,
    what: string,
    work: (connection: Awaited<ReturnType<typeof dial>>) => Promise<void>,
  ): Promise<void> {
    const lasting = /^(approval-|no-approval|queue-full)/;
    for (;;) {
      try {
        const connection = await home.connect("soak");
        try {
          return await work(connection);
        } finally {
          connection.close();
        }
      } catch (error) {
        if (error instanceof HacsError && lasting.test(error.code)) return;
        if (error instanceof HacsError && error.exitCode === 2)
          return void this.problems.push(`${what}: ${error.message}`);
        await sleep(200);
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms * (0.5 + this.#options.random.next()));
  }
}
