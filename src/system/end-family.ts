/**
 * Ends all processes of a family, whatever they do against it. First every one of them is stopped,
 * which can't be caught, until a look finds none that runs: what is stopped starts nothing new.
 * Then all are killed, and it is looked again, until nothing is left or the time is up.
 *
 * A process that starts its successor and ends, again and again, is gone before it is read. So a
 * look that missed anybody proves nothing, and such ones are lain in wait for: the machine's newest
 * process, as soon as it is there, and its group with it, where the successor is born. Where others
 * start processes without a pause no look may ever be whole; then it has to do that of many that
 * were just born, none belonged.
 */

import type { AgentFamily, FamilyMember } from "./agent-family.ts";
import { bootId, isAlive, signalProcess } from "./process-identity.ts";
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
/** How long it is lain in wait without letting others do anything, and how long in all. */
const waitingMs = 50;
const missingMs = 10_000;
/** One that moves on is among the newborn so often that so many are not met without it. */
const strangersMin = 50;

export async function endFamily(family: AgentFamily, timeoutMs = patienceMs): Promise<Ending> {
  const deadline = performance.now() + timeoutMs;
  const seen = new Set<string>();
  const strangers = new Set<string>();
  let sureBy: number | undefined;
  for (;;) {
    await stopAll(family);
    const members = family.look();
    for (const member of members) {
      seen.add(nameOf(member));
      signal(family, member, "SIGKILL");
    }
    while (members.some(isAlive) && performance.now() < deadline) await sleep(pollMs);
    const left = family.look();
    const now = performance.now();
    const isSure = family.missed.length === 0 || strangers.size >= strangersMin;
    if (left.length === 0 && isSure) return { ended: seen.size, left };
    if (left.length > 0) sureBy = undefined;
    else sureBy ??= Math.min(deadline, now + missingMs);
    if (now >= (sureBy ?? deadline)) {
      const unsure = left.length === 0 ? family.missed.slice(0, 1).map(unknown) : left;
      return { ended: seen.size - left.length, left: unsure };
    }
    const caught = lieInWait(family, strangers);
    for (const member of caught) seen.add(nameOf(member));
    if (left.length + caught.length > 0) strangers.clear();
    await sleep(1);
  }
}

async function stopAll(family: AgentFamily): Promise<void> {
  const deadline = performance.now() + stoppingMs;
  for (;;) {
    const running = family.look().filter(({ stopped }) => !stopped);
    for (const member of running) signal(family, member, "SIGSTOP");
    if (running.length === 0 || performance.now() >= deadline) return;
    await sleep(pollMs);
  }
}

/** Kills who belongs of those that are born meanwhile, and adds the others to `strangers`. */
function lieInWait(family: AgentFamily, strangers: Set<string>): FamilyMember[] {
  const caught: FamilyMember[] = [];
  for (const until = performance.now() + waitingMs; performance.now() < until; ) {
    const { one, belongs = false } = family.glance() ?? {};
    if (one === undefined) continue;
    if (!belongs) {
      strangers.add(nameOf(one));
      continue;
    }
    kill(family.ownsGroupOf(one) || one.group === one.pid ? -one.group : one.pid);
    caught.push(one);
  }
  return caught;
}

/** With its group, where that is the family's own: what is born meanwhile is born in it. */
function signal(family: AgentFamily, member: FamilyMember, name: "SIGSTOP" | "SIGKILL"): void {
  if (!isAlive(member)) return;
  if (family.ownsGroupOf(member)) kill(-member.group, name);
  signalProcess(member, name);
}

function kill(target: number, name: "SIGSTOP" | "SIGKILL" = "SIGKILL"): void {
  try {
    process.kill(target, name);
  } catch {
    // It is gone, or another user's; the next look says which.
  }
}

function nameOf({ pid, startTime }: FamilyMember): string {
  return `${pid} ${startTime}`;
}

/** That it was there is all that is known of it. */
function unknown(pid: number): FamilyMember {
  const command = "(a process that ends before it can be looked at, again and again)";
  const nobody = { parent: 0, group: 0, sid: 0, stopped: false };
  return { pid, startTime: "", bootId: bootId(), ...nobody, command };
}
