import net from "node:net";
import { asUser, type UnixUser } from "./unix-user.ts";

/** Whether anything accepts connections on a unix socket; it is told nothing, and left again. */
export function isListening(path: string, user?: UnixUser): Promise<boolean> {
  return new Promise((resolve) => {
    // The connection is made within the call.
    const probe = asUser(user, () => net.connect({ path }));
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}
