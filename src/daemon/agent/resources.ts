/** What a session's agent may take of the machine, and how far that holds. */
import type { ResourceSupport, SessionResources, SessionSpec } from "../../protocol/session.ts";
import { type Confinement, findConfinement, type Resources } from "../../system/confinement.ts";

/** Found out once, by the first that asks. */
export class Confinements {
  #found: Promise<Confinement> | undefined;

  find(): Promise<Confinement> {
    this.#found ??= findConfinement();
    return this.#found;
  }

  async support(): Promise<ResourceSupport> {
    const { by, memory, cpus } = await this.find();
    return { by, memory, cpus };
  }
}

/** A session's own go before the config's. */
export function resourcesOf({ memoryBytes, cpus }: SessionSpec, usual: Resources): Resources {
  const wanted = { memoryBytes: memoryBytes ?? usual.memoryBytes, cpus: cpus ?? usual.cpus };
  return {
    ...(wanted.memoryBytes === undefined ? {} : { memoryBytes: wanted.memoryBytes }),
    ...(wanted.cpus === undefined ? {} : { cpus: wanted.cpus }),
  };
}

export function isBounded({ memoryBytes, cpus }: Resources): boolean {
  return memoryBytes !== undefined || cpus !== undefined;
}

/** As it is shown; `held` is how the agent that runs is held. */
export function shownResources(
  resources: Resources,
  held: ResourceSupport | undefined,
): SessionResources | null {
  if (!isBounded(resources)) return null;
  const { memoryBytes = null, cpus = null } = resources;
  const notes = [
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
    by: held?.by ?? null,
    note: notes.length === 0 ? null : notes.join("; "),
  };
}
