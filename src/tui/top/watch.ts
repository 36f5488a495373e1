/**
 * Asks the daemon about once a second what all sessions do, over one connection, and carries out
 * what the dashboard wants of it. One question at a time: a daemon that is slow is not asked more.
 */
import type { Connection } from "../../client/connection.ts";
import { asHacsError } from "../link.ts";
import { isLate } from "../model.ts";
import type { Store } from "../store.ts";
import {
  lostDaemon,
  notAsked,
  noticedTop,
  type TopEffect,
  type TopModel,
  told,
  toldApprovals,
} from "./model.ts";

const pollMs = 1_000;

export class Watch {
  readonly #store: Store<TopModel, TopEffect>;
  readonly #dial: () => Promise<Connection>;
  #connection: Promise<Connection> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;
  #stopped = false;

  constructor(store: Store<TopModel, TopEffect>, dial: () => Promise<Connection>) {
    this.#store = store;
    this.#dial = dial;
  }

  /** Throws why the daemon can't be had; later it is waited for. */
  async start(): Promise<void> {
    try {
      await this.#ask();
    } finally {
      this.#schedule();
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#connection?.then((connection) => connection.close()).catch(() => {});
  }

  async perform(effect: TopEffect): Promise<void> {
    switch (effect.do) {
      case "ask":
        return this.#askApprovals(effect.session);
      case "answer": {
        const { session: name, id, answer } = effect;
        return this.#try((daemon) => daemon.call("session/answer", { name, id, answer }));
      }
      case "interrupt":
        return this.#try((daemon) => daemon.call("session/interrupt", { name: effect.session }));
    }
  }

  async #try(call: (daemon: Connection) => Promise<unknown>): Promise<void> {
    try {
      await call(await this.#connected());
    } catch (error) {
      const { message, code } = asHacsError(error);
      this.#store.act((model) => noticedTop(model, message, isLate(code) ? "info" : "warning"));
    }
    // What came of it is seen at once, and not in a second.
    await this.#poll();
  }

  async #askApprovals(session: string): Promise<void> {
    try {
      const daemon = await this.#connected();
      const { approvals } = await daemon.call("session/approvals", { name: session });
      this.#store.act((model) => toldApprovals(model, session, approvals));
    } catch {
      // The session ended meanwhile, or the daemon is away: the list says so.
      this.#store.feed(notAsked);
    }
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#poll().then(() => this.#schedule()), pollMs);
  }

  #poll(): Promise<void> {
    this.#polling ??= this.#ask()
      .catch(() => {
        if (!this.#stopped) this.#store.act(lostDaemon);
      })
      .finally(() => {
        this.#polling = undefined;
      });
    return this.#polling;
  }

  async #ask(): Promise<void> {
    const daemon = await this.#connected();
    const { sessions } = await daemon.call("daemon/activity", {});
    if (!this.#stopped) this.#store.act((model) => told(model, sessions));
  }

  #connected(): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    const dialled = this.#dial().then((connection) => {
      connection.onClose = () => this.#lost(dialled);
      if (this.#stopped) connection.close();
      return connection;
    });
    dialled.catch(() => this.#forget(dialled));
    this.#connection = dialled;
    return dialled;
  }

  #lost(connection: Promise<Connection>): void {
    this.#forget(connection);
    if (!this.#stopped) this.#store.act(lostDaemon);
  }

  #forget(connection: Promise<Connection>): void {
    if (this.#connection === connection) this.#connection = undefined;
  }
}
