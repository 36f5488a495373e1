import { HacsError } from "../../protocol/errors.ts";
import type { RunChanges, SessionDetail } from "../../protocol/session.ts";
import type { Context } from "../context.ts";
import { type KeepOptions, keepOf, keepOptions } from "../keep.ts";
import { type LimitOptions, limitOptions, limitsOf } from "../limits.ts";
import { type RunOptions, runOf, runOptions } from "../run-changes.ts";
import { keepText } from "../text/keep.ts";
import { limitsText } from "../text/limits.ts";
import { resourcesText } from "../text/resources.ts";
import type { Verb } from "../verb.ts";

export const update: Verb<KeepOptions & LimitOptions & RunOptions> = {
  name: "update",
  group: "Lifecycle",
  summary: "change what bounds a session, how its agent is run, and what is kept of its history",
  about:
    "At once, and while it runs; --memory and --cpus from its agent's next start, as by restart. --ttl counts from now. What is dropped is gone for good, and the history says where it begins; the last turn always stays whole.",
  arguments: ["<session>"],
  endedToo: true,
  options: [...limitOptions, ...runOptions, ...keepOptions],
  examples: [
    ["update fix --idle-timeout never", "its agent stays awake"],
    ["update fix --ttl 2h", "it ends in two hours"],
    ["update fix --memory 4G --cpus 2", "what its agent may take, once it is started again"],
    ["update fix --keep 30d", "nothing older than 30 days"],
    ["update fix --keep-size 100M", "and not more than so much"],
    ["update fix --keep forever", "whatever the config says"],
  ],
  async run(context, [name = ""], options) {
    const keep = keepOf(options);
    const limits = limitsOf(options);
    const run = runOf(options);
    if (keep === undefined && limits === undefined && run === undefined) {
      throw new HacsError(
        "invalid-usage",
        "update takes what to change.",
        "Try: hacs-session update NAME --keep 30d",
      );
    }
    const { session } = await context.call("session/update", {
      name,
      ...(keep === undefined ? {} : { keep }),
      ...(limits === undefined ? {} : { limits }),
      ...(run === undefined ? {} : { run }),
    });
    if (context.json) context.printJson(session);
    else {
      if (keep !== undefined) context.note(`${session.name} keeps ${keepText(session.keep)}.`);
      if (limits !== undefined) context.note(`${session.name} ${limitsText(session)}.`);
      if (run !== undefined) noteRun(context, session, run);
    }
    return undefined;
  },
};

function noteRun(context: Context, session: SessionDetail, run: RunChanges): void {
  const { name, spec, agentPid, resources } = session;
  if (run.onCrash !== undefined) context.note(afterCrash[spec.onCrash ?? "default"](name));
  if (run.memoryBytes === undefined && run.cpus === undefined) return;
  context.note(`Limits of ${name}'s agent: ${resourcesText(session) ?? "none"}.`);
  const outdated = agentPid !== null && resources !== null && resources.by === null;
  if (outdated) context.note(`It is started anew by: hacs-session restart ${name}`);
}

const afterCrash = {
  continue: (name: string) => `After a crash in a turn ${name}'s agent is asked to go on.`,
  hold: (name: string) => `After a crash in a turn ${name} waits for a person.`,
  default: (name: string) => `After a crash in a turn ${name} does what the config says.`,
};
