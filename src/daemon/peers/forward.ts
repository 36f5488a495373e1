/** A call about a session behind a peer: to that peer it goes, with the rest of the address. */
import { randomUUID } from "node:crypto";
import { splitAddress } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Method, Params, Result } from "../../protocol/methods.ts";
import type { Client } from "../client.ts";
import { channelOf, openChannel } from "./client-channel.ts";
import { type ForwardedMethod, isForwarded } from "./foreign.ts";
import type { Peer } from "./peer.ts";
import type { Peers } from "./peers.ts";
import { Relay } from "./relay.ts";

/** Undefined when the call is for this daemon itself. */
export function forward(
  peers: Peers,
  client: Client,
  method: Method,
  params: Params<Method>,
): Promise<unknown> | undefined {
  const { name } = params as { name?: unknown };
  if (typeof name !== "string" || !isForwarded(method)) return undefined;
  const way = splitAddress(name);
  if (way === undefined) return undefined;
  const peer = peers.find(way.peer, name);
  const rest = inside(way, { ...params, name: way.rest } as Params<ForwardedMethod>);
  switch (method) {
    case "session/attach":
      return new Relay(peer, client, rest as Params<"session/attach">).attach();
    case "session/detach":
      return detach(peer, client, rest as Params<"session/detach">);
    case "session/send":
      return send(peers, peer, client, rest as Params<"session/send">);
    case "session/receipt": {
      const { name: session, id } = rest as Params<"session/receipt">;
      const kept = peers.outbox(peer.name).receipt(session, id);
      return kept === undefined
        ? call(peer, client, method, { name: session, id })
        : Promise.resolve(kept);
    }
    default:
      return call(peer, client, method, rest);
  }
}

/** A session stays on its machine, so a new name is one over there, with or without its way. */
function inside<M extends ForwardedMethod>(
  { peer, rest }: { peer: string; rest: string },
  params: Params<M>,
): Params<M> {
  const { name, ...unnamed } = params as { name?: string; to?: string };
  // `laptop/` leaves the name to the daemon there.
  if (rest === "") return unnamed as Params<M>;
  const { to } = unnamed;
  if (to?.startsWith(`${peer}/`))
    return { ...unnamed, name, to: to.slice(peer.length + 1) } as never;
  if (to?.includes("/")) {
    throw new HacsError(
      "not-here",
      `A session stays on its machine; "${to}" is on another.`,
      "Make one there with: hacs-session new PEER/NAME",
    );
  }
  return params;
}

async function call<M extends ForwardedMethod>(
  peer: Peer,
  client: Client,
  method: M,
  params: Params<M>,
): Promise<Result<M>> {
  const link = await peer.reach();
  return openChannel(client, peer, link).call(method, params);
}

async function detach(
  peer: Peer,
  client: Client,
  params: Params<"session/detach">,
): Promise<Record<string, never>> {
  const { attachments } = client;
  const id = `${peer.name}/${params.name}`;
  const known = attachments.get(id) ?? attachments.get((await shownId(peer, client, params)) ?? "");
  known?.end();
  await channelOf(client, peer.name)?.call("session/detach", params);
  return {};
}

async function shownId(peer: Peer, client: Client, params: Params<"session/detach">) {
  return (await channelOf(client, peer.name)?.call("session/show", params))?.session.id;
}

/** With `store` a link that is down, or breaks before the acknowledgement, costs no message. */
async function send(
  peers: Peers,
  peer: Peer,
  client: Client,
  params: Params<"session/send">,
): Promise<Result<"session/send">> {
  if (params.store !== true) return call(peer, client, "session/send", params);
  const outbox = peers.outbox(peer.name);
  const kept = { ...params, id: params.id ?? randomUUID() };
  const { name } = kept;
  if (client.actor === undefined) throw new Error("a method ran before the hello");
  const store = () => {
    const receipt = outbox.keep(name, kept, client.actor!);
    if (peer.link !== undefined) void outbox.flush(peer.link);
    return receipt;
  };
  // What came before goes before.
  if (outbox.waits(name)) return store();
  try {
    return await call(peer, client, "session/send", kept);
  } catch (error) {
    if (error instanceof HacsError && error.exitCode === 6) return store();
    throw error;
  }
}
