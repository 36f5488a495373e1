/**
 * Connections that have not shown yet who they are: so many, so many from one address, and for so
 * long. Whoever opens connections and says nothing, or says it a byte at a time, fills this room and
 * no other.
 */
import type { Socket } from "node:net";

const waitingMax = 4096;
const fromOneAddressMax = 1024;
/** How long a connection may take to show who it is. */
export const patienceMs = 10_000;
const sweepMs = 1_000;

export class Lobby {
  /** The oldest first; by its two ends, since a TLS socket is not the one that was accepted. */
  readonly #waiting = new Map<string, { socket: Socket; since: number }>();
  /** The keys of each address, the oldest first. */
  readonly #perAddress = new Map<string, Set<string>>();
  readonly #isProxy: (address: string) => boolean;
  readonly #sweeper: NodeJS.Timeout;

  constructor(isProxy: (address: string) => boolean) {
    this.#isProxy = isProxy;
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref();
  }

  enter(socket: Socket): void {
    const { remoteAddress = "" } = socket;
    const here = this.#perAddress.get(remoteAddress) ?? new Set();
    // Who has something to show shows it at once: the one that has waited longest has least to lose.
    const [oldest] =
      here.size >= fromOneAddressMax && !this.#isProxy(remoteAddress)
        ? here
        : this.#waiting.size >= waitingMax
          ? this.#waiting.keys()
          : [];
    if (oldest !== undefined) this.#turnOut(oldest);
    const key = endsOf(socket);
    this.#waiting.set(key, { socket, since: performance.now() });
    this.#perAddress.set(remoteAddress, here.add(key));
    socket.once("close", () => this.#remove(key, remoteAddress));
  }

  /** It has shown who it is. */
  leave(socket: Socket): void {
    this.#remove(endsOf(socket), socket.remoteAddress ?? "");
  }

  close(): void {
    clearInterval(this.#sweeper);
    for (const { socket } of this.#waiting.values()) socket.destroy();
  }

  #turnOut(key: string): void {
    const { socket } = this.#waiting.get(key) ?? {};
    if (socket === undefined) return;
    this.#remove(key, socket.remoteAddress ?? "");
    socket.destroy();
  }

  #remove(key: string, address: string): void {
    if (!this.#waiting.delete(key)) return;
    const here = this.#perAddress.get(address);
    here?.delete(key);
    if (here?.size === 0) this.#perAddress.delete(address);
  }

  #sweep(): void {
    const before = performance.now() - patienceMs;
    for (const { socket, since } of this.#waiting.values()) {
      if (since > before) return;
      socket.destroy();
    }
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
