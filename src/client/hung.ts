/** A daemon that has its socket and says nothing: which process it is, and how to be rid of it. */
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import { holdersOf } from "../system/process-identity.ts";

/** The lock is the kernel's, so who has it open is the daemon, and no old pid. */
export function hungDaemon(socket: string, lock = `${socket}.lock`): HacsError {
  const [holder] = holdersOf(lock);
  const who = holder === undefined ? "The daemon" : `The daemon (pid ${holder.pid})`;
  const kill =
    holder === undefined ? `kill -9 "$(lsof -t ${quote(lock)})"` : `kill -9 ${holder.pid}`;
  return new HacsError(
    "daemon-hung",
    `${who} does not answer on ${quote(socket)}.`,
    `Agents outlive it, and the next command starts another. End it with: ${kill}`,
    holder === undefined ? {} : { pid: holder.pid },
  );
}
