/**
 * Ends all processes of a family, whatever they do against it. First every one of them is stopped,
 * which can't be caught, until a look finds none that runs: what is stopped starts nothing new.
 * Then all are killed, and it is looked again, until nothing is left or the time is up.
 */

import type { AgentFamily, FamilyMember } from "./agent-family.ts";
import { isAlive, signalProcess } from "./process-identity.ts";
import { sleep } from "./sleep.ts";

export interface Ending {
  /** How many there were. */
  ended: number;
  /** What lives on: the kernel could not end it in time, or would not let us. */
  left: FamilyMember[];
}

const patienceMs = 15_000;
/** One that waits for a disk does not stop before that is done, and is killed all the same. */
const stoppingMs = 500;
const pollMs = 5;

export async function endFamily(family: AgentFamily, timeoutMs = patienceMs): Promise<Ending> {
  const deadline = performance.now() + timeoutMs;
  const seen = new Set<string>();
  for (;;) {
    await stopAll(family);
    const members = family.look();
    for (const member of members) {
      seen.add(`${member.pid} ${member.startTime}`);
      signalProcess(member, "SIGKILL");
    }
    while (members.some(isAlive) && performance.now() < deadline) await sleep(pollMs);
    const left = family.look();
    if (left.length === 0 || performance.now() >= deadline)
      return { ended: seen.size - left.length, left };
  }
}

async function stopAll(family: AgentFamily): Promise<void> {
  const deadline = performance.now() + stoppingMs;
  for (;;) {
    const running = family.look().filter(({ stopped }) => !stopped);
    for (const member of running) signalProcess(member, "SIGSTOP");
    if (running.length === 0 || performance.now() >= deadline) return;
    await sleep(pollMs);
  }
}
