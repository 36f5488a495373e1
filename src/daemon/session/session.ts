/**
 * A named session, whether it sleeps or is at work: its row in the store, who is attached to it, and
 * what can be asked of it. Its parts are made when the first of them is needed, so one that sleeps
 * since before the daemon began is its row and no more.
 */
import type { SessionActivity } from "../../protocol/activity.ts";
import type { Limits, LimitsInForce } from "../../protocol/limits.ts";
import type { Json, JsonObject, RequestId } from "../../protocol/messages.ts";
import type {
  Actor,
  Answer,
  ApprovalDetail,
  ClientInfo,
  MessageContent,
  Receipt,
  RunChanges,
  SendMode,
  SessionDetail,
  SessionInfo,
  SessionState,
  TurnInfo,
} from "../../protocol/session.ts";
import { freezeFile, frozen } from "../../system/freeze.ts";
import type { Agent } from "../agent/agent.ts";
import type { ThreadOrigin } from "../agent/codex-thread.ts";
import { respec } from "../agent/resources.ts";
import { changed, inForce } from "../limits.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { Activity } from "./activity.ts";
import type { Approvals } from "./approvals.ts";
import { revive } from "./arrival.ts";
import type { History } from "./history.ts";
import type { Inbox } from "./inbox.ts";
import type { Life } from "./life.ts";
import { Parts } from "./parts.ts";
import type { RunContext } from "./run-context.ts";
import {
  activityAtRest,
  activityOf,
  detailOf,
  infoAtRest,
  infoOf,
  stateAtRest,
  stateOf,
} from "./session-view.ts";

export class Session {
  readonly id: string;
  /** As it is stored; changed by its parts alone. */
  readonly row: Readonly<SessionRow>;
  readonly attached = new Set<ClientInfo>();
  readonly #services: Services;
  /** How its first agent gets the thread. */
  readonly #origin: ThreadOrigin | undefined;
  #made: Parts | undefined;
  /** While there are no parts: how busy it was, once somebody asked. */
  #activity: Activity | undefined;
  /** Where it speaks codex's own protocol. */
  codexSocket: string | null = null;
  /** It is about to end for good. */
  onEnd: () => void = () => {};
  /** It did not end after all. */
  onStay: () => void = () => {};
  /** Something of it changed that shows. */
  onChange: () => void = () => {};

  constructor(row: SessionRow, services: Services, origin?: ThreadOrigin) {
    this.id = row.id;
    this.row = row;
    this.#services = services;
    this.#origin = origin;
  }

  get #parts(): Parts {
    this.#activity = undefined;
    this.#made ??= new Parts(this, this.#services, this.#origin);
    return this.#made;
  }

  /** Nothing was asked of it yet that is not in its row: it sleeps, and nothing of it is open. */
  get atRest(): boolean {
    return this.#made === undefined;
  }

  get history(): History {
    return this.#parts.history;
  }

  get inbox(): Inbox {
    return this.#parts.inbox;
  }

  get approvals(): Approvals {
    return this.#parts.approvals;
  }

  get runContext(): RunContext {
    return this.#parts.runContext;
  }

  /** Puts its agent down and ends it. */
  get life(): Life {
    return this.#parts.life;
  }

  get name(): string {
    return this.row.name;
  }

  get turn(): TurnInfo | null {
    return this.#made?.turn ?? null;
  }

  get turnId(): string | null {
    return this.turn?.id ?? null;
  }

  get ended(): boolean {
    return this.row.endedAt !== null;
  }

  /** Whether its thread has any item. */
  get spoken(): boolean {
    return this.#services.store.records.hasItems(this.id);
  }

  get limits(): LimitsInForce {
    return inForce(this.row.limits, this.#services.limits);
  }

  get state(): SessionState {
    return this.#made === undefined ? stateAtRest(this.row) : stateOf(this.#made.shown);
  }

  info(): SessionInfo {
    return this.#made === undefined ? infoAtRest(this.row) : infoOf(this.#made.shown);
  }

  /** What waits for an answer. */
  waiting(): ApprovalDetail[] {
    return this.#made?.approvals.waiting() ?? [];
  }

  detail(): SessionDetail {
    return detailOf(this.#parts.shown);
  }

  activity(): SessionActivity {
    if (this.#made !== undefined) return activityOf(this.#made.shown);
    const { records } = this.#services.store;
    this.#activity ??= new Activity(this.id, records, () => this.row.threadId);
    return activityAtRest(this.row, this.#activity);
  }

  /** After the daemon's start: finds the agent again, or does what is left to do without it. */
  async revive(): Promise<void> {
    if (this.#leftAtRest()) return;
    this.#parts.overtime.live();
    if (await revive(this.#parts.shown, this.spoken)) await this.wake();
  }

  /** The daemon before this one left nothing to be done, and nothing that shows but the row. */
  #leftAtRest(): boolean {
    const { row, id } = this;
    if (row.agent !== null || row.endsAt !== null) return false;
    const { store, paths } = this.#services;
    if (store.sessions.hasOpen(id) || frozen(freezeFile(paths.stateDir, id))) return false;
    return store.records.openTurns(id).length === 0;
  }

  /** Gives the agent, started if need be. Not by hand, one that crashed is not tried too soon. */
  wake(byHand = true): Promise<Agent> {
    return this.#parts.host.up(byHand);
  }

  /** The same, and no longer than until it is known that it stands in line for a slot. */
  rouse(byHand = true): Promise<void> {
    return this.#parts.rouse(byHand);
  }

  /** Keeps its agent awake until what is returned is called. */
  use(): () => void {
    return this.#parts.rest.use();
  }

  send(content: MessageContent, mode: SendMode, id: string | undefined, by: Actor): Receipt {
    const { inbox, delivery } = this.#parts;
    const receipt = inbox.accept(content, mode, id, by);
    this.changed();
    delivery.pump();
    return receipt;
  }

  answer(
    id: string | undefined,
    answer: Answer,
    by: Actor,
  ): { approval: ApprovalDetail; decision: string } {
    const result = this.approvals.answer(id, answer, by);
    this.changed();
    return result;
  }

  /** It has its agent and its thread, or waits for a slot: from here on others may speak to it. */
  created(): void {
    const { update, overtime } = this.#parts;
    this.#services.store.durably(() => update({ ready: true }));
    overtime.live();
  }

  /** What is left out stays as it is. The time to live counts from now. */
  limit(changes: Limits): void {
    const { update, overtime, rest } = this.#parts;
    update(changed(this.row.limits, changes, this.#services.limits));
    overtime.live();
    rest.again();
  }

  /** Of a crash it counts at once, of what the agent may take from its next start. */
  rerun(changes: RunChanges): void {
    this.#parts.update({ spec: respec(this.row.spec, changes) });
  }

  /** Undoes a creation that failed: nothing of it stays. */
  async discard(): Promise<void> {
    const { delivery, host } = this.#parts;
    delivery.stopped = true;
    await host.close(this.row.agent);
  }

  rename(to: string, by: Actor): void {
    const from = this.name;
    const { update, history } = this.#parts;
    this.#services.store.transaction(() => {
      update({ name: to });
      history.own("session/renamed", { from, to, by });
    });
  }

  /** The agent stays, for the next daemon. */
  leave(): void {
    const { delivery, host } = this.#parts;
    delivery.stopped = true;
    host.leave();
  }

  async call(method: string, params: JsonObject): Promise<Json> {
    const done = this.use();
    const { host } = this.#parts;
    try {
      await host.up(true);
      return await host.call(method, { threadId: this.row.threadId, ...params });
    } finally {
      done();
    }
  }

  attach(client: ClientInfo): () => void {
    this.attached.add(client);
    this.changed();
    return () => void (this.attached.delete(client) && this.changed());
  }

  /** Tells clients, once for all changes of this turn of the event loop. */
  changed(): void {
    this.#parts.changed();
  }

  /** codex asks, by the daemon's own connection or by that of another client. */
  asked(id: RequestId, method: string, params: JsonObject): void {
    this.#parts.asked(id, method, params);
  }
}
