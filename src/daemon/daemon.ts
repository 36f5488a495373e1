/** The daemon: its sessions, its clients, and how it ends. */
import type { Server } from "node:net";
import { type Access, includes, isForAll, sees } from "../protocol/access.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Result } from "../protocol/methods.ts";
import type { DaemonStatus } from "../protocol/session.ts";
import { locateCodex } from "../system/codex-binary.ts";
import { diskBytesOf } from "../system/disk.ts";
import { version } from "../system/version.ts";
import { Audit } from "./audit.ts";
import type { Client, Dispatch, Identity } from "./client.ts";
import { ClientConnection } from "./client-connection.ts";
import { ClientPlaces, clientBounds } from "./client-places.ts";
import { CodexProxy } from "./codex-proxy/codex-proxy.ts";
import { CodexUpdate } from "./codex-update.ts";
import { dispatcher } from "./dispatch.ts";
import { Hooks } from "./hooks/hooks.ts";
import type { OpenPort } from "./network/open-port.ts";
import { Peers } from "./peers/peers.ts";
import type { Services } from "./services.ts";
import type { Session } from "./session/session.ts";
import { noSuchSession, Sessions } from "./sessions.ts";
import { Pairing } from "./tokens/pairing.ts";
import { Tokens } from "./tokens/tokens.ts";
import { Upkeep } from "./upkeep/upkeep.ts";
import { figuresOf } from "./watch/figures.ts";
import { LoopDelay } from "./watch/loop-delay.ts";
import type { Metrics } from "./watch/metrics.ts";
import { Tally } from "./watch/tally.ts";
import type { Wire } from "./wire.ts";

/** How long a session may take to be settled before its agent is left as it is. */
const settleTimeoutMs = 10_000;
/** How long the last answers have to get out. */
const lastBytesMs = 50;
/** How long a removal waits for the archive's; it is made up for later. */
const archiveWaitMs = 2_000;

export class Daemon {
  readonly services: Services;
  readonly sessions: Sessions;
  readonly peers: Peers;
  /** The way of every request, whatever it came by. */
  readonly dispatch: Dispatch = dispatcher(this);
  readonly tokens: Tokens;
  readonly pairing = new Pairing();
  /** Where it listens besides its socket. */
  port: OpenPort | undefined;
  readonly codexProxy: CodexProxy;
  readonly codexUpdate: CodexUpdate;
  readonly audit: Audit;
  readonly upkeep: Upkeep;
  readonly hooks: Hooks;
  readonly tally: Tally;
  readonly loop = new LoopDelay();
  #metrics: Promise<Metrics> | undefined;
  readonly #startedAt = Date.now();
  /** With how each leaves its place. */
  readonly #clients = new Map<Client, () => void>();
  readonly #places = new ClientPlaces(clientBounds);
  readonly #onStopped: () => void;
  #server: Server | undefined;
  /** The port may be open before sessions have found their agents. */
  #serving = false;
  #stopping = false;

  constructor(services: Services, onStopped: () => void) {
    this.services = services;
    this.tokens = new Tokens(services);
    this.tokens.onEnd = (id, why) => this.#cut(id, why);
    this.codexProxy = new CodexProxy(services);
    this.sessions = new Sessions(services, (session) => this.codexProxy.listen(session));
    this.codexUpdate = new CodexUpdate(() => this.sessions.live(), services);
    this.sessions.onChange = () => this.codexUpdate.soon();
    this.peers = new Peers({
      services,
      accept: (wire, identity) => this.accept(wire, identity),
      places: this.#places,
      hasToken: (id) => this.tokens.has(id),
    });
    this.audit = new Audit(services, this.sessions);
    const { store, log, keep, keepAuditMs, archive } = services;
    this.tally = new Tally(store, services.metricsPerSession);
    services.watch.add(this.tally);
    this.hooks = new Hooks(services, (id) => this.sessions.lookUp(id));
    const onError = (error: unknown) => log.error({ err: error }, "upkeep failed");
    this.upkeep = new Upkeep({ store, keep, keepAuditMs, archive, onError });
    this.#onStopped = onStopped;
  }

  serve(server: Server): void {
    this.#serving = true;
    this.#server = server;
    this.upkeep.start();
    this.loop.start();
    this.hooks.start();
    this.services.archive?.start();
    this.sessions.revive();
    void this.codexProxy.start(this.sessions.live().filter(({ row }) => row.ready));
    this.peers.start();
  }

  /** Its sockets were removed under it, and are made anew. Who is connected stays so. */
  async listenAgain(make: () => Promise<Server>): Promise<void> {
    if (this.#stopping || !this.#serving) return;
    // Its end removes whatever has its name by then.
    this.#server?.close();
    this.#server = await make();
    await this.codexProxy.listenAgain();
  }

  /** A session's name by its name or id, here or behind a peer. */
  nameOf(name: string): string | undefined {
    return name.includes("/") ? this.peers.named(name) : this.sessions.lookUp(name)?.name;
  }

  accept(wire: Wire, identity: Identity): ClientConnection {
    const client = new ClientConnection(wire, identity, this.dispatch, this.onBug);
    client.onClose = () => this.part(client);
    if (this.#stopping || !this.#serving) wire.destroy();
    else this.#admitOrTell(client);
    return client;
  }

  onBug = (error: unknown): void => {
    this.services.log.error({ err: error }, "a request met a bug");
  };

  #admitOrTell(client: Client): void {
    try {
      this.admit(client);
    } catch (error) {
      client.fail(error);
    }
  }

  /** Counts a client in, or throws `too-many-clients`. */
  admit(client: Client): void {
    this.#clients.set(client, this.#places.take(client.identity));
  }

  part(client: Client): void {
    this.#clients.get(client)?.();
    this.#clients.delete(client);
  }

  #cut(token: string, why: HacsError): number {
    const theirs = [...this.#clients.keys()].filter(
      ({ identity }) => identity.access.token === token,
    );
    for (const client of theirs) client.fail(why);
    return theirs.length + this.codexProxy.cut(token, why) + this.peers.cut(token);
  }

  /**
   * Forgets a session that has ended. Gives how many records, once nothing is left of them here,
   * and whether the archive has still to forget it.
   */
  async remove(session: Session): Promise<Result<"session/remove">> {
    const { store, archive } = this.services;
    const records = store.keep.count(session.id);
    const forgotten = this.upkeep.forget(session.id);
    // It is there as long as the store has it.
    this.sessions.remove(session);
    await forgotten;
    const everywhere = archive === undefined || (await archive.forgets(session.id, archiveWaitMs));
    return { records, ...(everywhere ? {} : { pending: true }) };
  }

  /** Clients for whom a session does not exist under its new name have nothing to do with it. */
  partFromUnseen(session: Session): void {
    this.codexProxy.partFromUnseen(session);
    for (const client of this.#clients.keys()) {
      if (!client.attachments.has(session.id)) continue;
      if (!sees(client.identity.access, session.name)) client.fail(noSuchSession(session.id));
    }
  }

  refuseUnlessServing(): void {
    if (this.#serving && !this.#stopping) return;
    throw new HacsError(
      "daemon-stopping",
      this.#stopping ? "The daemon is shutting down." : "The daemon is starting.",
      "Try again: the next command starts a new one.",
    );
  }

  /** As a client has it that sees these sessions. */
  async status(access: Access): Promise<DaemonStatus> {
    const codex = await locateCodex({ given: this.services.codex, env: process.env }).catch(
      () => undefined,
    );
    const seen = this.sessions.live().filter(({ name }) => sees(access, name));
    return {
      pid: process.pid,
      version,
      codexVersion: codex?.version ?? null,
      agentVersions: agentVersions(seen),
      socket: this.services.paths.socket,
      listen: this.port?.urls ?? [],
      sessions: seen.length,
      clients: this.#clients.size + this.codexProxy.count,
      uptimeMs: Date.now() - this.#startedAt,
      diskBytes: diskBytesOf(this.services.paths.stateDir),
      // Who sees some sessions only is not told of the others in sums.
      figures: isForAll(access) ? figuresOf(this) : null,
      // Where it is and which sessions are set aside is for who may ask it.
      archive: seesArchive(access) ? (this.services.archive?.status() ?? null) : null,
      resources: await this.services.confinements.support(),
      agents: this.#agents(),
    };
  }

  #agents(): DaemonStatus["agents"] {
    const { running, max, waiting } = this.services.slots;
    return { running, max, waiting };
  }

  clientKinds(): string[] {
    const kinds = [...this.#clients.keys()].map(({ actor }) => actor?.kind ?? "unknown");
    return [...kinds, ...Array<string>(this.codexProxy.count).fill("codex")];
  }

  /** As Prometheus reads it. */
  async metrics(): Promise<Result<"daemon/metrics">> {
    const { metricsPerSession } = this.services;
    const look = () => ({ figures: figuresOf(this), tally: this.tally });
    this.#metrics ??= import("./watch/metrics.ts").then(
      ({ Metrics: Told }) => new Told(look, metricsPerSession),
    );
    const metrics = await this.#metrics;
    return { contentType: metrics.contentType, text: await metrics.text() };
  }

  /** Ends the daemon; what becomes of each agent is said. The answer goes out before it closes. */
  async stop(agents: "settle" | "keep" | "end"): Promise<Result<"daemon/stop">> {
    this.#stopping = true;
    this.codexUpdate.stop();
    // A client that still could would wake what is put to sleep here.
    this.codexProxy.close();
    const awake = this.sessions.live().filter(({ atRest }) => !atRest);
    const sessions = await Promise.all(
      awake.map(async (session) => {
        const { name, state } = session;
        const outcome = await inTime(settle(session, agents)).catch(() => left(session));
        return { name, state, outcome };
      }),
    );
    setImmediate(() => this.#close());
    return { sessions: sessions.filter((session) => session.state !== "asleep") };
  }

  /**
   * Connections are left for the process's end to close: who sees that, can start the next daemon
   * and finds the locks free. Whoever does not take its last bytes by then is not waited for.
   */
  #close(): void {
    setTimeout(() => {
      this.peers.stop();
      this.upkeep.stop();
      this.loop.stop();
      this.hooks.stop();
      this.services.archive?.stop();
      this.#server?.close();
      this.port?.close();
      this.#onStopped();
    }, lastBytesMs);
  }
}

function seesArchive(access: Access): boolean {
  return isForAll(access) && includes(access.scope, "admin");
}

/** How many agents run which codex. */
function agentVersions(sessions: Session[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { row } of sessions) {
    const codex = row.agent?.codexVersion;
    if (codex !== undefined) counts[codex] = (counts[codex] ?? 0) + 1;
  }
  return counts;
}

/** One agent that hangs does not keep the daemon. */
function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(reject, settleTimeoutMs).unref());
  return Promise.race([work, late]);
}

/** A turn that began meanwhile, say, is no reason to stay: what can't be settled is left. */
function left(session: Session): string {
  session.leave();
  return "its agent goes on; the next daemon adopts it";
}

async function settle(session: Session, agents: "settle" | "keep" | "end"): Promise<string> {
  const { state } = session;
  if (agents === "end") {
    await session.life.sleep(true, { kind: "daemon", user: "the daemon", from: "stopping" });
    return state === "working" || state === "needs-approval"
      ? "its turn was interrupted and its agent ended"
      : "its agent ended";
  }
  if (agents === "keep") return left(session);
  if (state === "working") {
    session.leave();
    return "its agent finishes the turn; the next daemon adopts it";
  }
  if (state === "needs-approval") {
    session.leave();
    return "its agent waits for the approval; the next daemon adopts it";
  }
  await session.life.sleep(false, { kind: "daemon", user: "the daemon", from: "stopping" });
  if (state === "queued")
    return "it left the line; what it was sent is delivered by the next daemon";
  return "its agent was put to sleep";
}
