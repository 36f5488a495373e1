/**
 * What a person tells the daemon about a session, and the line that says it: the verbs of the
 * command line, in its words, where the session that is shown may be left out. Pure.
 */
import type { Params } from "../../protocol/methods.ts";
import { SANDBOXES, type SessionSpec } from "../../protocol/session.ts";
import { keyName } from "../keymap.ts";
import { isDemo, type Model } from "../model.ts";
import {
  isPaneVerb,
  PANE_VERBS,
  type PaneOrder,
  paneAliases,
  readPaneOrder,
} from "../panes/order.ts";
import { sessionNamed } from "./around.ts";

/** `session` is an id, so that an order means the same session after a rename. */
export type Order =
  | { verb: "rename" | "fork"; session: string; to: string }
  | { verb: "kill" | "interrupt" | "sleep" | "wake"; session: string }
  /** Null: all sessions of the daemon's. */
  | { verb: "panic"; session: string | null }
  | { verb: "restart"; session: string; force: boolean }
  | { verb: "send"; session: string; text: string }
  | { verb: "new"; params: Omit<Params<"session/new">, "env">; shows: boolean };

export type Line =
  | { kind: "order"; order: Order }
  | { kind: "attach"; id: string }
  | { kind: "pane"; order: PaneOrder }
  | { kind: "detach" | "ls" | "top" | "help" | "form" }
  | { kind: "wrong"; why: string };

/** The verbs that `Ctrl-b :` takes, with what they take; the help shows them. */
export const VERBS = {
  attach: "NAME",
  rename: "[NAME] NEW",
  kill: "[NAME]",
  panic: "[NAME|--all]",
  interrupt: "[NAME]",
  sleep: "[NAME]",
  wake: "[NAME]",
  restart: "[NAME] [-f]",
  fork: "[NAME] [NEW]",
  send: "NAME TEXT",
  new: "[NAME] [-C DIR] [-m MODEL] [-s SANDBOX] [-d] [TEXT]",
  ...PANE_VERBS,
  ls: "",
  top: "",
  detach: "",
  help: "",
} as const;

const aliases: Record<string, string> = {
  a: "attach",
  switch: "attach",
  sessions: "ls",
  ...paneAliases,
};

export function readLine(model: Model, line: string): Line {
  const [first = "", ...args] = wordsOf(line);
  const verb = aliases[first] ?? first;
  if (isPaneVerb(verb)) {
    const order = readPaneOrder(verb, args);
    return order === null ? takes(verb) : { kind: "pane", order };
  }
  switch (verb) {
    case "attach": {
      const session = sessionNamed(model.around, args[0] ?? "");
      if (session !== undefined) return { kind: "attach", id: session.id };
      return args[0] === undefined ? { kind: "ls" } : noSession(args[0]);
    }
    case "rename":
    case "fork": {
      const [given, name] = args.length > 1 ? [args[1], args[0]] : [args[0], undefined];
      const to = given ?? (verb === "fork" ? copyName(model) : undefined);
      if (to === undefined || args.length > 2) return takes(verb);
      return about(model, name, (session) => ({ verb, session, to }));
    }
    case "kill":
    case "interrupt":
    case "sleep":
    case "wake":
      if (args.length > 1) return takes(verb);
      return about(model, args[0], (session) => ({ verb, session }));
    case "panic":
      if (args.length > 1) return takes(verb);
      if (args[0] === "--all") return { kind: "order", order: { verb, session: null } };
      return about(model, args[0], (session) => ({ verb, session }));
    case "restart": {
      const names = args.filter((word) => word !== "-f" && word !== "--force");
      if (names.length > 1) return takes(verb);
      const force = names.length < args.length;
      return about(model, names[0], (session) => ({ verb, session, force }));
    }
    case "send": {
      const [name, ...text] = args;
      if (name === undefined || text.length === 0) return takes(verb);
      return about(model, name, (session) => ({ verb, session, text: text.join(" ") }));
    }
    case "new":
      return args.length === 0 ? { kind: "form" } : newLine(model, args);
    case "ls":
    case "top":
    case "detach":
    case "help":
      return { kind: verb };
    default:
      return {
        kind: "wrong",
        why: `no command ${first}; ${keyName(model.around.prefix)} ? lists them`,
      };
  }
}

/** The session that is shown, by id; by name until the daemon told the id. */
export function shownSession(model: Model): string {
  return model.transcript.session?.id ?? model.name;
}

/** The first of `web-2`, `web-3`, … that no session has. */
function copyName({ name, around }: Model): string {
  const taken = new Set(around.sessions.map((session) => session.name));
  const base = name.replace(/-\d+$/, "");
  let copy = 2;
  while (taken.has(`${base}-${copy}`)) copy++;
  return `${base}-${copy}`;
}

export interface NewSession {
  name: string;
  cwd: string;
  model: string;
  sandbox: string;
}

/** What is asked of the daemon for a new session: beside the shown one, as that one answers. */
export function newOrder(
  model: Model,
  { name, cwd, model: named, sandbox }: NewSession,
  more: { shows?: boolean; prompt?: string } = {},
): Order {
  const beside = model.transcript.session?.peer ?? null;
  const peer = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : beside;
  const spec: SessionSpec = { cwd: directory(model, cwd, peer) };
  if (named !== "") spec.model = named;
  if (isDemo(model)) spec.provider = "demo";
  const box = SANDBOXES.find((one) => one === sandbox);
  if (box !== undefined) spec.sandbox = box;
  const params: Omit<Params<"session/new">, "env"> = { spec };
  // Beside a peer's session a new one is made on that peer, which may also name it.
  if (peer !== null) params.name = name.includes("/") ? name : `${peer}/${name}`;
  else if (name !== "") params.name = name;
  if (more.prompt !== undefined) params.prompt = { text: more.prompt };
  return { verb: "new", params, shows: more.shows ?? true };
}

function newLine(model: Model, args: string[]): Line {
  const given: NewSession = { name: "", cwd: "", model: "", sandbox: "" };
  const flags: Record<string, keyof NewSession> = {
    "-C": "cwd",
    "--cwd": "cwd",
    "-m": "model",
    "--model": "model",
    "-s": "sandbox",
    "--sandbox": "sandbox",
  };
  const free: string[] = [];
  let shows = true;
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    const member = flags[word];
    if (word === "-d" || word === "--detach") shows = false;
    else if (member !== undefined) {
      const value = args[++at];
      if (value === undefined) return { kind: "wrong", why: `${word} takes a value` };
      given[member] = value;
    } else if (word.startsWith("-")) {
      return { kind: "wrong", why: `new here has no ${word}; it takes ${VERBS.new}` };
    } else free.push(word);
  }
  if (given.sandbox !== "" && !SANDBOXES.some((one) => one === given.sandbox)) {
    return { kind: "wrong", why: `-s takes one of: ${SANDBOXES.join(", ")}` };
  }
  const [name = "", ...text] = free;
  const prompt = text.length > 0 ? { prompt: text.join(" ") } : {};
  return { kind: "order", order: newOrder(model, { ...given, name }, { shows, ...prompt }) };
}

/**
 * Absolute: relative to the shown session's directory, `~` to the person's own. On a machine that
 * is not the shown session's it stays relative, to the home directory there.
 */
function directory(model: Model, given: string, peer: string | null): string {
  const { session } = model.transcript;
  const path = given.trim();
  const isThere = peer !== null || model.around.home === "";
  if (isThere && /^~(\/|$)/.test(path)) return path.slice(2) || ".";
  if (isThere && session?.peer !== peer) return path || ".";
  const { home } = model.around;
  const base = session?.cwd ?? home;
  const whole = path === "~" || path.startsWith("~/") ? home + path.slice(1) : path;
  return normal(whole.startsWith("/") ? whole : `${base}/${whole}`);
}

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function about(model: Model, name: string | undefined, order: (session: string) => Order): Line {
  if (name === undefined) return { kind: "order", order: order(shownSession(model)) };
  const session = sessionNamed(model.around, name);
  return session === undefined ? noSession(name) : { kind: "order", order: order(session.id) };
}

function noSession(name: string): Line {
  return { kind: "wrong", why: `no session ${name}` };
}

function takes(verb: keyof typeof VERBS): Line {
  return { kind: "wrong", why: `${verb} takes ${VERBS[verb] || "nothing"}` };
}

/** Words as a shell parts them: quotes hold together, a backslash keeps the next character. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  const pattern = /(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?|\\$)+/g;
  for (const [word] of line.matchAll(pattern)) {
    const plain = word.replace(
      /"((?:[^"\\]|\\[\s\S])*)"?|'([^']*)'?|\\([\s\S]?)/g,
      (_, double?: string, single?: string, escaped?: string) =>
        double?.replace(/\\([\s\S])/g, "$1") ?? single ?? escaped ?? "",
    );
    words.push(plain);
  }
  return words;
}
