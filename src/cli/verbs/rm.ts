import { HacsError } from "../../protocol/errors.ts";
import type { Context } from "../context.ts";
import { eachName } from "../each-name.ts";
import type { Verb } from "../verb.ts";

export const rm: Verb<{ force?: boolean }> = {
  name: "rm",
  group: "Lifecycle",
  summary: "remove sessions that were ended, with their history",
  about:
    "From the archive, too, where there is one. codex's own thread stays where codex keeps it.",
  arguments: ["<session...>"],
  endedToo: true,
  options: [{ flags: "-f, --force", about: "end those that live first" }],
  examples: [
    ["rm fix", "after: hacs-session kill fix"],
    ["rm -f fix", "at once"],
  ],
  async run(context, names, options) {
    const removed = await eachName(context, names, (name) =>
      remove(context, name, options.force ?? false),
    );
    if (context.json) context.printJson(removed);
    return undefined;
  },
};

async function remove(context: Context, name: string, force: boolean) {
  const { session } = await context.call("session/show", { name });
  if (session.state !== "ended") {
    if (!force) {
      throw new HacsError(
        "session-busy",
        `rm removes sessions that were ended; "${session.name}" is ${session.state}.`,
        `End it first: hacs-session kill ${session.name}, or use rm -f`,
      );
    }
    await context.call("session/kill", { name: session.id });
  }
  const { records, pending } = await context.call("session/remove", { name: session.id });
  if (!context.json)
    context.note(`Removed ${session.name}, and ${records} records of its history.`);
  if (pending && !context.json)
    context.note("The archive does not answer, and forgets it when it does.");
  return { name: session.name, id: session.id, records, ...(pending ? { pending } : {}) };
}
