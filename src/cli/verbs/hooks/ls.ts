import { visible } from "../../../protocol/address.ts";
import { ago } from "../../../protocol/duration.ts";
import type { HookInfo } from "../../../protocol/hooks.ts";
import type { Context } from "../../context.ts";
import { rowLines } from "../../text/wrap.ts";
import type { Verb } from "../../verb.ts";

export const hooksLs: Verb = {
  name: "ls",
  alias: "list",
  group: "Daemon and set-up",
  summary: "list the hooks, what waits for them and how they do",
  examples: [
    [
      "hooks ls --json",
      "name, on, sessions, kind, target, pending, delivered, failed, dropped, error",
    ],
  ],
  async run(context) {
    const { hooks } = await context.call("hook/list", {});
    if (context.json) context.printJson(hooks);
    else if (hooks.length === 0)
      context.note("No hooks. They are members of the config file: see docs/hooks.md");
    else {
      const rows = hooks.map((hook) => ({
        term: visible(hook.name),
        painted: context.paint("bold", visible(hook.name)),
        text: visible(factsOf(hook).join(", ")) + errorOf(hook, context),
      }));
      context.print(rowLines(rows, context.terminal.columns, { indent: "" }).join("\n"));
    }
    return undefined;
  },
};

function factsOf(hook: HookInfo): string[] {
  const { on, sessions, kind, target, pending, delivered, failed, dropped, lastAt, retryAt } = hook;
  return [
    `${kind} ${target}`,
    `on ${on.join(" ")}`,
    sessions === "*" ? "" : `of ${sessions}`,
    `${delivered} delivered`,
    pending === 0 ? "" : `${pending} to be told`,
    failed === 0 ? "" : `${failed} failed`,
    dropped === 0 ? "" : `${dropped} dropped`,
    lastAt === null ? "" : `last ${ago(lastAt)}`,
    retryAt === null ? "" : `left alone until ${retryAt}`,
  ].filter((fact) => fact !== "");
}

function errorOf({ error }: HookInfo, context: Context): string {
  return error === null ? "" : `: ${context.paint("red", visible(error))}`;
}
