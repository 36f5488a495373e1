/** What a session's agent may take of the machine, and how far that holds. */
import type {
  ResourceSupport,
  RunChanges,
  SessionResources,
  SessionSpec,
} from "../../protocol/session.ts";
import {
  byProcess,
  type Confinement,
  findConfinement,
  type Resources,
} from "../../system/confinement.ts";
import type { AgentRow } from "../store/session-table.ts";

/** Found out once, by the first that asks. */
export class Confinements {
  #found: Promise<Confinement> | undefined;

  find(): Promise<Confinement> {
    this.#found ??= findConfinement();
    return this.#found;
  }

  /** A cgroup is root's to make and to enter, and another user's program is that user's already. */
  async of({ user }: Pick<SessionSpec, "user">): Promise<Confinement> {
    return user === undefined ? this.find() : byProcess;
  }

  async support(): Promise<ResourceSupport> {
    const { by, memory, cpus } = await this.find();
    return { by, memory, cpus };
  }
}

/** A session's own go before the config's; 0 is none. */
export function resourcesOf(spec: SessionSpec, usual: Resources): Resources {
  const memoryBytes = spec.memoryBytes ?? usual.memoryBytes;
  const cpus = spec.cpus ?? usual.cpus;
  return { ...(memoryBytes ? { memoryBytes } : {}), ...(cpus ? { cpus } : {}) };
}

/** The spec after somebody changed how the agent is run. */
export function respec(spec: SessionSpec, changes: RunChanges): SessionSpec {
  const changed = Object.entries({ ...spec, ...changes }).filter(([, value]) => value !== null);
  return Object.fromEntries(changed) as unknown as SessionSpec;
}

export function isBounded({ memoryBytes, cpus }: Resources): boolean {
  return memoryBytes !== undefined || cpus !== undefined;
}

/** As it is shown; `support` is how the next agent would be held, where that is known. */
export function shownResources(
  resources: Resources,
  agent: Pick<AgentRow, "given" | "held"> | null,
  support?: ResourceSupport,
): SessionResources | null {
  const given = agent?.given;
  const stale = given !== undefined && !isSame(given, resources);
  if (!isBounded(resources) && !stale) return null;
  const held = stale || agent === null ? support : agent.held;
  const { memoryBytes = null, cpus = null } = resources;
  const notes = [
    stale ? "counts from its agent's next start" : "",
    memoryBytes !== null && held?.memory === "each"
      ? "each process is held to the memory by itself, since there is no cgroup to hold all together"
      : "",
    memoryBytes !== null && held?.memory === "no" ? "memory can't be limited on this machine" : "",
    cpus !== null && held?.cpus === false
      ? "CPU can't be limited on this machine, which takes a cgroup"
      : "",
  ].filter((note) => note !== "");
  return {
    memoryBytes,
    cpus,
    by: stale ? null : (agent?.held?.by ?? null),
    note: notes.length === 0 ? null : notes.join("; "),
  };
}

function isSame(one: Resources, other: Resources): boolean {
  return one.memoryBytes === other.memoryBytes && one.cpus === other.cpus;
}
