/**
 * Messages for peers that are away. Each is on the disk before it is acknowledged, goes out in
 * the order of its coming when the link is back, and is forgotten when the peer has acknowledged
 * it. The peer's inbox takes each id once, so one whose acknowledgement was lost does no harm.
 */
import { createHash, randomUUID } from "node:crypto";
import type { Link } from "../../client/link.ts";
import { checkMessageId, quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { limits, type Params } from "../../protocol/methods.ts";
import type { Actor, MessageContent, PeerInfo, Receipt } from "../../protocol/session.ts";
import type { OutboxRow } from "../store/outbox-table.ts";
import type { Store } from "../store/store.ts";
import { ClientChannel } from "./client-channel.ts";

export interface OutboxBounds {
  /** Of what waits. */
  messages: number;
  bytes: number;
  /** Of what was refused so many, the last, are named. */
  refused: number;
}

export const outboxBounds: OutboxBounds = {
  messages: limits.messagesMax,
  bytes: 256 * 1024 * 1024,
  refused: 1_000,
};
/** What may be otherwise in a while, and so is no refusal. */
const PASSING = new Set([
  "queue-full",
  "rate-limited",
  "session-busy",
  "state-unwritable",
  "timed-out",
]);
const againMs = 5_000;

export class Outbox {
  readonly #peer: string;
  readonly #store: Store;
  readonly #bounds: OutboxBounds;
  #flushing = false;

  constructor(peer: string, store: Store, bounds = outboxBounds) {
    this.#peer = peer;
    this.#store = store;
    this.#bounds = bounds;
  }

  /** Stores a message; the same id with the same content again is the same message. */
  keep(session: string, params: Params<"session/send">, by: Actor): Receipt {
    const id = params.id === undefined ? randomUUID() : checkMessageId(params.id);
    const known = this.#store.outbox.get(this.#peer, session, id);
    if (known !== undefined) return this.#repeated(known, params);
    this.#refuseFull(params.content);
    const row = {
      peer: this.#peer,
      session,
      id,
      mode: params.mode ?? "queue",
      content: params.content,
      by,
      createdAt: new Date().toISOString(),
    } as const;
    this.#store.durably(() => this.#store.outbox.insert(row));
    return receiptOf(row);
  }

  /** The receipt of one that still waits here. */
  receipt(session: string, id: string): Receipt | undefined {
    const row = this.#store.outbox.get(this.#peer, session, id);
    return row && receiptOf(row);
  }

  waits(session: string): boolean {
    return this.#store.outbox.waits(this.#peer, session);
  }

  info(): Pick<PeerInfo, "stored" | "refused"> {
    const { outbox } = this.#store;
    const refused = outbox
      .refused(this.#peer)
      .map(({ id, session, error }) => ({ id, session: `${this.#peer}/${session}`, error }));
    return { stored: outbox.size(this.#peer).messages, refused };
  }

  #refuseFull(content: MessageContent): void {
    const { messages, bytes } = this.#store.outbox.size(this.#peer);
    const more = Buffer.byteLength(JSON.stringify(content));
    if (messages < this.#bounds.messages && bytes + more <= this.#bounds.bytes) return;
    throw new HacsError(
      "queue-full",
      `At most ${this.#bounds.messages} messages of ${this.#bounds.bytes} bytes in all are kept for a peer; for ${quote(this.#peer)} there are ${messages} of ${bytes} bytes.`,
      "Wait until it is back: hacs-session peer ls",
    );
  }

  /** Delivers what waits; ends when the link does. */
  async flush(link: Link): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      while (!link.closed) {
        const next = this.#store.outbox.first(this.#peer);
        if (next === undefined) return;
        if (!(await this.#deliver(next, link))) break;
      }
    } finally {
      this.#flushing = false;
    }
    if (!link.closed) setTimeout(() => void this.flush(link), againMs).unref();
  }

  /** False: it is to be tried again later. */
  async #deliver(row: OutboxRow, link: Link): Promise<boolean> {
    const { session: name, id, mode, by } = row;
    const content = row.content as MessageContent;
    let channel: ClientChannel | undefined;
    try {
      channel = new ClientChannel(this.#peer, link, by, []);
      await channel.call("session/send", { name, id, mode, content, store: true });
      this.#store.durably(() => {
        this.#store.outbox.remove(row.place);
        if (this.#redacted(content) !== content) this.#store.forgetting();
      });
    } catch (error) {
      if (!(error instanceof HacsError)) throw error;
      if (error.exitCode === 6 || PASSING.has(error.code)) return false;
      return this.#refuse(row.place, content, error.message);
    } finally {
      channel?.close();
    }
    return true;
  }

  /** False: that can't be written just now. */
  #refuse(place: number, content: MessageContent, message: string): boolean {
    const { outbox, redactor } = this.#store;
    try {
      this.#store.durably(() => {
        outbox.refuse(place, redactor.text(message), this.#digestOf(content));
        outbox.forgetRefused(this.#peer, this.#bounds.refused);
        if (this.#redacted(content) !== content) this.#store.forgetting();
      });
      return true;
    } catch (error) {
      if (error instanceof HacsError) return false;
      throw error;
    }
  }

  #digestOf(content: MessageContent): string {
    return createHash("sha256")
      .update(JSON.stringify(this.#redacted(content)))
      .digest("base64url");
  }

  #redacted(content: MessageContent): MessageContent {
    return this.#store.redactor.json(content);
  }

  #repeated(known: OutboxRow, { content }: Params<"session/send">): Receipt {
    const kept = "digest" in known.content ? known.content.digest : this.#digestOf(known.content);
    if (kept === this.#digestOf(content)) return receiptOf(known);
    throw new HacsError(
      "id-conflict",
      `The message id ${quote(known.id)} was used before with another text.`,
      "An id names one message for ever: choose another, or leave --id out.",
    );
  }
}

function receiptOf(row: Omit<OutboxRow, "place" | "error"> & { error?: string | null }): Receipt {
  const { peer, session, id, mode, createdAt, error = null } = row;
  return {
    session: `${peer}/${session}`,
    messageId: id,
    status: error === null ? "stored" : "failed",
    mode,
    seq: 0,
    turnId: null,
    turnStatus: null,
    text: null,
    error,
    usage: null,
    createdAt,
  };
}
