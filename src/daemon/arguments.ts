/** The daemon's own command line, as `src/client/launch.ts` and `daemon run` write it. */
import { parseArgs } from "node:util";
import type { DaemonChoice } from "../system/paths.ts";
import type { StartOptions } from "../system/started-with.ts";

export interface Arguments {
  choice: DaemonChoice;
  /** Undefined: it is told nothing of what it is to be. */
  told: StartOptions | undefined;
  foreground: boolean;
  /** Nothing is to outlive it, as in a container. */
  endAgents: boolean;
  /** Only says whether it could be started so, while another has these ports. */
  check: boolean;
  held: number[];
}

export function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      socket: { type: "string" },
      label: { type: "string" },
      codex: { type: "string" },
      listen: { type: "string", multiple: true },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
      "behind-proxy": { type: "string", multiple: true },
      "end-agents": { type: "boolean", default: false },
      foreground: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      held: { type: "string", multiple: true, default: [] },
    },
  });
  const { socket, label, foreground, check, held } = values;
  const told = given({
    codex: values.codex,
    listen: values.listen,
    tlsCert: values["tls-cert"],
    tlsKey: values["tls-key"],
    behindProxy: values["behind-proxy"],
  });
  return {
    choice: given({ socket, label }),
    told: Object.keys(told).length === 0 ? undefined : told,
    foreground,
    endAgents: values["end-agents"],
    check,
    held: held.map(Number),
  };
}

/** The members that are there. */
function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
