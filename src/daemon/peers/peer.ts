/**
 * One other daemon: the link to it, what it had when it was last heard, and what waits for it.
 * The link comes and goes; whoever needs it asks for it and is told at once when it is away.
 */

import { Connection } from "../../client/connection.ts";
import { greet } from "../../client/dial.ts";
import { channelsMax, type Link } from "../../client/link.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import type { Json } from "../../protocol/messages.ts";
import type { PeerInfo, SessionInfo } from "../../protocol/session.ts";
import { version } from "../../system/version.ts";
import { ClientPlaces, type PlaceBounds } from "../client-places.ts";
import { nestsTooDeep } from "../nesting.ts";
import type { PeerRow } from "../store/peer-table.ts";
import { readSessions } from "./foreign.ts";

/** A session of the peer's, and the daemons that lead to it from there. */
export interface KnownSession {
  via: string[];
  session: SessionInfo;
}

export interface PeerOptions {
  /** This daemon's id. */
  id: string;
  save: (row: PeerRow) => void;
  log: (message: string, details: object) => void;
  /** The link is there. */
  onConnected: () => void;
  /** How many messages are kept, and which were refused. */
  kept: () => Pick<PeerInfo, "stored" | "refused">;
}

/** Of clients here: some channels of a link stay free for what this daemon asks by itself. */
const channelBounds: PlaceBounds = { max: channelsMax - 100, owners: 100 };
/** How often what a peer has is asked for, whoever wants to know. */
const refreshMs = 3_000;
/** How long a call waits for a link that is being made. */
export const patienceMs = 5_000;

export class Peer {
  readonly row: PeerRow;
  /** Of clients here that ask for something there. */
  readonly places = new ClientPlaces(channelBounds);
  readonly #options: PeerOptions;
  readonly #watchers = new Set<() => void>();
  #link: Link | undefined;
  #control: Connection | undefined;
  #state: PeerInfo["state"] = "connecting";
  #since = new Date().toISOString();
  #error: string | null = null;
  #latencyMs: number | null = null;
  #sessions: KnownSession[];
  #refreshing: Promise<void> | undefined;
  #again: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Set by who makes the link: tries at once, where that is possible. */
  retry: () => void = () => {};

  constructor(row: PeerRow, options: PeerOptions) {
    this.row = row;
    this.#options = options;
    this.#sessions = JSON.parse(row.sessions) as KnownSession[];
    // A peer that dials in is away until it does.
    if (row.kind === "joined") this.#state = "unreachable";
    this.#since = row.seenAt;
  }

  get name(): string {
    return this.row.name;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  get state(): PeerInfo["state"] {
    return this.#state;
  }

  info(): PeerInfo {
    const { name, url, kind } = this.row;
    return {
      name,
      url,
      kind,
      state: this.#state,
      since: this.#since,
      sessions: this.#sessions.length,
      latencyMs: this.#latencyMs,
      ...this.#options.kept(),
      error: this.#error,
    };
  }

  /** What it has, or had: then each is `unreachable`, and since when. */
  known(): KnownSession[] {
    if (this.#link !== undefined) return this.#sessions;
    const since = this.#since;
    return this.#sessions.map(({ via, session }) => ({ via, session: away(session, since) }));
  }

  away(session: SessionInfo): SessionInfo {
    return away(session, this.#since);
  }

  /** The link that works from now on; `daemon` is who is at its other end. */
  async connected(link: Link, daemon: string): Promise<void> {
    this.#link?.close("a newer link took its place");
    const control = new Connection(link.open(), inspectDepth);
    await this.#greetControl(control);
    this.#link = link;
    this.#control = control;
    this.#error = null;
    Object.assign(this.row, { daemon });
    this.#turn("connected");
    this.#save();
    this.#timer = setInterval(() => void this.#beat(), refreshMs);
    this.#timer.unref();
    void this.#beat();
    this.#options.onConnected();
    this.#tell();
  }

  async #greetControl(control: Connection): Promise<void> {
    const client = { kind: "peer", version, user: "the daemon", from: "its link" };
    await greet(control, client, patienceMs);
  }

  /** The link is gone, or there is none to be had. */
  disconnected(link: Link | undefined, error: HacsError): void {
    if (link !== this.#link) return;
    clearInterval(this.#timer);
    this.#link = undefined;
    this.#control = undefined;
    this.#latencyMs = null;
    this.#error = error.message;
    const lost = link !== undefined;
    if (lost) this.#options.log("the link to a peer is down", { error: error.message });
    if (lost || this.#state === "connecting") this.#turn("unreachable");
    if (lost) this.#save();
    this.#tell();
  }

  /** Resolves as soon as anything about the link changes, or the time is up. */
  changed(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#watchers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#watchers.add(done);
    });
  }

  /** The link, waiting a little where it is just being made; throws `peer-unreachable`. */
  async reach(): Promise<Link> {
    const deadline = performance.now() + patienceMs;
    if (this.#link === undefined) this.retry();
    while (this.#link === undefined && this.#trying && performance.now() < deadline)
      await this.changed(deadline - performance.now());
    if (this.#link !== undefined) return this.#link;
    throw this.unreachable();
  }

  /** Somebody is at it. */
  #trying = false;

  set trying(trying: boolean) {
    this.#trying = trying;
    this.#tell();
  }

  unreachable(): HacsError {
    const why = this.#error === null ? "" : `: ${this.#error.replace(/\.$/, "")}`;
    return new HacsError(
      "peer-unreachable",
      `The peer "${this.name}" is unreachable since ${this.#since}${why}.`,
      "It is tried again and again; see: hacs-session peer ls. A message waits for it with: send --store",
    );
  }

  /** Asks it what it has; resolves when that is known, or rejects. Many askers make one call. */
  refresh(waitMs: number, all: boolean = false): Promise<void> {
    if (all) return this.#fetch(waitMs, true);
    if (this.#refreshing === undefined) return this.#begin(waitMs);
    // The one that is under way may have been answered before what the asker knows of.
    this.#again ??= this.#refreshing.catch(() => {}).then(() => this.#begin(waitMs));
    return this.#again;
  }

  #begin(waitMs: number): Promise<void> {
    this.#again = undefined;
    const refreshing = this.#fetch(waitMs, false).finally(() => {
      if (this.#refreshing === refreshing) this.#refreshing = undefined;
    });
    this.#refreshing = refreshing;
    return refreshing;
  }

  /** Those that ended, too, for one who asks for them; they are not kept. */
  ended: KnownSession[] = [];

  async #fetch(waitMs: number, all: boolean): Promise<void> {
    const control = this.#control;
    if (control === undefined) throw this.unreachable();
    const result = await control.call("peer/sessions", { waitMs, ...(all ? { all } : {}) });
    const found = readSessions(this.name, result as unknown as Json).filter(
      ({ via }) => !via.includes(this.#options.id),
    );
    if (control !== this.#control) return;
    const live = found.filter(({ session }) => session.state !== "ended");
    this.ended = found.filter(({ session }) => session.state === "ended");
    const names = (list: KnownSession[]) => JSON.stringify(list.map(({ session }) => session.id));
    const saves = names(live) !== names(this.#sessions);
    this.#sessions = live;
    if (saves) this.#save();
  }

  async #beat(): Promise<void> {
    const link = this.#link;
    if (link === undefined) return;
    try {
      const latency = link.ping();
      await this.refresh(0);
      this.#latencyMs = Math.round((await latency) * 10) / 10;
    } catch (error) {
      if (error instanceof HacsError && error.code === "peer-invalid") link.close(error.message);
      else this.#options.log("a peer does not say what it has", { error: messageOf(error) });
    }
  }

  #turn(state: PeerInfo["state"]): void {
    this.#state = state;
    this.#since = new Date().toISOString();
  }

  #save(): void {
    Object.assign(this.row, { sessions: JSON.stringify(this.#sessions), seenAt: this.#since });
    this.#options.save(this.row);
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  close(why: string): void {
    clearInterval(this.#timer);
    const link = this.#link;
    this.disconnected(link, new HacsError("peer-unreachable", why));
    link?.close(why);
  }
}

/** A session whose peer is away; one that its own peers had lost before keeps its own time. */
function away(session: SessionInfo, since: string): SessionInfo {
  return { ...session, state: "unreachable", unreachableSince: session.unreachableSince ?? since };
}

/** As for any client's frames: what walks such a value could run out of stack. */
export function inspectDepth(frame: string): false {
  if (nestsTooDeep(frame))
    throw new HacsError("peer-invalid", "A frame of the peer's nests too deep.");
  return false;
}
