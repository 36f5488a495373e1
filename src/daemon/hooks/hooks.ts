/**
 * The config's hooks: which of them a record is for, and what each is told. That one is to be told
 * is written down with the record itself; `courier.ts` does the rest, beside everything else.
 */
import { randomUUID } from "node:crypto";
import { sees } from "../../protocol/access.ts";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import {
  type HookEvent,
  type HookEventName,
  type HookInfo,
  type HookTrial,
  hookEventNames,
  hookEventOf,
  isHookEvent,
} from "../../protocol/hooks.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import { signalGroup } from "../../system/process-identity.ts";
import type { Services } from "../services.ts";
import type { Session } from "../session/session.ts";
import type { Delivery } from "../store/hook-table.ts";
import { storingIfPossible } from "../store/storing.ts";
import type { Happened, Listener } from "../watch/watch.ts";
import { Courier } from "./courier.ts";
import { eventOf, sampleOf } from "./hook-event.ts";

export class Hooks implements Listener {
  readonly #services: Services;
  readonly #couriers: Courier[];
  readonly #find: (id: string) => Session | undefined;

  constructor(services: Services, find: (id: string) => Session | undefined) {
    this.#services = services;
    this.#find = find;
    const { store, log, redactor, paths, onStoreError } = services;
    const parts = {
      store,
      log,
      redactor,
      socket: paths.socket,
      eventOf: (delivery: Delivery) => this.#eventOf(delivery),
      onStoreError,
    };
    this.#couriers = services.hooks.map((hook) => new Courier(hook, parts));
    if (this.#couriers.length > 0) services.watch.add(this);
  }

  /** Goes on where the daemon before this one was. */
  start(): void {
    const { store, log } = this.#services;
    // A command of its that still runs would else run twice.
    for (const identity of store.hooks.running()) signalGroup(identity, "SIGKILL");
    const known = this.#couriers.map(({ name }) => name);
    for (const hook of store.hooks.names().filter((name) => !known.includes(name))) {
      storingIfPossible(
        store,
        () => {
          const dropped = store.hooks.clear(hook);
          log.warn({ hook, dropped }, "a hook is not in the config file any more");
        },
        (error) => log.warn({ hook, err: error }, "what waits for a hook can't be dropped"),
      );
    }
    for (const courier of this.#couriers) courier.soon();
  }

  stop(): void {
    for (const courier of this.#couriers) courier.stop();
  }

  storing({ session, seq, method, params }: Happened): void {
    const event = hookEventOf(method, params, session.threadId);
    if (event === undefined) return;
    for (const courier of this.#couriers)
      if (isFor(courier, event, session.name)) courier.add(session.id, seq, event);
  }

  stored({ session, method, params }: Happened): void {
    const event = hookEventOf(method, params, session.threadId);
    if (event === undefined) return;
    for (const courier of this.#couriers) if (isFor(courier, event, session.name)) courier.soon();
  }

  list(): HookInfo[] {
    return this.#couriers.map((courier) => courier.info());
  }

  /** Tells every hook that is for the event, or the one that is named, and waits for each. */
  async test(event: string, name: string | undefined): Promise<HookTrial[]> {
    const type = checkEvent(event);
    const chosen = this.#couriers.filter((courier) =>
      name === undefined ? courier.hook.on.includes(type) : courier.name === name,
    );
    if (chosen.length === 0) throw this.#noSuchHook(type, name);
    const session = { id: "0".repeat(16), name: "example", cwd: "/", model: null };
    const sample = sampleOf(type, `test-${randomUUID()}`, session);
    return Promise.all(
      chosen.map(async (courier) => {
        const began = performance.now();
        const { outcome, detail } = await courier.try(sample);
        const ms = Math.round(performance.now() - began);
        return { hook: courier.name, outcome: outcome === "done" ? outcome : "failed", detail, ms };
      }),
    );
  }

  #noSuchHook(type: HookEventName, name: string | undefined): HacsError {
    const names = this.#couriers.map((courier) => courier.name);
    return new HacsError(
      "hook-not-found",
      name === undefined
        ? `No hook of the config file is for ${type}.`
        : `The config file has no hook that goes by ${quote(name)}.`,
      names.length === 0
        ? `There are none: see hooks in ${this.#services.paths.configFile}, and daemon restart.`
        : `There are: ${names.slice(0, 10).join(", ")}. See: hacs-session hooks ls`,
    );
  }

  /** Undefined when the session was removed, or retention dropped the record. */
  #eventOf({ session: id, seq, event }: Delivery): HookEvent | undefined {
    const session = this.#find(id);
    if (session === undefined) return undefined;
    const { store } = this.#services;
    const [row] = store.records.after(id, seq - 1, 1);
    if (row?.seq !== seq || row.method === "session/trimmed") return undefined;
    const params = JSON.parse(row.params) as JsonObject;
    const { name, cwd, model } = session.info();
    return eventOf(event, { ...row, params }, { id, name, cwd, model }, store);
  }
}

function isFor({ hook }: Courier, event: HookEventName, session: string): boolean {
  return hook.on.includes(event) && sees({ sessions: hook.sessions ?? "*" }, session);
}

function checkEvent(name: string): HookEventName {
  if (isHookEvent(name)) return name;
  throw new HacsError(
    "invalid-usage",
    `There is no event ${quote(name)}.`,
    `There are: ${hookEventNames.join(", ")}`,
  );
}
