/**
 * The questions of codex's that wait for an answer. Each gets a random id of ours, which stays
 * the same when the daemon dies and codex asks again; it is answered once, by whoever is first;
 * and the answer is stored before codex hears it, so that a daemon that dies in between gives
 * that same answer again. An answer may hold what a person typed, a key say: it is kept as it is
 * until codex has heard it, and redacted then.
 */
import { randomBytes } from "node:crypto";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject, type RequestId } from "../../protocol/messages.ts";
import {
  type Actor,
  type Answer,
  type ApprovalDetail,
  describeActor,
} from "../../protocol/session.ts";
import { stringOf } from "../../protocol/shape.ts";
import type { ApprovalRow } from "../store/approval-table.ts";
import type { Store } from "../store/store.ts";
import { kindOf, respond } from "./approval-kinds.ts";
import type { History } from "./history.ts";
import { type Seen, whatIsAsked } from "./what-is-asked.ts";

/** No path is longer. */
const pathCharsMax = 4_096;
/** Fewer characters of an id than this are no id. */
const prefixLengthMin = 4;

export class Approvals {
  readonly #session: string;
  readonly #name: () => string;
  readonly #agent: () => string;
  readonly #callOf: (itemId: string) => string | null;
  readonly #store: Store;
  readonly #history: History;
  readonly #reply: (id: RequestId, response: Json) => void;
  #waiting: ApprovalRow[];
  /** codex's own params by the id of ours: what is stored and shown is redacted. */
  readonly #asked = new Map<string, JsonObject>();
  /** Answers with secrets in them that codex may not have heard. */
  #secret: ApprovalRow[];

  constructor(
    session: {
      id: string;
      name: () => string;
      agent: () => string;
      /** The model's own words for an item, where codex wrote them down. */
      callOf?: (itemId: string) => string | null;
    },
    store: Store,
    history: History,
    reply: (id: RequestId, response: Json) => void,
  ) {
    this.#session = session.id;
    this.#name = session.name;
    this.#agent = session.agent;
    this.#callOf = session.callOf ?? (() => null);
    this.#store = store;
    this.#history = history;
    this.#reply = reply;
    const current = store.approvals.current(session.id);
    this.#waiting = current.filter((row) => row.status === "waiting");
    this.#secret = current.filter((row) => row.status === "answered" && this.#isSecret(row));
  }

  get count(): number {
    return this.#waiting.length;
  }

  waiting(): ApprovalDetail[] {
    const session = this.#name();
    return this.#waiting.map((row) => ({ ...row.detail, session }));
  }

  /** Whether codex's request of this id came to the daemon, whatever became of it. */
  heard(requestId: RequestId): boolean {
    return this.#store.approvals.asked(this.#session, this.#agent(), requestId);
  }

  /** The id of what waits, by codex's own; undefined when it waits no more. */
  idOf(requestId: RequestId): string | undefined {
    return this.#waiting.find((row) => row.requestId === requestId)?.detail.id;
  }

  /** codex asks, or asks again after a reconnection. */
  requested(requestId: RequestId, method: string, params: JsonObject): void {
    const agent = this.#agent();
    const [turnId, itemId] = [stringOf(params.turnId), stringOf(params.itemId)];
    const known = this.#store.approvals
      .current(this.#session)
      .find(
        (row) =>
          row.agent === agent &&
          row.requestId === requestId &&
          row.turnId === turnId &&
          row.itemId === itemId &&
          row.detail.method === method,
      );
    if (known !== undefined) {
      if (known.status === "answered") this.#reply(requestId, known.response);
      else this.#asked.set(known.id, params);
      return;
    }
    const detail: ApprovalDetail = this.#store.redactor.json({
      id: randomBytes(10).toString("hex"),
      session: this.#name(),
      kind: kindOf(method),
      cwd: pathOf(params.cwd),
      reason: stringOf(params.reason),
      createdAt: new Date().toISOString(),
      method,
      ...whatIsAsked(method, params, this.#seenOf(itemId)),
    });
    const row: ApprovalRow = {
      id: detail.id,
      agent,
      requestId,
      detail,
      turnId,
      itemId,
      status: "waiting",
      decision: null,
      response: null,
      by: null,
      answeredAt: null,
    };
    this.#store.transaction(() => {
      this.#store.approvals.insert(this.#session, row);
      this.#store.afterwards(() => {
        this.#asked.set(row.id, params);
        this.#waiting.push(row);
      });
      this.#history.own("session/approval", {
        status: "requested",
        approval: detail,
        turnId,
        itemId,
      });
    });
  }

  /** The first answer counts. A later one is told who gave it. */
  answer(
    id: string | undefined,
    answer: Answer,
    by: Actor,
  ): { approval: ApprovalDetail; decision: string } {
    const row = this.#find(id);
    const params = this.#asked.get(row.id) ?? row.detail.params;
    const { method, decisions } = row.detail;
    const { response, decision } = respond(method, params, answer, decisions);
    this.#settle(row, { status: "answered", decision, response, by });
    const answered = { ...row, response };
    if (this.#isSecret(answered)) this.#secret.push(answered);
    this.#reply(row.requestId, response);
    return { approval: row.detail, decision };
  }

  /** codex says that a request is settled: if not by us, then by a client on its own socket. */
  resolvedElsewhere(requestId: RequestId, interrupted: boolean): void {
    const row = this.#waiting.find((waiting) => waiting.requestId === requestId);
    if (row === undefined) return this.#heard((answered) => answered.requestId === requestId);
    if (interrupted) return this.#lose(row, "the turn was interrupted");
    const by = { kind: "codex", user: "someone", from: "on codex's own socket" };
    this.#settle(row, { status: "answered", decision: "unknown", response: null, by });
  }

  /** What waits in this turn, or in all, will not be heard any more. */
  lose(reason: string, turnId?: string): void {
    for (const row of [...this.#waiting]) {
      if (turnId === undefined || row.turnId === turnId) this.#lose(row, reason);
    }
    this.#heard((row) => turnId === undefined || row.turnId === turnId);
  }

  #isSecret({ response }: ApprovalRow): boolean {
    return this.#store.redactor.json(response) !== response;
  }

  /** codex heard these answers, or never will. */
  #heard(which: (row: ApprovalRow) => boolean): void {
    const heard = this.#secret.filter(which);
    if (heard.length === 0) return;
    this.#store.transaction(() => {
      for (const { id, response } of heard)
        this.#store.approvals.redact(id, this.#store.redactor.json(response));
      this.#store.forgetting();
      this.#store.afterwards(() => {
        this.#secret = this.#secret.filter((row) => !which(row));
      });
    });
  }

  #lose(row: ApprovalRow, reason: string): void {
    this.#store.transaction(() => {
      this.#over(row);
      this.#store.approvals.update({
        ...row,
        status: "lost",
        answeredAt: new Date().toISOString(),
      });
      this.#history.own("session/approval", {
        status: "lost",
        id: row.id,
        kind: row.detail.kind,
        reason,
      });
    });
  }

  #settle(
    row: ApprovalRow,
    outcome: Pick<ApprovalRow, "status" | "response"> & { decision: string; by: Actor },
  ): void {
    this.#store.durably(() => {
      this.#over(row);
      this.#store.approvals.update({ ...row, ...outcome, answeredAt: new Date().toISOString() });
      this.#history.own("session/approval", {
        status: "answered",
        id: row.id,
        kind: row.detail.kind,
        decision: outcome.decision,
        by: outcome.by,
        command: row.detail.command,
      });
    });
  }

  /** It waits no more; unless that can't be stored. */
  #over(row: ApprovalRow): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((other) => other !== row);
    this.#store.afterwards(
      () => this.#asked.delete(row.id),
      () => {
        this.#waiting = waiting;
      },
    );
  }

  #find(id: string | undefined): ApprovalRow {
    if (id === undefined) return this.#onlyOne();
    const matching = this.#waiting.filter((row) => row.id.startsWith(id));
    const [only, ...more] = id.length >= prefixLengthMin ? matching : [];
    if (only !== undefined && more.length === 0) return only;
    if (more.length > 0) throw this.#ambiguous(`${quote(id)} begins the ids of several`);
    const row = this.#store.approvals.get(this.#session, id);
    const list = `See what waits with: hacs-session approvals ${this.#name()}`;
    if (row?.status === "answered") {
      const who = row.by === null ? "someone" : describeActor(row.by);
      throw new HacsError(
        "approval-answered",
        `Approval ${quote(id)} was already answered by ${who}: ${row.decision}.`,
        list,
      );
    }
    if (row?.status === "lost") {
      throw new HacsError(
        "approval-lost",
        `Approval ${quote(id)} can't be answered any more: the turn or the agent that asked is gone.`,
        list,
      );
    }
    throw new HacsError(
      "approval-not-found",
      `There is no approval ${quote(id)} in session ${quote(this.#name())}.`,
      list,
    );
  }

  #onlyOne(): ApprovalRow {
    const [first, ...others] = this.#waiting;
    if (first === undefined) {
      throw new HacsError(
        "no-approval",
        `No approval waits in session ${quote(this.#name())}.`,
        "See all sessions with: hacs-session approvals",
      );
    }
    if (others.length > 0) throw this.#ambiguous(`${others.length + 1} approvals wait`);
    return first;
  }

  #ambiguous(what: string): HacsError {
    const name = this.#name();
    return new HacsError(
      "approval-ambiguous",
      `${what} in session ${quote(name)}: ${this.#waiting.map((row) => row.id).join(", ")}.`,
      `Name one: hacs-session approve ${name} ID`,
    );
  }

  /** What is known of the item that is asked about, which began before. */
  #seenOf(itemId: string | null): Seen {
    const changes = itemId === null ? undefined : this.#history.drafts.get(itemId)?.item?.changes;
    return {
      changes: Array.isArray(changes) ? changes.filter(isObject) : [],
      call: () => (itemId === null ? null : this.#callOf(itemId)),
    };
  }
}

function pathOf(value: unknown): string | null {
  const path = stringOf(value);
  return path !== null && path.length <= pathCharsMax ? path : null;
}
