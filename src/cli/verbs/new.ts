import { resolve } from "node:path";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { stateWords } from "../../protocol/limits.ts";
import type { Params } from "../../protocol/methods.ts";
import {
  APPROVAL_POLICIES,
  ON_CRASH,
  type OnCrash,
  SANDBOXES,
  type SessionInfo,
  type SessionSpec,
} from "../../protocol/session.ts";
import { parseSize } from "../../protocol/size.ts";
import type { Context } from "../context.ts";
import { isElsewhere } from "../elsewhere.ts";
import { type KeepOptions, keepOf, keepOptions } from "../keep.ts";
import { type LimitOptions, limitOptions, limitsOf } from "../limits.ts";
import { openTui } from "../open-tui.ts";
import { environment } from "../session-environment.ts";
import { readCpus } from "../text/resources.ts";
import type { Verb } from "../verb.ts";

interface Options extends KeepOptions, LimitOptions {
  cwd?: string;
  model?: string;
  profile?: string;
  provider?: string;
  sandbox?: NonNullable<SessionSpec["sandbox"]>;
  approval?: NonNullable<SessionSpec["approval"]>;
  fullAuto?: boolean;
  config?: string[];
  env?: [string, string][];
  codexHome?: string;
  user?: string;
  codex?: string;
  onCrash?: OnCrash;
  memory?: number;
  cpus?: number;
  resume?: string;
  last?: boolean;
  detach?: boolean;
}

// `new` is a word of the language, so it can't be the constant's name.
export const newSession: Verb<Options> = {
  name: "new",
  group: "Sessions",
  summary: "create a session and attach to it",
  about:
    "NAME is made from the directory when it is left out; PEER/NAME makes it there. A first word that can't be a name (it has spaces) is the PROMPT. Without a terminal, it does not attach.\nOn another machine directories begin at the home there, and of the environment an agent has the basics there and -e.",
  arguments: ["[name]", "[prompt...]"],
  options: [
    {
      flags: "-C, --cwd <dir>",
      about: "the agent's working directory (default: this one)",
      completes: "directory",
    },
    { flags: "-m, --model <model>", about: "the model" },
    { flags: "-p, --profile <profile>", about: "a profile of codex's config" },
    {
      flags: "--provider <provider>",
      about: 'the model provider; "demo" is the embedded stand-in',
    },
    { flags: "-s, --sandbox <mode>", about: "what commands may touch", choices: SANDBOXES },
    { flags: "-a, --approval <policy>", about: "when codex asks", choices: APPROVAL_POLICIES },
    {
      flags: "--full-auto",
      about: "-s workspace-write -a on-request",
      conflicts: ["sandbox", "approval"],
    },
    {
      flags: "-c, --config <key=value>",
      about: "override a value of codex's config",
      repeatable: true,
    },
    {
      flags: "-e, --env <KEY=VALUE>",
      about: "set a variable of the agent's",
      parse: readVariable,
      repeatable: true,
    },
    { flags: "--codex-home <dir>", about: "another CODEX_HOME", completes: "directory" },
    {
      flags: "--user <name>",
      about: "run as this user, in that user's home and environment (root's daemon alone)",
    },
    { flags: "--codex <path>", about: "another codex", completes: "file" },
    { flags: "--resume <thread>", about: "take over a thread of codex's", conflicts: ["last"] },
    { flags: "--last", about: "take over the directory's newest thread" },
    {
      flags: "--on-crash <what>",
      about: "after a crash in the middle of a turn, ask the agent to go on, or wait for a person",
      choices: ON_CRASH,
    },
    {
      flags: "--memory <size>",
      about:
        "the most that the agent and what it starts may take: 2G; doctor says how that is held",
      parse: parseSize,
    },
    {
      flags: "--cpus <number>",
      about: "the most CPUs at a time: 1.5; doctor says whether that can be held",
      parse: readCpus,
    },
    ...keepOptions,
    ...limitOptions,
    { flags: "-d, --detach", about: "do not attach; print the name" },
  ],
  examples: [
    ["new", "a session for this directory, attached"],
    ['new fix -m gpt-5.2-codex "make the tests pass"', "with a name, a model and a first message"],
    ["new -d nightly --ttl 8h --max-turn-time 1h", "one that ends by itself"],
    ["new -d review --last", "take over what codex did here last, in the background"],
    ["new -d build --user ci", "root's daemon runs it as ci, in ci's home"],
  ],
  async run(context, args, options) {
    const params = newParams(args, options, context);
    const attaches = !options.detach && context.terminal.in && context.terminal.out;
    const { session } = await context.call("session/new", params);
    if (params.prompt && params.name === undefined)
      context.note(
        `${quote(params.prompt.text)} can't be a name, so it is the first message of ${session.name}.`,
      );
    await warnWithoutLogin(context, params);
    await warnOfLimits(context, params, session.name);
    if (attaches) return openTui(context, { name: session.name, readOnly: false });
    if (context.json) context.printJson(session);
    else context.print(session.name);
    noteQueued(context, session);
    if (!options.detach)
      context.note(
        `There is no terminal to attach to. From one: hacs-session attach ${session.name}`,
      );
    return undefined;
  },
};

function noteQueued(context: Context, session: SessionInfo): void {
  if (session.state !== "queued") return;
  context.note(
    `${session.name} is ${stateWords(session)}: as many agents run as may. It starts by itself.`,
  );
}

/** The first message would be the first to say so. Another provider needs no login of codex's. */
async function warnWithoutLogin(context: Context, { spec, env }: Params<"session/new">) {
  const elsewhere = env === undefined || (spec.provider ?? "openai") !== "openai";
  const configured = spec.profile ?? spec.overrides?.find((one) => /^model_provider/.test(one));
  if (context.quiet || elsewhere || configured !== undefined) return;
  const { loginMissing } = await import("../codex-login.ts");
  const homed = spec.codexHome === undefined ? env : { ...env, CODEX_HOME: spec.codexHome };
  const missing = await loginMissing(spec.codex, homed);
  if (missing) context.note(`Not signed in to Codex: ${missing}, or use --provider demo.`);
}

/** A limit that does not hold, or not as one would think, is not to be relied on. */
async function warnOfLimits(
  context: Context,
  { spec }: Params<"session/new">,
  name: string,
): Promise<void> {
  if (spec.memoryBytes === undefined && spec.cpus === undefined) return;
  const { session } = await context.call("session/show", { name });
  const note = session.resources?.note;
  if (note) context.note(`Of the limits: ${note}.`);
}

/** What is asked of the daemon: a pure reading of the command line. */
export function newParams(
  args: string[],
  options: Options,
  place: Pick<Context, "cwd" | "env" | "choice">,
): Params<"session/new"> {
  const { name, prompt } = nameAndPrompt(args);
  const here = !isElsewhere(place, name);
  const path = (given: string) => (here ? resolve(place.cwd, given) : given);
  // Another user begins at home, with nothing of this shell's.
  const own = here && options.user === undefined;
  const spec: SessionSpec = {
    cwd: options.cwd === undefined && !own ? "." : path(options.cwd ?? "."),
  };
  if (options.user !== undefined) spec.user = options.user;
  if (options.model !== undefined) spec.model = options.model;
  if (options.provider !== undefined) spec.provider = options.provider;
  if (options.profile !== undefined) spec.profile = options.profile;
  if (options.sandbox !== undefined) spec.sandbox = options.sandbox;
  if (options.approval !== undefined) spec.approval = options.approval;
  if (options.fullAuto) Object.assign(spec, { sandbox: "workspace-write", approval: "on-request" });
  if (options.config !== undefined) spec.overrides = options.config;
  if (options.codexHome !== undefined) spec.codexHome = path(options.codexHome);
  // A bare word is looked for on PATH, as a shell does.
  if (options.codex !== undefined)
    spec.codex = options.codex.includes("/") ? path(options.codex) : options.codex;
  if (options.onCrash !== undefined) spec.onCrash = options.onCrash;
  if (options.memory !== undefined) spec.memoryBytes = options.memory;
  if (options.cpus !== undefined) spec.cpus = options.cpus;
  const params: Params<"session/new"> = own
    ? { spec, env: environment(place.env, options.env) }
    : { spec, ...(options.env ? { variables: Object.fromEntries(options.env) } : {}) };
  if (name !== undefined) params.name = name;
  if (prompt !== undefined) params.prompt = { text: prompt };
  if (options.resume !== undefined) params.resume = { threadId: options.resume };
  if (options.last) params.resume = { last: true };
  const keep = keepOf(options);
  if (keep !== undefined) params.keep = keep;
  const limits = limitsOf(options);
  if (limits !== undefined) params.limits = limits;
  return params;
}

export function nameAndPrompt(args: string[]): { name?: string; prompt?: string } {
  const [first, ...rest] = args;
  if (first === undefined) return {};
  if (rest.length > 0) return { name: first, prompt: rest.join(" ") };
  // A name that breaks the rule is told so by the daemon; what has a space is no name at all.
  return !/\s/.test(first) ? { name: first } : { prompt: first };
}

function readVariable(text: string): [string, string] {
  const match = /^([^=\0]+)=([^\0]*)$/s.exec(text);
  if (match) return [match[1]!, match[2]!];
  throw new HacsError(
    "invalid-usage",
    `-e takes KEY=VALUE; got ${quote(text)}.`,
    "Try -e DEBUG=1, or -e EMPTY= for an empty value.",
  );
}
