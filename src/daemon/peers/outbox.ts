/**
 * Messages for peers that are away. Each is on the disk before it is acknowledged, goes out in
 * the order of its coming when the link is back, and is forgotten when the peer has acknowledged
 * it. The peer's inbox takes each id once, so one whose acknowledgement was lost does no harm.
 */
import { randomUUID } from "node:crypto";
import type { Link } from "../../client/link.ts";
import { checkMessageId, quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { limits, type Params } from "../../protocol/methods.ts";
import type { Actor, MessageContent, PeerInfo, Receipt } from "../../protocol/session.ts";
import type { OutboxRow } from "../store/outbox-table.ts";
import type { Store } from "../store/store.ts";
import { ClientChannel } from "./client-channel.ts";

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
  #flushing = false;

  constructor(peer: string, store: Store) {
    this.#peer = peer;
    this.#store = store;
  }

  /** Stores a message; the same id with the same content again is the same message. */
  keep(session: string, params: Params<"session/send">, by: Actor): Receipt {
    const id = params.id === undefined ? randomUUID() : checkMessageId(params.id);
    const known = this.#store.outbox.get(this.#peer, session, id);
    if (known !== undefined) return this.#repeated(known, params);
    if (this.#store.outbox.waiting(this.#peer) >= limits.messagesMax) {
      throw new HacsError(
        "queue-full",
        `At most ${limits.messagesMax} messages are kept for a peer, and ${quote(this.#peer)} has them.`,
        "Wait until it is back: hacs-session peer ls",
      );
    }
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
    return this.#store.outbox.of(this.#peer).some((row) => row.session === session && !row.error);
  }

  info(): Pick<PeerInfo, "stored" | "refused"> {
    const rows = this.#store.outbox.of(this.#peer);
    const refused = rows.flatMap(({ id, session, error }) =>
      error === null ? [] : [{ id, session: `${this.#peer}/${session}`, error }],
    );
    return { stored: rows.length - refused.length, refused };
  }

  /** Delivers what waits; ends when the link does. */
  async flush(link: Link): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      for (let next = this.#next(); next !== undefined && !link.closed; next = this.#next()) {
        if (!(await this.#deliver(next, link))) break;
      }
    } finally {
      this.#flushing = false;
    }
    if (this.#next() !== undefined && !link.closed)
      setTimeout(() => void this.flush(link), againMs).unref();
  }

  #next(): OutboxRow | undefined {
    return this.#store.outbox.of(this.#peer).find(({ error }) => error === null);
  }

  /** False: it is to be tried again later. */
  async #deliver(row: OutboxRow, link: Link): Promise<boolean> {
    const { session: name, id, mode, content, by } = row;
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
      const why = this.#store.redactor.text(error.message);
      this.#store.durably(() => {
        this.#store.outbox.refuse(row.place, why, this.#redacted(content));
        if (this.#redacted(content) !== content) this.#store.forgetting();
      });
    } finally {
      channel?.close();
    }
    return true;
  }

  #redacted(content: MessageContent): MessageContent {
    return this.#store.redactor.json(content);
  }

  #repeated(known: OutboxRow, { content }: Params<"session/send">): Receipt {
    // Of what was refused, only this much is known any more.
    const kept = JSON.stringify(this.#redacted(known.content));
    if (kept === JSON.stringify(this.#redacted(content))) return receiptOf(known);
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
