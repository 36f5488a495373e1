/** From a request to the method that answers it: the one place where all of them pass. */
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Method } from "../protocol/methods.ts";
import type { Call } from "./audit.ts";
import type { Dispatch } from "./client.ts";
import type { Daemon } from "./daemon.ts";
import { methods } from "./methods/index.ts";
import { checkParams } from "./methods/params.ts";
import { forward } from "./peers/forward.ts";
import { permitCall, permitMethod } from "./permit.ts";

export function dispatcher(daemon: Daemon): Dispatch {
  const tell = (error: unknown): never => {
    throw daemon.services.redactor.error(error);
  };
  const dispatch = dispatchWhole(daemon);
  return (client, method, params) => {
    try {
      const answer = dispatch(client, method, params);
      return answer instanceof Promise ? answer.catch(tell) : answer;
    } catch (error) {
      return tell(error);
    }
  };
}

function dispatchWhole(daemon: Daemon): Dispatch {
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
    const call = daemon.audit.of(client, name, params);
    return audited(call, () => {
      permitMethod(client.identity.access, name);
      const checked = checkParams(name, params);
      permitCall(client.identity.access, name, checked, (one) => daemon.nameOf(one));
      const elsewhere = forward(daemon.peers, client, name, checked);
      if (elsewhere === undefined) return methods[name]({ daemon, client }, checked as never);
      // The other daemon has an audit of its own.
      call.leave();
      return elsewhere;
    });
  };
}

/** The entry is made before the answer goes out. */
function audited(call: Call, work: () => unknown): unknown {
  const done = (result: unknown) => {
    call.done(result);
    return result;
  };
  const refused = (error: unknown): never => {
    call.refused(error);
    throw error;
  };
  try {
    const result = work();
    return result instanceof Promise ? result.then(done, refused) : done(result);
  } catch (error) {
    return refused(error);
  }
}
