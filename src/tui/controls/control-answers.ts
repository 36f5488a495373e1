/** What codex answers to its controls, as choices and lines. Reads only what it finds. Pure. */
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import { type ClientInfo, describeActor, type SessionDetail } from "../../protocol/session.ts";
import type { Choice, Effect } from "../model.ts";

const update = "thread/settings/update";

export function dataOf(answer: Json): JsonObject[] {
  return isObject(answer) && Array.isArray(answer.data) ? answer.data.filter(isObject) : [];
}

export function modelChoices(models: readonly JsonObject[], current: string | null): Choice[] {
  return models
    .filter(({ hidden }) => hidden !== true)
    .map((one) => {
      const model = text(one.model) || text(one.id);
      const params = { model };
      const said = `model: ${model}`;
      const call: Effect = { do: "call", method: update, params, said, next: "/effort" };
      return {
        label: text(one.displayName) || model,
        about: text(one.description),
        current: model === current,
        effects: [call],
      };
    });
}

/** Those of the current model; of one that codex does not know, all that any has. */
export function effortChoices(
  models: readonly JsonObject[],
  model: string | null,
  current: string | null,
): Choice[] {
  const own = models.find((one) => one.model === model || one.id === model);
  const from = own === undefined ? models : [own];
  const efforts = new Map<string, string>();
  for (const { supportedReasoningEfforts } of from) {
    if (!Array.isArray(supportedReasoningEfforts)) continue;
    for (const one of supportedReasoningEfforts.filter(isObject)) {
      const effort = text(one.reasoningEffort);
      if (!efforts.has(effort)) efforts.set(effort, own ? text(one.description) : "");
    }
  }
  return [...efforts].map(([effort, about]) => ({
    label: effort,
    about,
    current: effort === current,
    effects: [{ do: "call", method: update, params: { effort }, said: `effort: ${effort}` }],
  }));
}

/** When codex asks, which it lists nowhere. */
const policies: [string, string][] = [
  ["untrusted", "asks before every command that is not known to be harmless"],
  ["on-request", "asks when it wants to leave the sandbox"],
  ["never", "never asks; what the sandbox forbids fails"],
];

/** `settings` are the thread's, as `session/show` has them. */
export function permissionChoices(
  profiles: readonly JsonObject[],
  settings: JsonObject | null,
): Choice[] {
  const profile = profileOf(settings);
  const policy = text(settings?.approvalPolicy);
  const allowed = profiles.filter((one) => one.allowed !== false);
  return [
    ...allowed.map((one): Choice => {
      const permissions = text(one.id);
      const said = `sandbox: ${permissions.replace(/^:/, "")}`;
      return {
        label: said,
        about: text(one.description),
        current: permissions === profile,
        effects: [{ do: "call", method: update, params: { permissions }, said }],
      };
    }),
    ...policies.map(([approvalPolicy, about]): Choice => {
      const said = `approvals: ${approvalPolicy}`;
      return {
        label: said,
        about,
        current: approvalPolicy === policy,
        effects: [{ do: "call", method: update, params: { approvalPolicy }, said }],
      };
    }),
  ];
}

function profileOf(settings: JsonObject | null): string {
  const profile = settings?.activePermissionProfile;
  return isObject(profile) ? text(profile.id) : "";
}

export function undoChoices(turns: readonly JsonObject[]): Choice[] {
  const [turn] = turns;
  if (turn === undefined) return [];
  const items = Array.isArray(turn.items) ? turn.items.filter(isObject) : [];
  const asked = items.find(({ type }) => type === "userMessage");
  const content = Array.isArray(asked?.content) ? asked.content.filter(isObject) : [];
  const said = content.map((part) => text(part.text)).join(" ");
  const about = said === "" ? "" : `“${said.slice(0, 200)}”`;
  const params = { beforeTurnId: text(turn.id) };
  return [
    { label: "No, keep it", about: "", key: "n", effects: [] },
    {
      label: "Yes, forget it",
      key: "y",
      about: `${about} files stay as they are`.trim(),
      effects: [{ do: "call", method: "thread/revert", params, said: "the turn is forgotten" }],
    },
  ];
}

/** As codex ranks them, without git's own files unless they are asked for. */
export function pathsOf(answer: Json, query: string): string[] {
  const files = isObject(answer) && Array.isArray(answer.files) ? answer.files : [];
  const paths = files.filter(isObject).map(({ path }) => text(path));
  const gits = /(^|\/)\.git(\/|$)/;
  return paths.filter((path) => path !== "" && (query.includes(".git") || !gits.test(path)));
}

export function skillsOf(answer: Json): { name: string; about: string }[] {
  return dataOf(answer)
    .flatMap(({ skills }) => (Array.isArray(skills) ? skills.filter(isObject) : []))
    .filter(({ enabled }) => enabled !== false)
    .map((skill) => {
      const face = isObject(skill.interface) ? text(skill.interface.shortDescription) : "";
      return { name: text(skill.name), about: face || text(skill.description) };
    })
    .filter(({ name }) => name !== "");
}

export function mcpLines(servers: readonly JsonObject[]): string[] {
  if (servers.length === 0) return ["none is configured"];
  return servers.flatMap((server) => {
    const tools = isObject(server.tools) ? Object.keys(server.tools) : [];
    const state = [text(server.runtimeStatus), text(server.authStatus)].filter((one) => one !== "");
    const wrong = text(server.toolsError);
    return [
      `${text(server.name)}  ${state.join(", ")}`,
      ...(wrong === "" ? [] : [`  ${wrong}`]),
      ...tools.map((tool) => `  ${tool}`),
    ];
  });
}

export function goalLines(answer: Json): string[] {
  const goal = isObject(answer) && isObject(answer.goal) ? answer.goal : null;
  if (goal === null) return ["none is set; /goal TEXT sets one"];
  const budget = typeof goal.tokenBudget === "number" ? ` of ${goal.tokenBudget}` : "";
  return [
    text(goal.objective),
    "",
    `${text(goal.status)}, ${Number(goal.tokensUsed ?? 0)}${budget} tokens`,
  ];
}

export function whoLines(attached: readonly ClientInfo[]): string[] {
  if (attached.length === 0) return ["nobody"];
  return attached.flatMap((client) => {
    const readOnly = client.readOnly ? ", read-only" : "";
    const you = client.you === true ? ", you" : "";
    return [
      describeActor(client) + readOnly + you,
      `  since ${client.since.slice(0, 16).replace("T", " ")} UTC`,
    ];
  });
}

export function statusLines(detail: SessionDetail, thread: JsonObject, limits: Json): string[] {
  const { settings, usage } = detail;
  const model = text(thread.model) || detail.model || "?";
  const effort = text(thread.reasoningEffort) || text(settings?.effort);
  const rows: [string, unknown][] = [
    ["session", `${detail.name} (${detail.state})`],
    ["directory", detail.cwd],
    ["model", `${model} ${effort}`],
    ["provider", detail.provider],
    ["sandbox", sandboxText(settings)],
    ["approvals", text(settings?.approvalPolicy)],
    ["codex", detail.codexVersion],
    ["thread", detail.threadId],
    ["tokens", grouped(isObject(usage?.total) ? usage.total.totalTokens : undefined)],
    ["context window", grouped(usage?.modelContextWindow)],
    ["attached", detail.attached.map(({ user, from }) => `${user} (${from})`).join(", ")],
    ["codex socket", detail.codexSocket],
    ...limitRows(limits),
  ];
  return rows
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([label, value]) => `${label.padEnd(15)} ${String(value).trim()}`);
}

/** By the name of its profile, as `/permissions` lists it; of one without, by its kind. */
function sandboxText(settings: JsonObject | null): string {
  const policy = settings?.sandboxPolicy;
  return profileOf(settings).replace(/^:/, "") || (isObject(policy) ? text(policy.type) : "");
}

function grouped(count: Json | undefined): string {
  return typeof count === "number" ? count.toLocaleString("en") : "";
}

function limitRows(answer: Json): [string, unknown][] {
  const limits = isObject(answer) && isObject(answer.rateLimits) ? answer.rateLimits : {};
  return (["primary", "secondary"] as const).flatMap((name): [string, unknown][] => {
    const limit = limits[name];
    if (!isObject(limit) || typeof limit.usedPercent !== "number") return [];
    return [[`${name} limit`, `${Math.round(limit.usedPercent)} % used`]];
  });
}

export function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
