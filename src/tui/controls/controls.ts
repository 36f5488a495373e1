/**
 * codex's own controls, as commands that are typed. Each names the method of codex's that it
 * needs: what the connected codex does not have is not shown. One table.
 */
import type { Model } from "../model.ts";

export const CONTROLS = {
  "/model": { about: "choose the model, from codex's list", needs: "thread/settings/update" },
  "/effort": { about: "choose how long the model thinks", needs: "thread/settings/update" },
  "/permissions": {
    about: "choose the sandbox, and when codex asks",
    needs: "thread/settings/update",
  },
  "/compact": { about: "shorten the context to a summary", needs: "thread/compact/start" },
  "/review": {
    about: "review the changes; or: branch NAME, commit SHA, what to look at",
    needs: "review/start",
  },
  "/diff": { about: "what was changed, untracked files included", needs: "gitDiffToRemote" },
  "/status": { about: "the session, its settings and limits", needs: "thread/read" },
  "/mcp": { about: "MCP servers and their tools", needs: "mcpServerStatus/list" },
  "/skills": { about: "the skills that $ completes", needs: "skills/list" },
  "/goal": { about: "show the goal; TEXT sets it, clear drops it", needs: "thread/goal/get" },
  "/undo": { about: "forget the last turn; files stay as they are", needs: "thread/revert" },
  "/who": { about: "who is attached, and from where", needs: null },
  "/unsend": { about: "choose a queued message to take back", needs: null },
  "/export": { about: "FILE  write the transcript as Markdown", needs: null },
  "/edit": { about: "write in $VISUAL or $EDITOR, as Ctrl-g does", needs: null },
} as const satisfies Record<string, { about: string; needs: string | null }>;
export type Control = keyof typeof CONTROLS;

export function isOffered({ offers }: Pick<Model, "offers">, needs: string | null): boolean {
  return needs === null || offers === null || offers.has(needs);
}

/** What the connected codex has, with what each does. */
export function controlsOf(model: Model): [Control, string][] {
  return (Object.keys(CONTROLS) as Control[])
    .filter((name) => isOffered(model, CONTROLS[name].needs))
    .map((name) => [name, CONTROLS[name].about]);
}

export function controlTyped(
  model: Model,
  text: string,
): { control: Control; rest: string } | null {
  const match = /^(\/[a-z-]+)(?:\s+([\s\S]*))?$/.exec(text.trim());
  const [, name = "", rest = ""] = match ?? [];
  const known = controlsOf(model).find(([control]) => control === name);
  return known === undefined ? null : { control: known[0], rest: rest.trim() };
}

/**
 * codex answers a method that it does not have with the list of those it has. Null when it does
 * not: then all of it is offered, and what is not there says so when it is used.
 */
export function offersIn(message: string): ReadonlySet<string> | null {
  const list = /unknown variant .*?expected one of (.*)$/s.exec(message)?.[1];
  const methods = [...(list ?? "").matchAll(/`([^`]+)`/g)].map(([, method = ""]) => method);
  return methods.length < 10 ? null : new Set(methods);
}
