/**
 * The daemon's own socket with its lock, and how it is made again: SIGUSR2 is how a client that finds
 * the daemon alive and its socket gone asks for it.
 */
import type { Server } from "node:net";
import { dirname } from "node:path";
import type { Logger } from "pino";
import {
  agentSocket,
  checkPrivateDirectory,
  checkSocketPath,
  ensurePrivateDirectory,
  type Paths,
} from "../system/paths.ts";
import { isListening } from "../system/probe-socket.ts";
import { owner } from "./client.ts";
import { codexSocket } from "./codex-proxy/codex-proxy.ts";
import type { Daemon } from "./daemon.ts";
import { LineWire } from "./line-wire.ts";
import { listen } from "./listener.ts";
import { acquireLock } from "./lock.ts";

/** Where everything goes, found now and not by the first session; and that this one socket is ours. */
export function claimSocket(paths: Paths): void {
  const { stateDir, socket, agentsDir, codexDir } = paths;
  checkSocketPath(agentSocket(agentsDir, "0".repeat(16)));
  checkSocketPath(codexSocket(codexDir, "0".repeat(16)));
  for (const directory of [stateDir, dirname(socket), agentsDir, codexDir]) {
    ensurePrivateDirectory(directory);
    checkPrivateDirectory(directory);
  }
  acquireLock(`${socket}.lock`);
}

export function listenForClients({ socket }: Paths, daemon: Daemon): Promise<Server> {
  return listen(socket, (stream) => daemon.accept(new LineWire(stream), owner));
}

/** From the first moment: a signal that nobody heeds would end the process. */
export class Summons {
  #heed = async (): Promise<void> => {};
  #last: Promise<void> = Promise.resolve();

  constructor() {
    process.on("SIGUSR2", () => {
      this.#last = this.#last.then(() => this.#heed());
    });
  }

  serve(daemon: Daemon, paths: Paths, log: Logger): void {
    this.#heed = async () => {
      try {
        if (await isListening(paths.socket)) return;
        await daemon.listenAgain(() => {
          const umask = process.umask(0o077);
          try {
            claimSocket(paths);
          } finally {
            process.umask(umask);
          }
          return listenForClients(paths, daemon);
        });
        log.warn({ socket: paths.socket }, "the socket was gone, and was made again");
      } catch (error) {
        log.error({ err: error }, "the socket is gone, and can't be made again");
      }
    };
  }
}
