/**
 * A session's inbox: every message is stored before it is acknowledged and delivered exactly
 * once. codex keeps the id that a message is given to it with, so after any crash the thread's
 * own items say whether it arrived. A message is marked `attempted` before it is sent; from then
 * on it is only sent again when codex was asked and does not have it.
 *
 * In memory is what order and receipts need; what a message says is read when it is delivered or
 * shown, so that a full queue costs a daemon nothing that counts.
 *
 * What codex is to be given is kept as it was sent, secrets and all, and no longer than that: once
 * codex has it, or never will, its content is redacted. Clients are shown it redacted throughout.
 */
import { randomUUID } from "node:crypto";
import { checkMessageId, quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import type {
  Actor,
  MessageContent,
  OpenMessage,
  Receipt,
  SendMode,
} from "../../protocol/session.ts";
import { type MessageRow, receiptOf } from "../store/message-table.ts";
import type { Store } from "../store/store.ts";
import { checkContent } from "./content.ts";
import type { History } from "./history.ts";
import { checkImages } from "./images.ts";
import { fullQueue, type QueueBytes, queueBytesDefault } from "./queue-bounds.ts";

/** The messages of a queue that are told whole, in bytes; of those behind them the beginning. */
const toldWholeBytesMax = 2 * 1024 * 1024;
const beginningChars = 1_000;

/** Whose inbox it is, and what bounds it. */
export interface InboxOwner {
  id: string;
  name: () => string;
  maxQueued: () => number;
  queueBytes?: QueueBytes;
}

export class Inbox {
  readonly #session: string;
  readonly #name: () => string;
  readonly #maxQueued: () => number;
  readonly #maxBytes: QueueBytes;
  readonly #store: Store;
  readonly #history: History;
  /** What is not finished, in the order of delivery. */
  #open: MessageRow[];

  constructor(session: InboxOwner, store: Store, history: History) {
    this.#session = session.id;
    this.#name = session.name;
    this.#maxQueued = session.maxQueued;
    this.#maxBytes = session.queueBytes ?? queueBytesDefault;
    this.#store = store;
    this.#history = history;
    this.#open = store.messages.open(session.id).sort(byDelivery);
  }

  get queued(): number {
    return this.#waiting.length;
  }

  get #waiting(): MessageRow[] {
    return this.#open.filter((message) => message.status === "accepted");
  }

  /** Whether anything still has to be delivered or to be heard of. */
  get hasOpen(): boolean {
    return this.#open.length > 0;
  }

  has(id: string): boolean {
    return this.#store.messages.get(this.#session, id) !== undefined;
  }

  /**
   * Stores a message. The same id with the same content again is the same message. `first`: it
   * goes before what is queued.
   */
  accept(
    content: MessageContent,
    mode: SendMode,
    givenId: string | undefined,
    by: Actor,
    first = false,
  ): Receipt {
    const id = givenId === undefined ? randomUUID() : checkMessageId(givenId);
    checkContent(content);
    const known = this.#store.messages.get(this.#session, id);
    if (known !== undefined) return this.#repeated(known, content);
    checkImages(content.images ?? []);
    const stored = JSON.stringify(content);
    const bytes = Buffer.byteLength(stored);
    const full = this.full(bytes);
    if (full !== undefined) throw full;
    const createdAt = new Date().toISOString();
    const row: MessageRow = {
      id,
      place: first ? this.#firstPlace() - 1 : this.#store.messages.lastPlace(this.#session) + 1,
      mode,
      bytes,
      by,
      status: "accepted",
      attempted: false,
      seq: 0,
      turnId: null,
      turnStatus: null,
      text: null,
      error: null,
      usage: null,
      createdAt,
    };
    this.#store.durably(() => {
      row.seq = this.#history.own(
        "session/message",
        { id, status: "accepted", mode, content, by },
        createdAt,
      );
      this.#store.messages.insert(this.#session, row, stored);
      this.#open = [...this.#open, row].sort(byDelivery);
      this.#store.afterwards(
        () => {},
        () => {
          this.#open = this.#open.filter((message) => message !== row);
        },
      );
      this.#count(bytes);
    });
    return this.#receipt(row);
  }

  /** Why there is no room for one more, of so many bytes. */
  full(more: number): HacsError | undefined {
    const waiting = this.#waiting;
    return fullQueue(
      {
        session: this.#name(),
        messages: waiting.length,
        bytes: waiting.reduce((sum, { bytes }) => sum + bytes, 0),
        bytesInAll: this.#store.queuedBytes,
        more,
      },
      { messages: this.#maxQueued(), ...this.#maxBytes },
    );
  }

  /** What it says, as codex is to have it. */
  content({ id }: Pick<MessageRow, "id">): MessageContent {
    return (
      this.#store.reading(() => this.#store.messages.content(this.#session, id)) ?? { text: "" }
    );
  }

  #count(bytes: number): void {
    this.#store.afterwards(
      () => {
        this.#store.queuedBytes += bytes;
      },
      () => {},
    );
  }

  #firstPlace(): number {
    return Math.min(...this.#open.map(({ place }) => place), 1);
  }

  /** The highest number behind `prefix` in the ids of the messages that a turn took in; or 0. */
  attemptsIn(turnId: string, prefix: string): number {
    const ids = this.#open.filter((open) => open.turnId === turnId).map(({ id }) => id);
    const ours = ids.filter((id) => id.startsWith(prefix));
    return Math.max(0, ...ours.map((id) => Number.parseInt(id.slice(prefix.length), 10) || 0));
  }

  /**
   * What to do next for the queue, given whether a turn runs: deliver a message, interrupt the
   * turn for one, or nothing. While a message is in doubt nothing overtakes it.
   */
  next(turnRuns: boolean): { deliver: MessageRow } | { interruptFor: MessageRow } | undefined {
    const accepted = this.#waiting;
    if (accepted.some((message) => message.attempted)) return undefined;
    const [first] = accepted;
    if (first === undefined) return undefined;
    if (!turnRuns) return { deliver: first };
    if (first.mode === "interrupt") return { interruptFor: first };
    const steering = accepted.find((message) => message.mode === "steer");
    return steering && { deliver: steering };
  }

  /** Before it is sent: from here on codex may have it. */
  attempt(message: MessageRow): void {
    this.#update(message, { attempted: true });
  }

  /** codex does not have it: it may be sent again. */
  notDelivered(message: MessageRow): void {
    this.#update(message, { attempted: false });
  }

  inDoubt(): MessageRow[] {
    return this.#open.filter((message) => message.status === "accepted" && message.attempted);
  }

  /** codex's thread holds the message: `item/completed` of its `userMessage` came. */
  delivered(id: string, turnId: string): void {
    const message = this.#open.find((open) => open.id === id && open.status === "accepted");
    if (message === undefined) return;
    this.#store.transaction(() => {
      const { mode } = message;
      const seq = this.#history.own("session/message", { id, status: "delivered", mode, turnId });
      this.#update(message, { status: "delivered", attempted: true, turnId, seq });
    });
  }

  /** The turn that took messages in is over, one way or another. */
  turnEnded(
    turnId: string,
    outcome: Pick<MessageRow, "turnStatus" | "text" | "error" | "usage">,
  ): void {
    for (const message of this.#open) {
      if (message.status !== "delivered" || message.turnId !== turnId) continue;
      this.#store.transaction(() => {
        const { id, mode } = message;
        const { turnStatus, ...rest } = outcome;
        const said = { ...rest, ...(turnStatus === null ? {} : { turnStatus }) };
        const seq = this.#history.own("session/message", {
          id,
          status: "finished",
          mode,
          turnId,
          ...said,
        });
        this.#update(message, { ...outcome, status: "finished", seq });
      });
    }
    this.#forgetSettled();
  }

  /**
   * Takes a message out of the queue, for its sender to mend or drop. One that was attempted may
   * be with codex, whatever is known of it here, so it stays.
   */
  withdraw(id: string, by: Actor): { receipt: Receipt; content: MessageContent } {
    const { status } = this.receipt(id);
    const message = this.#open.find((open) => open.id === id);
    if (message === undefined || status !== "accepted" || message.attempted) {
      const state = status === "accepted" ? "on its way to codex" : status;
      throw new HacsError(
        "message-sent",
        `Only a message that codex was not given yet is taken back; ${quote(id)} is ${state}.`,
        "Interrupt the turn instead: hacs-session interrupt NAME",
      );
    }
    const content = this.#redacted(this.content(message));
    this.#settle(message, "cancelled", "it was taken back", by);
    return { receipt: this.#receipt(message), content };
  }

  /** codex refuses it for good. */
  failed(message: MessageRow, error: string): void {
    this.#settle(message, "failed", error);
  }

  /** The session ends: what was not delivered never will be. Gives how many. */
  close(): number {
    const error = "the session was killed";
    const undelivered = this.#waiting;
    for (const message of undelivered) this.#settle(message, "cancelled", error);
    for (const { turnId } of [...this.#open]) {
      if (turnId === null) continue;
      this.turnEnded(turnId, { turnStatus: "interrupted", text: null, error, usage: null });
    }
    return undelivered.length;
  }

  receipt(id: string): Receipt {
    const row = this.#store.messages.get(this.#session, id);
    if (row !== undefined) return this.#receipt(row);
    throw new HacsError(
      "invalid-id",
      `Session ${quote(this.#name())} has no message ${quote(id)}.`,
      "hacs-session show NAME lists the latest.",
    );
  }

  recent(limit: number): Receipt[] {
    return this.#store.messages.recent(this.#session, limit).map((row) => this.#receipt(row));
  }

  /**
   * What is not finished, in the order of delivery. Texts are whole while they are few; of a
   * large queue the rest is shown in part, since all of it may not fit into one answer. Who takes
   * a message back gets the whole of it.
   */
  unfinished(): OpenMessage[] {
    let bytes = 0;
    return this.#open.map((row) => {
      bytes += row.bytes;
      const said =
        bytes > toldWholeBytesMax
          ? this.#beginning(row)
          : { content: this.#redacted(this.content(row)) };
      return { ...this.#receipt(row), ...said, by: row.by };
    });
  }

  /** A secret that is cut off in the middle of it is left out, too. */
  #beginning(row: MessageRow): Pick<OpenMessage, "content" | "cut"> {
    const found = this.#store.reading(() =>
      this.#store.messages.beginning(this.#session, row.id, beginningChars + 1),
    );
    const { text, ...rest } = found ?? { text: "" };
    if (text.length <= beginningChars) return { content: this.#redacted({ ...rest, text }) };
    const begun = this.#store.redactor.begun({ ...rest, text: text.slice(0, beginningChars) });
    return { content: { ...begun, text: `${begun.text}…` }, cut: true };
  }

  #repeated(known: MessageRow, content: MessageContent): Receipt {
    // Retention dropped what it said; that it was sent is known.
    const said = this.content(known);
    if (said.text === "" && said.images === undefined) return this.#receipt(known);
    // Of what codex has, only this much is known any more.
    const kept = JSON.stringify(this.#redacted(said));
    if (kept === JSON.stringify(this.#redacted(content))) return this.#receipt(known);
    throw new HacsError(
      "id-conflict",
      `The message id ${quote(known.id)} was used before with another text.`,
      "An id names one message for ever: choose another, or leave --id out.",
    );
  }

  #settle(message: MessageRow, status: "failed" | "cancelled", error: string, by?: Actor): void {
    this.#store.transaction(() => {
      const { id, mode } = message;
      const who = by === undefined ? {} : { by };
      const seq = this.#history.own("session/message", { id, status, mode, error, ...who });
      this.#update(message, { status, error, seq });
    });
    this.#forgetSettled();
  }

  #update(message: MessageRow, changes: Partial<MessageRow>): void {
    const { status: before } = message;
    this.#store.transaction(() => {
      this.#store.assign(message, this.#store.redactor.json(changes));
      this.#store.messages.update(this.#session, message);
      if (message.status === "accepted") return;
      this.#forgetSecrets(message);
      if (before === "accepted") this.#count(-message.bytes);
    });
  }

  #forgetSecrets(message: MessageRow): void {
    const said = this.content(message);
    const content = this.#redacted(said);
    if (content === said) return;
    this.#store.messages.redact(this.#session, message.id, content);
    this.#store.forgetting();
  }

  #redacted(content: MessageContent): MessageContent {
    return this.#store.redactor.json(content);
  }

  #forgetSettled(): void {
    this.#store.afterwards(() => {
      this.#open = this.#open.filter(
        (message) => message.status === "accepted" || message.status === "delivered",
      );
    });
  }

  #receipt(row: MessageRow): Receipt {
    return receiptOf(this.#name(), row);
  }
}

/** Those that interrupt go first, and each kind in the order of its arrival. */
function byDelivery(a: MessageRow, b: MessageRow): number {
  const first = Number(b.mode === "interrupt") - Number(a.mode === "interrupt");
  return first !== 0 ? first : a.place - b.place;
}
