/** All other daemons that this one has to do with, by name: those it dials, and those that dial in. */

import type { Duplex } from "node:stream";
import { Link } from "../../client/link.ts";
import { checkPattern } from "../../protocol/access.ts";
import { checkName, hopsMax, quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Neighbour, Params } from "../../protocol/methods.ts";
import type { PeerInfo } from "../../protocol/session.ts";
import type { Client, Identity } from "../client.ts";
import type { ClientPlaces } from "../client-places.ts";
import { delay, inTime } from "../patience.ts";
import type { Services } from "../services.ts";
import type { PeerRow } from "../store/peer-table.ts";
import { storingIfPossible } from "../store/storing.ts";
import type { Wire } from "../wire.ts";
import { checkClaim, checkCount, itself, ownersWay, taken } from "./claim.ts";
import { Dialer } from "./dialer.ts";
import { Offer } from "./offer.ts";
import { Outbox } from "./outbox.ts";
import { type KnownSession, Peer, patienceMs } from "./peer.ts";
import { serveLink } from "./served-link.ts";
import { shortest } from "./shortest-way.ts";
import { readToken, removeToken } from "./token-file.ts";
import { checkWay, newRow } from "./way.ts";

export interface PeersOptions {
  services: Services;
  /** A channel of a link that others dialled, or that this daemon offers, is a client. */
  accept: (wire: Wire, identity: Identity) => Client;
  /** A link that came in takes one, as the client had that it was made of. */
  places: ClientPlaces;
  /** The token still counts. */
  hasToken: (id: string) => boolean;
}

/** A peer is told to be quicker than the one who waits for it. */
const hopMs = 50;
const firstListMs = 1_000;

export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #outboxes = new Map<string, Outbox>();
  readonly #offers = new Map<string, Offer>();
  /** Links that others may call over, or that they made, with the token that was shown. */
  readonly #served = new Map<Link, string | null>();
  readonly #dialers = new Map<PeerRow, Dialer>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#options.services.store.identity;
  }

  get #me(): Neighbour {
    return { id: this.id, name: this.#options.services.name };
  }

  get #stateDir(): string {
    return this.#options.services.paths.stateDir;
  }

  get none(): boolean {
    return this.#peers.size === 0;
  }

  start(): void {
    for (const row of this.#options.services.store.peers.all()) {
      if (row.kind === "offer") this.#startOffer(row);
      else if (row.kind === "added") this.#startPeer(row);
      else this.#know(row);
    }
  }

  stop(): void {
    for (const dialer of this.#dialers.values()) dialer.stop();
    for (const peer of this.#peers.values()) peer.close("the daemon is shutting down");
  }

  list(localSessions: number): PeerInfo[] {
    return [
      ...[...this.#peers.values()].map((peer) => peer.info()),
      ...[...this.#offers.values()].map((offer) => offer.info(localSessions)),
    ];
  }

  /** `address` is what names it, where that is more than its name. */
  find(name: string, address: string = name): Peer {
    const found = this.#peers.get(name);
    if (found !== undefined) return found;
    const asked = address === name ? "" : `, so none that ${quote(address)} could be on`;
    throw new HacsError(
      "peer-not-found",
      `There is no peer ${quote(name)}${asked}.`,
      this.#peers.size > 0
        ? `There are: ${[...this.#peers.keys()].slice(0, 10).join(", ")}`
        : "Add one with: hacs-session peer add NAME URL",
    );
  }

  outbox(name: string): Outbox {
    let outbox = this.#outboxes.get(name);
    if (outbox === undefined) {
      outbox = new Outbox(name, this.#options.services.store);
      this.#outboxes.set(name, outbox);
    }
    return outbox;
  }

  /** One that can't be reached yet is kept; one that will never be is not. */
  async add({ name, ...way }: Params<"peer/add">): Promise<PeerInfo> {
    checkName(name, "peer name");
    checkWay(way);
    if (this.#peers.has(name)) throw taken(name);
    const row = newRow(name, "added", way, this.#stateDir);
    this.#create(row);
    const { peer, dialer } = this.#startPeer(row);
    const error = await firstOf(dialer);
    if (error === undefined || !isLasting(error)) return peer.info();
    this.remove(name);
    throw error;
  }

  async join(params: Params<"peer/join">): Promise<PeerInfo> {
    const { as, scope = "admin", sessions = "*", ...way } = params;
    const { url } = way;
    checkName(as, "peer name");
    checkPattern(sessions);
    checkWay(way);
    if (this.#offers.has(url)) {
      throw new HacsError(
        "name-taken",
        `This daemon offers its sessions to ${quote(url)} already.`,
        `To change how: hacs-session peer rm ${url}`,
      );
    }
    const row = { ...newRow(as, "offer", way, this.#stateDir), access: { scope, sessions } };
    this.#create(row);
    const { offer, dialer } = this.#startOffer(row);
    const error = await firstOf(dialer);
    if (error === undefined || !isLasting(error)) return offer.info(0);
    this.remove(url);
    throw error;
  }

  /** By name, or an offer by its URL. Gives how many kept messages went with it. */
  remove(name: string): { name: string; dropped: number } {
    const { store } = this.#options.services;
    const offers = [...this.#offers.values()].map(({ row }) => row);
    const row =
      this.#peers.get(name)?.row ??
      offers.find(({ url }) => url === name) ??
      offers.find((offer) => offer.name === name);
    if (row === undefined) this.find(name);
    const gone = row as PeerRow;
    // It is there as long as the store has it.
    const dropped = store.transaction(() => {
      store.peers.remove(gone);
      return gone.kind === "offer" ? 0 : store.outbox.clear(gone.name);
    });
    const peer = gone.kind === "offer" ? undefined : this.#peers.get(gone.name);
    if (peer === undefined) this.#offers.delete(String(gone.url));
    else {
      this.#peers.delete(gone.name);
      this.#outboxes.delete(gone.name);
    }
    this.#dialers.get(gone)?.stop();
    this.#dialers.delete(gone);
    peer?.close("the peer was removed");
    removeToken(gone.tokenFile);
    return { name, dropped };
  }

  #know(row: PeerRow): Peer {
    const { name } = row;
    const peer = new Peer(row, {
      id: this.id,
      save: (changed) => this.#save(changed),
      log: (message, details) =>
        this.#options.services.log.info({ peer: name, ...details }, message),
      onConnected: () => {
        if (peer.link !== undefined) void this.outbox(name).flush(peer.link);
      },
      kept: () => this.outbox(name).info(),
    });
    this.#peers.set(name, peer);
    return peer;
  }

  #startPeer(row: PeerRow): { peer: Peer; dialer: Dialer } {
    const peer = this.#know(row);
    const dialer = this.#dial(row, {
      link: async (connection, daemon, onClose) => {
        if (daemon === this.id) throw itself(String(row.url));
        await connection.call("peer/link", { daemon: this.#me });
        const link: Link = new Link(connection.release(), {
          asked: true,
          onClose: (error) => {
            peer.disconnected(link, error);
            onClose(error);
          },
        });
        await this.#connected(peer, link, daemon);
        // What it has is to be known when it is said to be there.
        await inTime(peer.refresh(0), firstListMs);
        return link;
      },
      onFailed: (error) => peer.disconnected(undefined, error),
      onTrying: (trying) => {
        peer.trying = trying;
      },
    });
    peer.retry = () => dialer.retry();
    dialer.start();
    return { peer, dialer };
  }

  #startOffer(row: PeerRow): { offer: Offer; dialer: Dialer } {
    const offer = new Offer(row);
    this.#offers.set(String(row.url), offer);
    const dialer = this.#dial(row, {
      link: async (connection, daemon, onClose) => {
        if (daemon === this.id) throw itself(String(row.url));
        await connection.call("peer/offer", { as: row.name, daemon: this.#me });
        const neighbour = { id: daemon, name: new URL(String(row.url)).host || row.name };
        const link = this.serve(connection.release(), guestOf(row, neighbour), true, (error) => {
          offer.disconnected(error);
          onClose(error);
        });
        offer.connected();
        return link;
      },
      onFailed: (error) => offer.disconnected(error),
      onTrying: () => {},
    });
    dialer.start();
    return { offer, dialer };
  }

  #dial(
    row: PeerRow,
    more: Pick<ConstructorParameters<typeof Dialer>[0], "link" | "onFailed" | "onTrying">,
  ): Dialer {
    const { tokenFile, url, ca, remoteCommand } = row;
    const dialer = new Dialer({
      url: String(url),
      token: () => (tokenFile === null ? undefined : readToken(tokenFile)),
      ca: ca ?? undefined,
      remoteCommand: remoteCommand ?? this.#options.services.remoteCommand,
      name: this.#me.name,
      ...more,
    });
    this.#dialers.set(row, dialer);
    return dialer;
  }

  async #connected(peer: Peer, link: Link, daemon: string): Promise<void> {
    try {
      await peer.connected(link, daemon);
    } catch (error) {
      link.close("it did not answer");
      throw error;
    }
  }

  /** A link whose channels the other side opens: each is a client of this daemon. */
  serve(
    stream: Duplex,
    identity: Identity,
    asked: boolean = false,
    onClose: (error: HacsError) => void = () => {},
  ): Link {
    const { accept, places, services } = this.#options;
    const leave = places.keep(identity);
    const link: Link = serveLink(stream, {
      identity,
      asked,
      clock: services.clock,
      accept,
      onClose: (error) => {
        leave();
        this.#served.delete(link);
        onClose(error);
      },
    });
    this.#served.set(link, identity.access.token);
    return link;
  }

  /** A token is good no more, and neither is what was made with it. Gives how many links that was. */
  cut(token: string): number {
    const theirs = [...this.#served].filter(([, shown]) => shown === token);
    for (const [link] of theirs) link.close("its token was revoked or has expired");
    return theirs.length;
  }

  /** May `daemon` be called so here? Throws `name-taken` or `not-allowed`. */
  checkOffer(as: string, daemon: Neighbour, token: string | null): void {
    checkName(as, "peer name");
    if (daemon.id === this.id) throw itself(as);
    const claim = { as, daemon, token };
    checkClaim(this.#peers.get(as)?.row, claim, this.#options.hasToken);
    const rows = [...this.#peers.values()].map(({ row }) => row);
    checkCount(rows, claim);
  }

  /** A daemon that dialled in, and speaks first on its link. */
  async offered(as: string, daemon: Neighbour, stream: Duplex, identity: Identity): Promise<void> {
    const { token } = identity.access;
    try {
      // Another may have been answered the same before this one's stream was there.
      this.checkOffer(as, daemon, token);
    } catch {
      return void stream.destroy();
    }
    const row = this.#peers.get(as)?.row ?? newRow(as, "joined");
    Object.assign(row, { daemon: daemon.id, shownToken: token ?? ownersWay });
    const peer = this.#peers.get(as) ?? this.#know(row);
    const leave = this.#options.places.keep(identity);
    const link: Link = new Link(stream, {
      asked: false,
      onClose: (error) => {
        leave();
        this.#served.delete(link);
        peer.disconnected(link, error);
      },
    });
    this.#served.set(link, token);
    await link.heard;
    await this.#connected(peer, link, daemon.id).catch((error) =>
      peer.disconnected(undefined, error),
    );
  }

  /** What the peers have, as fresh as `waitMs` allows; each session once, by its shortest way. */
  async sessions(waitMs: number, all: boolean): Promise<KnownSession[]> {
    const peers = [...this.#peers.values()];
    const asked = waitMs > hopMs ? peers.filter(({ link }) => link !== undefined) : [];
    await inTime(
      Promise.allSettled(asked.map((peer) => peer.refresh(waitMs - hopMs, all))),
      asked.length > 0 ? waitMs : 0,
    );
    const known = peers.flatMap((peer) => [
      ...peer.known(),
      ...(all && peer.link !== undefined ? peer.ended : []),
    ]);
    return shortest(known.filter(({ via }) => via.length <= hopsMax));
  }

  /** A session of a peer's by its address, or by its id behind the peer's name. */
  named(address: string): string {
    for (const peer of this.#peers.values()) {
      const found = peer.known().find(({ session }) => session.id === address);
      if (found !== undefined) return found.session.name;
    }
    return address;
  }

  /** One that can't be stored is none. */
  #create(row: PeerRow): void {
    const { store } = this.#options.services;
    try {
      store.transaction(() => store.peers.put(row));
    } catch (error) {
      removeToken(row.tokenFile);
      throw error;
    }
  }

  /** How it stands; the next time that is told again. One that was removed stays so. */
  #save(row: PeerRow): void {
    const { store, log } = this.#options.services;
    if (this.#peers.get(row.name)?.row !== row) return;
    const failed = (err: unknown) => log.warn({ peer: row.name, err }, "a peer can't be written");
    storingIfPossible(store, () => store.peers.put(row), failed);
  }
}

/** Until the first attempt is over, or takes too long for somebody who waits. */
async function firstOf(dialer: Dialer): Promise<HacsError | undefined> {
  const late = delay(patienceMs);
  const error = await Promise.race([dialer.tried, late.over]);
  late.cancel();
  return error ?? undefined;
}

/** It would be the same the next time. */
function isLasting(error: HacsError): boolean {
  return [2, 3, 7].includes(error.exitCode) || error.code === "protocol-version";
}

/** What a daemon that is offered to may do here, as who chose to join has it. */
function guestOf({ access }: PeerRow, neighbour: Neighbour): Identity {
  return { access: { scope: "admin", sessions: "*", ...access, token: null }, neighbour };
}
