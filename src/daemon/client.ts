/** Who asks: one connection, or one request over HTTP. */
import type { Duplex } from "node:stream";
import { type Access, ownerAccess } from "../protocol/access.ts";
import type { JsonObject } from "../protocol/messages.ts";
import type { Neighbour } from "../protocol/methods.ts";
import type { Actor, ClientInfo } from "../protocol/session.ts";
import type { Sink } from "./session/feed.ts";

/** What is known of a client before it says anything itself. */
export interface Identity {
  access: Access;
  /** Who it is and from where, whatever it says; the user's own programs are believed. */
  known?: Pick<Actor, "user" | "from">;
  /** The daemon whose link it came by, and what that one calls itself. */
  neighbour?: Neighbour;
}

/** Whoever can open the daemon's own socket. */
export const owner: Identity = { access: ownerAccess };

/** The user's own programs, over the daemon's own socket or ssh, and no other daemon between. */
export function isOwner({ access, neighbour }: Identity): boolean {
  return access.token === null && neighbour === undefined;
}

export interface Client extends Sink {
  readonly identity: Identity;
  /** Who it is, as what it does is attributed; undefined before the hello. */
  actor: Actor | undefined;
  /** The ids of the daemons between it and this one; set by the hello. */
  passed?: readonly string[];
  /** Gives its stream away for a link. There is none for a request over HTTP. */
  handOver?: () => Duplex;
  /** What to undo when it goes, by session id. */
  readonly attachments: Map<string, Attachment>;
}

export interface Attachment {
  readOnly: boolean;
  /** As it is shown in the session; undefined for one of a peer's. */
  info?: ClientInfo;
  end: () => void;
}

/** Answers a request, or throws a HacsError. */
export type Dispatch = (client: Client, method: string, params: JsonObject) => unknown;
