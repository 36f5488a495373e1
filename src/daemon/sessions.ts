/** All sessions of the daemon, by id and by name. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Access, sees } from "../protocol/access.ts";
import { checkName, nameFrom, quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Limits } from "../protocol/limits.ts";
import type { JsonObject } from "../protocol/messages.ts";
import type { OwnRecords } from "../protocol/records.ts";
import type { Actor, SessionSpec } from "../protocol/session.ts";
import type { ThreadOrigin } from "./agent/codex-thread.ts";
import { demoProvider } from "./agent/thread-options.ts";
import { limited } from "./limits.ts";
import type { Services } from "./services.ts";
import {
  removeSessionDirectory,
  sweepDirectories,
  withoutValue,
  writeEnvironment,
  writeOverrides,
} from "./session/environment.ts";
import { Session } from "./session/session.ts";
import type { KeptSettings, SessionRow } from "./store/session-table.ts";
import { storingIfPossible } from "./store/storing.ts";

export interface Creation {
  name: string | undefined;
  spec: SessionSpec;
  /** Of a session that this one is a fork of. */
  settings?: KeptSettings | null;
  limits?: Limits;
  env: Record<string, string>;
  origin: ThreadOrigin;
  by: Actor;
  record: Pick<OwnRecords["session/created"], "origin" | "from">;
}

export class Sessions {
  readonly #services: Services;
  readonly #onCreated: (session: Session) => Promise<void>;
  readonly #byId = new Map<string, Session>();
  /** Sessions that were not made, and whose rows are still to go. */
  readonly #left = new Set<string>();
  /** Something of one of them changed that shows. */
  onChange: () => void = () => {};

  /** `onCreated` is waited for, before anybody is told of a new session. */
  constructor(services: Services, onCreated: (session: Session) => Promise<void>) {
    this.#services = services;
    this.#onCreated = onCreated;
    for (const row of services.store.sessions.all())
      this.#add(new Session(row, services, this.#leftOrigin(row)));
  }

  #add(session: Session): void {
    session.onChange = () => this.onChange();
    this.#byId.set(session.id, session);
  }

  /** Finds the agents that lived on. Each session does so by itself; none waits for another. */
  revive(): void {
    sweepDirectories(this.#directory(""), (id) => this.#byId.has(id));
    for (const session of this.live()) {
      const revived = session.row.ready ? session.revive() : this.#undo(session);
      revived.catch((error) =>
        this.#services.log.warn({ session: session.name, error: String(error) }, "reviving failed"),
      );
    }
  }

  /** The daemon died while this one was being created, and nobody was told that it exists. */
  async #undo(session: Session): Promise<void> {
    await session.discard();
    this.#forget(session.id);
  }

  all(): Session[] {
    return [...this.#byId.values()];
  }

  live(): Session[] {
    return this.all().filter((session) => !session.ended);
  }

  /** By id, else by name: a live one first, then the one that ended last. */
  lookUp(name: string): Session | undefined {
    const byId = this.#byId.get(name);
    if (byId !== undefined) return byId;
    const named = this.all().filter((session) => session.name === name);
    const ended = named
      .toSorted((a, b) => (a.row.endedAt ?? "").localeCompare(b.row.endedAt ?? ""))
      .at(-1);
    return named.find((session) => !session.ended) ?? ended;
  }

  /** The same, and there must be one. */
  find(name: string): Session {
    const found = this.lookUp(name);
    if (found !== undefined) return found;
    const names = this.live().map((session) => session.name);
    throw noSuchSession(
      name,
      names.filter((other) => other.startsWith(name.slice(0, 2))),
    );
  }

  /** The same, and it must not have been killed. */
  findLive(name: string): Session {
    const session = this.find(name);
    if (!session.row.ready) {
      throw new HacsError(
        "session-busy",
        `Session ${quote(name)} is still being created.`,
        "Try again in a moment; if codex does not start, it is gone again.",
      );
    }
    if (!session.ended) return session;
    throw new HacsError(
      "session-ended",
      `Session ${quote(name)} was killed; only its history is left.`,
      `Read it with: hacs-session tail ${session.name}`,
    );
  }

  /** The same, for one who sees only some sessions. */
  findSeen(name: string, access: Access): Session {
    const found = this.lookUp(name);
    if (found === undefined || !sees(access, found.name)) throw noSuchSession(name);
    return this.findLive(name);
  }

  /**
   * Creates a session and starts its agent, or has it stand in line for a slot. What fails leaves
   * nothing behind.
   */
  async create(creation: Creation): Promise<Session> {
    const { spec, by } = creation;
    const origin = this.#guarded(creation.origin);
    const id = randomBytes(8).toString("hex");
    const name = this.#nameFor(creation);
    const now = new Date().toISOString();
    const overrides = spec.overrides ?? [];
    const shown = overrides.length > 0 ? { ...spec, overrides: overrides.map(withoutValue) } : spec;
    const row: SessionRow = {
      id,
      name,
      spec: shown,
      labels: spec.provider === demoProvider ? { demo: "true" } : {},
      threadId: origin.kind === "resume" ? origin.threadId : null,
      model: spec.model ?? null,
      provider: spec.provider ?? null,
      agent: null,
      settings: creation.settings ?? null,
      stoppedTurn: null,
      origin: keptOrigin(origin),
      ...limited(creation.limits ?? {}, this.#services.limits),
      ready: false,
      seq: 0,
      createdAt: now,
      activeAt: now,
      endedAt: null,
    };
    let session: Session | undefined;
    try {
      writeEnvironment(this.#directory(id), creation.env);
      writeOverrides(this.#directory(id), overrides);
      session = this.#insert(row, origin, { spec: shown, by, ...creation.record });
      await session.rouse();
      // What is wrong with it is said now, not when its turn comes.
      if (session.state === "queued") await session.runContext.check();
      session.created();
      await this.#onCreated(session);
      return session;
    } catch (error) {
      const stopped = session?.life.panic.undoing();
      await session?.discard();
      this.#forget(id);
      throw stopped ?? error;
    }
  }

  #insert(row: SessionRow, origin: ThreadOrigin, created: OwnRecords["session/created"]): Session {
    const { store } = this.#services;
    const session = new Session(row, this.#services, origin);
    store.transaction(() => {
      for (const left of this.#left) store.sessions.remove(left);
      store.sessions.insert(row);
      session.history.own("session/created", created);
    });
    this.#left.clear();
    this.#add(session);
    return session;
  }

  rename(session: Session, to: string, by: Actor): void {
    this.#checkFree(checkName(to));
    session.rename(to, by);
  }

  /** Takes a session that has ended away from everybody; its history is forgotten by upkeep. */
  remove(session: Session): void {
    this.#byId.delete(session.id);
    removeSessionDirectory(this.#directory(session.id));
  }

  /** Of one that was never wholly made. A row that can't be removed goes with the next creation. */
  #forget(id: string): void {
    const { store, log } = this.#services;
    this.#byId.delete(id);
    const gone = storingIfPossible(
      store,
      () => store.sessions.remove(id),
      (error) => log.warn({ id, err: error }, "a session that was not made is still stored"),
    );
    if (!gone) this.#left.add(id);
    removeSessionDirectory(this.#directory(id));
  }

  #directory(id: string): string {
    return join(this.#services.paths.stateDir, "sessions", id);
  }

  #nameFor({ name, spec }: Creation): string {
    if (name !== undefined) {
      this.#checkFree(checkName(name));
      return name;
    }
    const base = nameFrom(spec.cwd.split("/").at(-1) ?? "");
    for (let i = 1; ; i++) {
      const candidate = i === 1 ? base : `${base.slice(0, 40)}-${i}`;
      if (!this.live().some((session) => session.name === candidate)) return candidate;
    }
  }

  #checkFree(name: string): void {
    if (!this.#byId.has(name) && !this.live().some((session) => session.name === name)) return;
    throw new HacsError(
      "name-taken",
      `A session named ${quote(name)} is there already.`,
      `Attach to it (hacs-session attach ${name}), or choose another name.`,
    );
  }

  /** No two sessions of ours have one thread, whether their agents are awake or not. */
  #guarded(origin: ThreadOrigin): ThreadOrigin {
    if (origin.kind === "resume") this.#refuseHeld(origin.threadId);
    if (origin.kind !== "last") return origin;
    return { ...origin, refuse: (threadId) => this.#refuseHeld(threadId) };
  }

  /** Of one that never had its agent. */
  #leftOrigin({ origin }: SessionRow): ThreadOrigin | undefined {
    const left = origin as unknown as ThreadOrigin | null;
    return left?.kind === "last" ? this.#guarded(left) : (left ?? undefined);
  }

  /** A thread that one of our own sessions has is named by that session, not by a pid. */
  #refuseHeld(threadId: string): void {
    const holder = this.live().find((session) => session.row.threadId === threadId);
    if (holder === undefined) return;
    throw new HacsError(
      "thread-held",
      `Thread ${quote(threadId)} is open in session ${quote(holder.name)}.`,
      `Attach to it (hacs-session attach ${holder.name}), or take a copy: hacs-session fork ${holder.name} NAME`,
    );
  }
}

/** What is kept of it until the first agent has its thread. */
function keptOrigin(origin: ThreadOrigin): JsonObject | null {
  if (origin.kind === "new") return null;
  return origin.kind === "last" ? { kind: "last" } : { ...origin };
}

/** `close` are names that may have been meant. */
export function noSuchSession(name: string, close: string[] = []): HacsError {
  return new HacsError(
    "session-not-found",
    `There is no session ${quote(name)}.`,
    close.length > 0
      ? `Did you mean ${close.slice(0, 3).join(", ")}? All: hacs-session ls`
      : "See all with: hacs-session ls",
  );
}
