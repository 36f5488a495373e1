import { homedir } from "node:os";
import { resolve } from "node:path";
import { HacsError } from "../../protocol/errors.ts";
import type { Params } from "../../protocol/methods.ts";
import type { SessionSpec } from "../../protocol/session.ts";
import { loginEnvironment, otherUser } from "../../system/unix-user.ts";
import type { ThreadOrigin } from "../agent/codex-thread.ts";
import { checkContent } from "../session/content.ts";
import { basicEnvironment } from "../session/environment.ts";
import { checkImages } from "../session/images.ts";
import { actorOf, countMessage } from "./caller.ts";
import type { MethodHandler } from "./index.ts";
import { setKeep } from "./update.ts";

export const create: MethodHandler<"session/new"> = async (caller, params) => {
  const { name, prompt } = params;
  const { spec, env } = placed(params);
  const by = actorOf(caller);
  const origin = originOf(params.resume);
  // What can't be sent makes no session.
  if (prompt !== undefined) {
    checkContent(prompt);
    checkImages(prompt.images ?? []);
    countMessage(caller);
  }
  const session = await caller.daemon.sessions.create({
    name,
    spec,
    env,
    limits: params.limits ?? {},
    origin,
    by,
    record:
      origin.kind === "resume"
        ? { origin: "resume", from: origin.threadId }
        : { origin: origin.kind === "last" ? "resume" : "new" },
  });
  if (params.keep !== undefined) setKeep(caller, session, params.keep);
  const receipt = prompt === undefined ? null : session.send(prompt, "queue", undefined, by);
  return { session: session.info(), receipt };
};

/** Where it runs and as whom: another user brings his own home and environment. */
function placed({ spec, env, variables }: Params<"session/new">): {
  spec: SessionSpec;
  env: Record<string, string>;
} {
  const user = otherUser(spec.user);
  const { user: _own, ...rest } = spec;
  if (user === undefined) {
    return {
      spec: { ...rest, cwd: resolve(homedir(), spec.cwd) },
      env: { ...(env ?? basicEnvironment()), ...variables },
    };
  }
  if (env !== undefined) {
    throw new HacsError(
      "invalid-usage",
      `A session of ${user.name}'s runs in that user's environment; it is given no other as env.`,
      "Leave env out, and set single variables: -e KEY=VALUE, or variables.",
    );
  }
  return {
    spec: { ...rest, user: user.name, cwd: resolve(user.home, spec.cwd) },
    env: { ...loginEnvironment(user), ...variables },
  };
}

export const fork: MethodHandler<"session/fork"> = async (caller, { name, to, env }) => {
  const source = caller.daemon.sessions.find(name);
  if (source.row.threadId === null || !source.spoken) {
    throw new HacsError(
      "no-thread",
      `Session "${source.name}" has no thread to fork.`,
      "Send it a message first.",
    );
  }
  const session = await caller.daemon.sessions.create({
    name: to,
    spec: source.runContext.spec(),
    settings: source.row.settings,
    limits: source.row.limits,
    env:
      source.row.spec.user === undefined
        ? (env ?? basicEnvironment())
        : source.runContext.environment(),
    origin: { kind: "fork", threadId: source.row.threadId },
    by: actorOf(caller),
    record: { origin: "fork", from: source.name },
  });
  return { session: session.info() };
};

function originOf(resume: Params<"session/new">["resume"]): ThreadOrigin {
  if (resume === undefined) return { kind: "new" };
  return "last" in resume ? { kind: "last" } : { kind: "resume", threadId: resume.threadId };
}
