import { hopsMax } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { PROTOCOL } from "../../protocol/methods.ts";
import { version } from "../../system/version.ts";
import type { MethodHandler } from "./index.ts";

/** Agrees on the newest version of the protocol that both sides speak. */
export const hello: MethodHandler<"hello"> = ({ client, daemon }, params) => {
  const newest = Math.min(PROTOCOL.max, params.protocol.max);
  if (newest < Math.max(PROTOCOL.min, params.protocol.min)) {
    throw new HacsError(
      "protocol-version",
      `The daemon (${version}) speaks protocol ${PROTOCOL.min} to ${PROTOCOL.max}, this client ${params.protocol.min} to ${params.protocol.max}.`,
      "Update the older one; the daemon then with: hacs-session daemon restart",
    );
  }
  const { kind, user, from } = params.client;
  const { known, neighbour } = client.identity;
  client.passed = neighbour === undefined ? [] : [...(params.via ?? []), neighbour.id];
  checkWay(client.passed, daemon.peers.id);
  // What is beyond the last link is what that one says of it.
  const via = neighbour && { via: [...(params.client.via ?? []), neighbour.name] };
  client.actor = { kind, user, from, ...via, ...known };
  return { protocol: newest, daemon: { pid: process.pid, version, id: daemon.peers.id } };
};

/** `passed`: the daemons that a request came through. */
function checkWay(passed: readonly string[], own: string): void {
  if (passed.includes(own)) {
    throw new HacsError(
      "peer-loop",
      "The way to this session leads in a circle: it comes through one daemon twice.",
      "Name it by a shorter way; see: hacs-session ls",
    );
  }
  if (passed.length <= hopsMax) return;
  throw new HacsError(
    "too-many-hops",
    `A session is at most ${hopsMax} peers away; this one is ${passed.length}.`,
    "Add the daemon that has it as a peer of this one: hacs-session peer add NAME URL",
  );
}
