/**
 * A local client that is attached to a peer's session. Events pass as they come, under the
 * session's name here. When the link breaks the client is told, and when it is back the session
 * is attached again after the last record that passed, so the client sees each once. A client
 * that reads too slowly stops its own channel, and so is taken through the steps of any slow
 * client by the daemon that has the session.
 */
import { sees } from "../../protocol/access.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Params, Result } from "../../protocol/methods.ts";
import { follows, type SessionEvent } from "../../protocol/records.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import type { Client } from "../client.ts";
import type { EventFrame } from "../session/framing.ts";
import { noSuchSession } from "../sessions.ts";
import { type ClientChannel, type EventTaker, openChannel } from "./client-channel.ts";
import { type ForeignEvent, passed } from "./foreign-event.ts";
import type { Peer } from "./peer.ts";

/** Past this many unread bytes the client's channel is not read. */
const unreadBytesMax = 1024 * 1024;
/** How often a session is tried that its peer can't attach to just now. */
const againMs = 2_000;

export class Relay implements EventTaker {
  readonly #peer: Peer;
  readonly #client: Client;
  readonly #params: Params<"session/attach">;
  #channel: ClientChannel | undefined;
  /** The session's id over there, and its name behind the peer's. */
  #id = "";
  #session: SessionInfo | undefined;
  /** Undefined until the first of the last records came: seqs may have a hole. */
  #cursor: number | undefined = 0;
  #ended = false;
  /** Until the client has the answer, what comes waits. */
  #held: ForeignEvent[] | undefined = [];
  #frames: EventFrame[] = [];
  #paused = false;
  /** Why nothing more passes; told when the client has its answer. */
  #failure: { error: unknown } | undefined;

  constructor(peer: Peer, client: Client, params: Params<"session/attach">) {
    this.#peer = peer;
    this.#client = client;
    this.#params = params;
  }

  /** The first attach; what it throws is the client's answer. */
  async attach(): Promise<Result<"session/attach">> {
    const { after, last } = this.#params;
    const result = await this.#attachTo(this.#params);
    if (this.#client.closed) {
      this.end();
      return result;
    }
    const { head, session } = result;
    this.#cursor = after ?? (last === undefined ? head : undefined);
    const { attachments } = this.#client;
    attachments.get(session.id)?.end();
    attachments.set(session.id, {
      readOnly: this.#params.readOnly === true,
      end: () => this.end(),
    });
    // The answer goes out first; the events that follow belong to what it says.
    setImmediate(() => this.#release());
    return result;
  }

  async #attachTo(params: Params<"session/attach">): Promise<Result<"session/attach">> {
    const channel = openChannel(this.#client, this.#peer, await this.#peer.reach());
    const result = await channel.attach(params, (id) => {
      this.#id = id;
      return this;
    });
    this.#channel = channel;
    this.#session = result.session;
    return result;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#channel?.leave(this.#id, this);
    if (this.#session !== undefined) this.#client.attachments.delete(this.#session.id);
    if (this.#paused) this.#channel?.resume();
  }

  take(event: ForeignEvent): void {
    if (this.#ended || this.#failure !== undefined) return;
    if (this.#held !== undefined) this.#held.push(event);
    else this.#pass(event);
  }

  /** What breaks the protocol once can't be trusted with what comes after. */
  broken(error: unknown): void {
    if (this.#ended) return;
    this.#failure ??= { error };
    if (this.#held !== undefined) return;
    this.end();
    this.#client.fail(error);
  }

  lost(_error: HacsError): void {
    this.#channel = undefined;
    if (this.#ended || this.#session === undefined) return;
    this.#tellState(this.#peer.away(this.#session));
    void this.#return();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.#pass(event);
    if (this.#failure !== undefined) this.broken(this.#failure.error);
  }

  #pass(event: ForeignEvent): void {
    const { seq, method } = event;
    const cursor = this.#cursor;
    if (seq !== undefined) {
      if (cursor !== undefined && seq <= cursor) return;
      if (cursor !== undefined && !follows(cursor, { seq, method }))
        return this.broken(hole(this.#peer.name, cursor, seq));
      this.#cursor = seq;
    }
    this.#send(event);
    this.#notice(event);
  }

  #notice({ method, params }: SessionEvent): void {
    if (method === "session/state") this.#session = params.session as unknown as SessionInfo;
    if (method !== "session/renamed" || sees(this.#client.identity.access, String(params.to)))
      return;
    this.end();
    this.#client.fail(noSuchSession(String(params.from)));
  }

  /** What comes in one turn of the event loop goes out in one write. */
  #send({ seq, offset, tail }: ForeignEvent): void {
    if (this.#frames.length === 0) queueMicrotask(() => this.#flush());
    const json = `{"session":"${this.#peer.name}/${this.#id}",${tail}`;
    this.#frames.push({ json, seq: seq ?? 0, isDelta: offset !== undefined });
  }

  #flush(): void {
    const frames = this.#frames;
    this.#frames = [];
    if (this.#ended || frames.length === 0) return;
    this.#client.write(this.#client.framing(frames));
    if (this.#client.backlogBytes <= unreadBytesMax || this.#paused) return;
    this.#paused = true;
    const channel = this.#channel;
    channel?.pause();
    this.#client.whenDrained(() => {
      this.#paused = false;
      channel?.resume();
    });
  }

  #tellState(session: SessionInfo): void {
    this.#say("session/state", { session: session as unknown as JsonObject });
  }

  #say(method: string, params: JsonObject): void {
    this.#send(passed(this.#id, { at: new Date().toISOString(), method, params }));
  }

  /** Attaches again as soon as the peer can be reached, for as long as the client is there. */
  async #return(): Promise<void> {
    while (!this.#ended && !this.#client.closed) {
      if (this.#peer.link === undefined) {
        await this.#peer.changed(60_000);
        continue;
      }
      try {
        const { deltas, readOnly, visible, last } = this.#params;
        const after = this.#cursor;
        this.#held = [];
        const result = await this.#attachTo({
          name: this.#id,
          ...(after !== undefined ? { after } : last !== undefined ? { last } : {}),
          ...(deltas === undefined ? {} : { deltas }),
          ...(readOnly === undefined ? {} : { readOnly }),
          ...(visible === undefined ? {} : { visible }),
        });
        const { session, composed } = result;
        this.#tellState(session);
        this.#say("session/composed", composed as unknown as JsonObject);
        return this.#release();
      } catch (error) {
        if (!(error instanceof HacsError) || error.exitCode !== 6) {
          this.end();
          return this.#client.fail(error);
        }
        await this.#peer.changed(againMs);
      }
    }
  }
}

function hole(peer: string, cursor: number, seq: number): HacsError {
  return new HacsError(
    "peer-invalid",
    `${peer}: after record ${cursor} came record ${seq}.`,
    "Attach again: it goes on from the cursor.",
  );
}
