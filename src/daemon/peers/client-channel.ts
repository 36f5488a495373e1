/**
 * One local client's own connection to one peer: a channel of the peer's link, opened when the
 * client first asks for something there and closed with it. So what the client attached
 * read-only, what it said in its hello and how fast it reads hold over there as they do here.
 */
import { Connection } from "../../client/connection.ts";
import { greet } from "../../client/dial.ts";
import type { Link } from "../../client/link.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Params, Result } from "../../protocol/methods.ts";
import type { Actor } from "../../protocol/session.ts";
import { version } from "../../system/version.ts";
import type { Client } from "../client.ts";
import { type ForwardedMethod, isForwarded, readResult } from "./foreign.ts";
import { type ForeignEvent, readEvent, readFrame } from "./foreign-event.ts";
import { inspectDepth, type Peer } from "./peer.ts";
import { readError } from "./refusal.ts";

const greetMs = 30_000;

/** What takes the events of one session. */
export interface EventTaker {
  take: (event: ForeignEvent) => void;
  /** What it says is not in the protocol. */
  broken: (error: unknown) => void;
  /** The channel is gone. */
  lost: (error: HacsError) => void;
}

export class ClientChannel {
  readonly #peer: string;
  readonly #connection: Connection;
  readonly #greeted: Promise<unknown>;
  /** By the session's id over there. */
  readonly #takers = new Map<string, EventTaker>();
  /** Events of sessions whose attach is not answered yet. */
  #early: { session: string; read: () => ForeignEvent }[] | undefined;
  #attaching = 0;

  constructor(
    peer: string,
    link: Link,
    by: Actor,
    passed: readonly string[],
    onClose: () => void = () => {},
  ) {
    this.#peer = peer;
    this.#connection = new Connection(link.open(), (frame) => {
      inspectDepth(frame);
      return this.#reads(frame);
    });
    this.#connection.onNotification = (method, params) => {
      if (method === "session/event")
        this.#heard(String(params.session), () => readEvent(peer, params));
    };
    this.#connection.onClose = (error) => {
      for (const taker of [...this.#takers.values()]) taker.lost(error);
      this.#takers.clear();
      onClose();
    };
    const { kind, user, from, via = [] } = by;
    const client = { kind, version, user, from, via };
    // The calls that follow do not wait for its answer; what they meet when it fails is that.
    this.#greeted = greet(this.#connection, client, greetMs, [...passed]);
    this.#greeted.catch(() => {});
  }

  get closed(): boolean {
    return this.#connection.closed;
  }

  async call<M extends ForwardedMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    if (!isForwarded(method)) throw new Error(`${method} is not asked of peers`);
    const answer = this.#connection.call(method, params);
    answer.catch(() => {});
    try {
      await this.#greeted;
      return readResult(this.#peer, method, await answer);
    } catch (error) {
      throw readError(this.#peer, error);
    }
  }

  /** Attaches, and hands over what comes; `taker` is asked for with the session's id over there. */
  async attach(
    params: Params<"session/attach">,
    taker: (id: string) => EventTaker,
  ): Promise<Result<"session/attach">> {
    this.#attaching++;
    this.#early ??= [];
    try {
      const result = await this.call("session/attach", params);
      if (this.closed) throw new HacsError("peer-unreachable", `${this.#peer}: the link is down.`);
      const id = result.session.id.slice(this.#peer.length + 1);
      const one = taker(id);
      this.#takers.set(id, one);
      for (const { session, read } of this.#early ?? []) if (session === id) take(one, read);
      return result;
    } finally {
      if (--this.#attaching === 0) this.#early = undefined;
    }
  }

  /** Events of that session are nobody's any more. */
  leave(id: string, taker: EventTaker): void {
    if (this.#takers.get(id) === taker) this.#takers.delete(id);
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  close(): void {
    this.#connection.close();
  }

  /** Events of ours are many, and read at once; anything else is left to the connection. */
  #reads(frame: string): boolean {
    if (this.#takers.size === 0) return false;
    try {
      const event = readFrame(frame);
      if (event === undefined) return false;
      this.#heard(event.session, () => event);
      return true;
    } catch {
      // It is read once more, and told to whom it concerns.
      return false;
    }
  }

  #heard(session: string, read: () => ForeignEvent): void {
    const taker = this.#takers.get(session);
    if (taker !== undefined) take(taker, read);
    else this.#early?.push({ session, read });
  }
}

function take(taker: EventTaker, read: () => ForeignEvent): void {
  try {
    taker.take(read());
  } catch (error) {
    taker.broken(error);
  }
}

/** Where a client's channels are kept among what ends with it; no session's id has a space. */
export function channelKey(peer: string): string {
  return `peer ${peer}`;
}

export function channelOf(client: Client, peer: string): ClientChannel | undefined {
  const kept = client.attachments.get(channelKey(peer));
  const channel = (kept as { channel?: ClientChannel } | undefined)?.channel;
  return channel === undefined || channel.closed ? undefined : channel;
}

/** Throws `too-many-clients`, as the other side would. */
export function openChannel(
  client: Client,
  { name, places }: Pick<Peer, "name" | "places">,
  link: Link,
): ClientChannel {
  const known = channelOf(client, name);
  if (known !== undefined) return known;
  if (client.actor === undefined) throw new Error("a method ran before the hello");
  // Nothing would ever end what is opened for one that is gone.
  if (client.closed) throw new HacsError("daemon-unreachable", "Who asked for it is gone.");
  if (link.closed) throw new HacsError("peer-unreachable", `${name}: the link is down.`);
  const leave = places.take(client.identity);
  const channel = new ClientChannel(name, link, client.actor, client.passed ?? [], leave);
  const kept = { readOnly: false, channel, end: () => channel.close() };
  client.attachments.set(channelKey(name), kept);
  return channel;
}
