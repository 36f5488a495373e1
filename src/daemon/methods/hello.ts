import { HacsError } from "../../protocol/errors.ts";
import { PROTOCOL } from "../../protocol/methods.ts";
import { version } from "../../system/version.ts";
import type { MethodHandler } from "./index.ts";

/** Agrees on the newest version of the protocol that both sides speak. */
export const hello: MethodHandler<"hello"> = ({ client }, params) => {
  const newest = Math.min(PROTOCOL.max, params.protocol.max);
  if (newest < Math.max(PROTOCOL.min, params.protocol.min)) {
    throw new HacsError(
      "protocol-version",
      `The daemon (${version}) speaks protocol ${PROTOCOL.min} to ${PROTOCOL.max}, this client ${params.protocol.min} to ${params.protocol.max}.`,
      "Update the older one; the daemon then with: hacs-session daemon restart",
    );
  }
  const { kind, user, from } = params.client;
  client.actor = { kind, user, from, ...client.identity.known };
  return { protocol: newest, daemon: { pid: process.pid, version } };
};
