/**
 * A daemon whose socket was removed under it, by a cleaner of /tmp or a logout that took the runtime
 * directory along, lives on with its sessions and can't be reached. It is told by SIGUSR2 to make its
 * socket again, as tmux's is by SIGUSR1. Who it is says the lock that it holds in its state directory.
 */
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../system/paths.ts";
import { isListening } from "../system/probe-socket.ts";
import {
  holdersOf,
  identify,
  isAlive,
  type ProcessIdentity,
  signalProcess,
} from "../system/process-identity.ts";
import { sleep } from "../system/sleep.ts";
import { hungDaemon } from "./hung.ts";

const answerTimeoutMs = 4_000;
const pollMs = 10;

/**
 * Resolves when it listens again, or has ended meanwhile; false where there is none to be told.
 * Throws `daemon-hung` when it lives and does neither.
 */
export async function summon({ socket, stateDir }: Paths): Promise<boolean> {
  const lock = join(stateDir, "daemon.lock");
  if (existsSync(socket) || !existsSync(lock)) return false;
  const daemon = holderOf(realpathSync(lock));
  if (daemon === undefined || !signalProcess(daemon, "SIGUSR2")) return false;
  const deadline = performance.now() + answerTimeoutMs;
  while (performance.now() < deadline) {
    if (!isAlive(daemon) || (await isListening(socket))) return true;
    await sleep(pollMs);
  }
  throw hungDaemon(socket, lock);
}

/** Whoever else looks into the file knows nothing of the signal, and would die of it. */
function holderOf(lock: string): ProcessIdentity | undefined {
  const daemon = holdersOf(lock).find(({ command }) => /\bdaemon\.cjs\b/.test(command));
  return daemon && identify(daemon.pid);
}
