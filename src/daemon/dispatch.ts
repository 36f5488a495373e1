/** From a request to the method that answers it: the one place where all of them pass. */
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Method } from "../protocol/methods.ts";
import type { Dispatch } from "./client.ts";
import type { Daemon } from "./daemon.ts";
import { methods } from "./methods/index.ts";
import { checkParams } from "./methods/params.ts";
import { forward } from "./peers/forward.ts";
import { permitCall, permitMethod } from "./permit.ts";

export function dispatcher(daemon: Daemon): Dispatch {
  return (client, method, params) => {
    if (!Object.hasOwn(methods, method)) {
      throw new HacsError(
        "method-unknown",
        `The daemon has no method ${quote(method)}.`,
        "PROTOCOL.md lists them.",
      );
    }
    const name = method as Method;
    if (client.actor === undefined && name !== "hello") {
      throw new HacsError(
        "invalid-params",
        `The first call on a connection is hello; got ${quote(method)}.`,
      );
    }
    daemon.refuseUnlessServing();
    permitMethod(client.identity.access, name);
    const checked = checkParams(name, params);
    permitCall(client.identity.access, name, checked, (one) => daemon.nameOf(one));
    const elsewhere = forward(daemon.peers, client, name, checked);
    if (elsewhere !== undefined) return elsewhere;
    return methods[name]({ daemon, client }, checked as never);
  };
}
