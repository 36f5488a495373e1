/**
 * What goes on in all sessions, by asking for the list once a second. One call costs the same
 * however busy the sessions are and also finds new ones; hidden attachments would bring every
 * record of every session to a client that wants a word of each. One question at a time: a daemon
 * that is slow is not asked more.
 */
import type { Connection } from "../../client/connection.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import type { LinkOptions } from "../link.ts";
import { type News, newsOf } from "./news.ts";

const pollMs = 1_000;

export interface RosterOptions {
  dial: LinkOptions["dial"];
  /** Called when the list is another than before. */
  onList: (sessions: readonly SessionInfo[]) => void;
  onNews: (session: string, news: News) => void;
  /** The session whose own events say sooner what goes on in it. */
  isShown: (session: string) => boolean;
}

export class Roster {
  readonly #options: RosterOptions;
  /** What was heard of each session last, by id; as many as the list has. */
  readonly #known = new Map<string, SessionInfo>();
  #control: Promise<Connection> | undefined;
  #list = "";
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;
  #stopped = false;

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#stopped) return;
    void this.#poll();
    this.#timer = setInterval(() => void this.#poll(), pollMs);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#control?.then((connection) => connection.close()).catch(() => {});
  }

  /** A connection beside the shown session's, which goes when another one is shown. */
  connected(): Promise<Connection> {
    if (this.#control !== undefined) return this.#control;
    const dialled = this.#options.dial().then((connection) => {
      connection.onClose = () => this.#forget(dialled);
      return connection;
    });
    dialled.catch(() => this.#forget(dialled));
    this.#control = dialled;
    return dialled;
  }

  /** Resolves with the list known as it is after now; what is on its way may be older. */
  async refresh(): Promise<void> {
    await this.#polling;
    await this.#poll();
  }

  #poll(): Promise<void> {
    this.#polling ??= this.#ask().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  async #ask(): Promise<void> {
    try {
      const control = await this.connected();
      const { sessions } = await control.call("session/list", {});
      if (!this.#stopped) this.#listed(sessions);
    } catch {
      // The daemon is away, as the screen says; the next time may find it.
    }
  }

  /** A first sight is no news; what changed since the last one may be. */
  heard(session: SessionInfo): void {
    const before = this.#known.get(session.id);
    if (before === session) return;
    this.#known.set(session.id, session);
    const news = newsOf(before, session);
    if (news !== null) this.#options.onNews(session.id, news);
  }

  #listed(sessions: readonly SessionInfo[]): void {
    for (const session of sessions) {
      if (!this.#options.isShown(session.id)) this.heard(session);
    }
    const ids = new Set(sessions.map(({ id }) => id));
    for (const id of this.#known.keys()) {
      if (!ids.has(id)) this.#known.delete(id);
    }
    const list = JSON.stringify(sessions);
    if (list === this.#list) return;
    this.#list = list;
    this.#options.onList(sessions);
  }

  #forget(control: Promise<Connection>): void {
    if (this.#control === control) this.#control = undefined;
  }
}
