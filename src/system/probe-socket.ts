import net from "node:net";

/** Whether anything accepts connections on a unix socket; it is told nothing, and left again. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}
