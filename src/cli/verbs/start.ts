import { basename } from "node:path";
import { nameFrom, visibleLines } from "../../protocol/address.ts";
import { parseDuration } from "../../protocol/duration.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { SessionInfo, SessionSpec } from "../../protocol/session.ts";
import type { Context } from "../context.ts";
import { deliver } from "../deliver.ts";
import { refuseElsewhere } from "../elsewhere.ts";
import { openTui } from "../open-tui.ts";
import { ownCommand } from "../own-command.ts";
import { environment } from "../session-environment.ts";
import { answerHint } from "../text/approval.ts";
import { proseColumns, rowLines } from "../text/wrap.ts";
import type { Verb } from "../verb.ts";

const firstMessage = "Say hello and tell me in one sentence what you can do.";
const answerTimeoutMs = parseDuration("5m");
const demoSuffix = "-demo";

export const start: Verb = {
  name: "start",
  group: "Sessions",
  summary: "begin here: a session for this directory, or a demo without a login",
  about:
    "With a terminal it attaches. Without one it sends a first message, prints the answer, and says what to try next.",
  examples: [["start", "what npm start runs"]],
  async run(context) {
    refuseElsewhere(context, undefined, "start", "There: hacs-session -H HOST new NAME");
    const session = await startSession(context);
    if (!context.terminal.in || !context.terminal.out) return introduce(context, session);
    const code = await openTui(context, { name: session.name, readOnly: false });
    tryNext(context, session.name);
    return code;
  },
};

/** Uses the session that an earlier start made, if it lives and would answer alike. */
async function startSession(context: Context): Promise<SessionInfo> {
  const [{ locateCodex }, { codexLogin, loginCommand }] = await Promise.all([
    import("../../system/codex-binary.ts"),
    import("../codex-login.ts"),
  ]);
  const codex = await locateCodex({ env: context.env });
  const login = codexLogin(codex.path, context.env);
  if (!login.signedIn) {
    context.noteProse(
      "Not signed in to Codex: running the embedded demo model, which is real codex with canned answers.",
    );
    context.noteProse(`To get the real one: ${loginCommand(context.env)}`);
  }
  // npm runs scripts in the package's folder, and says from where it was called.
  const cwd = context.env.INIT_CWD || context.cwd;
  const demo = !login.signedIn;
  const { sessions } = await context.call("session/list", {});
  const { name, known } = choose(sessionName(cwd, demo), cwd, demo, sessions);
  if (known) return known;
  const spec: SessionSpec = demo ? { cwd, provider: "demo" } : { cwd };
  const made = await context.call("session/new", { name, spec, env: environment(context.env) });
  return made.session;
}

/** The session that is wanted, or the first free name; directories may be called alike. */
export function choose(
  base: string,
  cwd: string,
  demo: boolean,
  sessions: readonly SessionInfo[],
): { name: string; known?: SessionInfo } {
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base.slice(0, 44)}-${count}`;
    const known = sessions.find((session) => session.name === name && session.state !== "ended");
    if (known === undefined) return { name };
    if (known.cwd === cwd && Boolean(known.labels.demo) === demo) return { name, known };
  }
}

export function sessionName(cwd: string, demo: boolean): string {
  const name = nameFrom(basename(cwd));
  return demo ? `${name.slice(0, 48 - demoSuffix.length)}${demoSuffix}` : name;
}

async function introduce(context: Context, { name }: SessionInfo): Promise<number> {
  context.noteProse(
    `The session "${name}" is up. There is no terminal here, so it is sent a message:\n> ${firstMessage}`,
  );
  const { delivery, approval } = await deliver(context, {
    name,
    id: crypto.randomUUID(),
    content: { text: firstMessage },
    timeoutMs: answerTimeoutMs,
  });
  if (approval)
    throw new HacsError(
      "approval-waits",
      `An approval waits in ${name}.`,
      `Answer it: ${answerHint(approval)}`,
    );
  if (delivery.status !== "completed")
    throw new HacsError(
      "turn-failed",
      `The turn ended as ${delivery.status}${delivery.error ? `: ${delivery.error}` : "."}`,
      "See: hacs-session doctor",
    );
  if (context.json) context.printJson(delivery);
  else context.print(visibleLines(delivery.text ?? ""));
  tryNext(context, name);
  return 0;
}

function tryNext(context: Context, name: string): void {
  const command = ownCommand(context.env, context.env.INIT_CWD ?? context.cwd);
  const rows = [
    { term: `${command} attach ${name}`, text: "from a terminal" },
    { term: `${command} send ${name} "…" --wait`, text: "from a script" },
    { term: `${command} ls`, text: "all sessions" },
    { term: `${command} --help`, text: "all there is" },
  ];
  const lines = rowLines(rows, proseColumns(context.terminal.columns));
  context.note(["", "Try next:", ...lines].join("\n"));
}
