/** How many agents this machine, or the container that this is, can be asked to run at once. */
import { totalmem } from "node:os";
import type { Config } from "./config.ts";

/** An agent that rests takes about 40 MB; at work, with the commands it runs, more. */
export const bytesPerAgent = 150 * 1024 * 1024;
const agentsMin = 4;

export function maxAgentsFor({ maxAgents }: Config): number {
  return maxAgents ?? Math.max(agentsMin, Math.floor(memoryBytes() / bytesPerAgent));
}

/** What a container may use is often less than what there is; where there is no limit it is huge. */
export function memoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
