/**
 * The verbs of `commands.ts`, each of which can be loaded without the others: to load all of them
 * takes a fifth of a short command's time. A test compares the two.
 */
import type { Verb } from "./verb.ts";

type Loader = () => Promise<Verb>;

const loaders: Readonly<Record<string, Loader>> = {
  new: async () => (await import("./verbs/new.ts")).newSession,
  attach: async () => (await import("./verbs/attach.ts")).attach,
  ls: async () => (await import("./verbs/ls.ts")).ls,
  top: async () => (await import("./verbs/top.ts")).top,
  show: async () => (await import("./verbs/show.ts")).show,
  start: async () => (await import("./verbs/start.ts")).start,
  send: async () => (await import("./verbs/send.ts")).send,
  unsend: async () => (await import("./verbs/unsend.ts")).unsend,
  tail: async () => (await import("./verbs/tail.ts")).tail,
  wait: async () => (await import("./verbs/wait.ts")).wait,
  interrupt: async () => (await import("./verbs/interrupt.ts")).interrupt,
  panic: async () => (await import("./verbs/panic.ts")).panic,
  approvals: async () => (await import("./verbs/approvals.ts")).approvals,
  approve: async () => (await import("./verbs/approve.ts")).approve,
  deny: async () => (await import("./verbs/deny.ts")).deny,
  sleep: async () => (await import("./verbs/sleep.ts")).sleep,
  wake: async () => (await import("./verbs/wake.ts")).wake,
  restart: async () => (await import("./verbs/restart.ts")).restart,
  update: async () => (await import("./verbs/update.ts")).update,
  rename: async () => (await import("./verbs/rename.ts")).rename,
  fork: async () => (await import("./verbs/fork.ts")).fork,
  kill: async () => (await import("./verbs/kill.ts")).kill,
  rm: async () => (await import("./verbs/rm.ts")).rm,
  peer: async () => (await import("./verbs/peer/index.ts")).peer,
  pipe: async () => (await import("./verbs/pipe.ts")).pipe,
  search: async () => (await import("./verbs/search.ts")).search,
  export: async () => (await import("./verbs/export.ts")).exportSession,
  audit: async () => (await import("./verbs/audit.ts")).audit,
  daemon: async () => (await import("./verbs/daemon/index.ts")).daemon,
  hooks: async () => (await import("./verbs/hooks/index.ts")).hooks,
  token: async () => (await import("./verbs/token/index.ts")).token,
  pair: async () => (await import("./verbs/pair.ts")).pair,
  doctor: async () => (await import("./verbs/doctor.ts")).doctor,
  completion: async () => (await import("./verbs/completion.ts")).completion,
};

const aliases: Readonly<Record<string, string>> = {
  a: "attach",
  list: "ls",
};

/** By its name or its alias; undefined when there is none. */
export function loadVerb(word: string): Promise<Verb> | undefined {
  const name = Object.hasOwn(aliases, word) ? (aliases[word] ?? word) : word;
  return Object.hasOwn(loaders, name) ? loaders[name]?.() : undefined;
}

/** Every word that `loadVerb` knows. */
export const loadable: readonly string[] = [...Object.keys(loaders), ...Object.keys(aliases)];
