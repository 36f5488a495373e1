/**
 * Which processes came of a session's agent, however far they ran from it. What is marked belongs:
 * the agent is started with the session's id in its environment, which what it starts inherits,
 * and with the session's socket as an argument. So does what has an ancestor that belongs, and
 * what is in a login session (setsid) with one that does: nobody can join such a session, only be
 * born in it. What was once seen to belong does for as long as it lives, with all it starts from
 * then on, even when its ancestors are gone.
 *
 * What emptied its environment, left its login session and lost its parent before the first look
 * belongs as well and can't be told from others, unless the agent has a cgroup of its own.
 */
import { bootId, type ProcessIdentity } from "./process-identity.ts";
import {
  type AgentMark,
  type Ended,
  type FamilyMember,
  type Found,
  ProcessReader,
} from "./process-table.ts";

export { type AgentMark, type FamilyMember, markVariable } from "./process-table.ts";

export class AgentFamily {
  readonly #reader: ProcessReader;
  /** Start times by pid. */
  readonly #known = new Map<number, string>();
  /** Login sessions that were seen to belong. */
  readonly #sids = new Set<number>();
  /** Start times, by pid, of those that were dead when they were met. */
  readonly #dead = new Map<number, string>();
  #missed: number[] = [];

  /** `seen`: what was found to belong by an earlier look, of another process perhaps. */
  constructor(marks: readonly AgentMark[], seen: readonly ProcessIdentity[] = []) {
    this.#reader = new ProcessReader(marks);
    for (const one of seen) if (one.bootId === bootId()) this.#known.set(one.pid, one.startTime);
  }

  /** Of the last look: processes that ended before it could be told whose they were. */
  get missed(): readonly number[] {
    return this.#missed;
  }

  /** Those that live now, without this process itself. */
  look(): FamilyMember[] {
    const { found, ended } = this.#reader.all();
    this.#missed = ended.filter((one) => !this.#wasDead(one)).map(({ pid }) => pid);
    // A daemon that an agent started is no more of its family than the first process is.
    const others = found.filter(({ pid }) => pid !== process.pid && pid > 1);
    const members = new Set(others.filter((one) => this.#isKnown(one)));
    const strangers = strangeSids(found);
    this.#forgetReused(others, members);
    for (let before = -1; before < members.size; ) {
      before = members.size;
      const pids = new Set([...members].map(({ pid }) => pid));
      for (const { sid } of members) if (!strangers.has(sid)) this.#sids.add(sid);
      for (const one of others)
        if (pids.has(one.parent) || this.#sids.has(one.sid)) members.add(one);
    }
    for (const { pid, startTime } of members) this.#known.set(pid, startTime);
    return [...members];
  }

  /** The machine's newest process, if it is still there: for what a look is too slow for. */
  glance(): { one: FamilyMember; belongs: boolean } | undefined {
    const one = this.#reader.newest();
    if (one === undefined || one.pid === process.pid || one.pid <= 1) return undefined;
    return { one, belongs: this.#isKnown(one) || this.#sids.has(one.sid) };
  }

  /** Whether all that is in its process group belongs: a group lies within one login session. */
  ownsGroupOf({ group, sid }: FamilyMember): boolean {
    return group > 1 && this.#sids.has(sid);
  }

  /** Whether it is no news: one that belonged, or that was dead by the look before. */
  #wasDead({ pid, startTime }: Ended): boolean {
    if (startTime === undefined) return false;
    const isOld = (this.#dead.get(pid) ?? this.#known.get(pid)) === startTime;
    this.#dead.set(pid, startTime);
    return isOld;
  }

  #isKnown(one: Found): boolean {
    return one.marked || this.#known.get(one.pid) === one.startTime;
  }

  /** While a login session has processes its number is nobody else's; then it may be. */
  #forgetReused(others: Found[], members: ReadonlySet<Found>): void {
    for (const one of others)
      if (one.pid === one.sid && this.#sids.has(one.sid) && !members.has(one))
        this.#sids.delete(one.sid);
  }
}

/** Those that are not an agent's, whoever is in them; 0 is any that was made outside a container. */
function strangeSids(found: Found[]): ReadonlySet<number> {
  return new Set([
    0,
    ...found.filter(({ pid }) => pid === 1 || pid === process.pid).map((one) => one.sid),
  ]);
}
