import { visible } from "../../protocol/address.ts";
import { ago } from "../../protocol/duration.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import { describeActor, type Receipt, type SessionDetail } from "../../protocol/session.ts";
import { formatSize } from "../../protocol/size.ts";
import { shortPath } from "../../system/paths.ts";
import { keepText } from "../text/keep.ts";
import { limitLines } from "../text/limits.ts";
import { resourcesText } from "../text/resources.ts";
import { stateText } from "../text/session-table.ts";
import { wrapFor } from "../text/wrap.ts";
import type { Verb } from "../verb.ts";

export const show: Verb = {
  name: "show",
  group: "Sessions",
  summary: "one session in full",
  arguments: ["<session>"],
  endedToo: true,
  examples: [
    ["show fix", "state, agent, thread, messages, clients"],
    ["show fix --json | jq -r .codexSocket", "the socket that speaks codex's own protocol"],
  ],
  async run(context, [name = ""]) {
    const { session } = await context.call("session/show", { name });
    if (context.json) {
      context.printJson(session);
      return undefined;
    }
    const details = detailLines(session, context.env.HOME);
    const wrap = await wrapFor(details.map(([, text]) => text));
    for (const [label, text] of details) {
      const lines = wrap(
        `${" ".repeat(labelColumns)}${text}`,
        context.terminal.columns,
        textIndent,
      );
      const [first = "", ...rest] = lines;
      const padded = label.padEnd(labelColumns);
      const head = label === "" ? padded : context.paint("bold", padded);
      context.print([head + first.slice(labelColumns), ...rest].join("\n"));
    }
    return undefined;
  },
};

const labelColumns = 12;
/** Ids and paths are not broken, so on a phone there is no room for the whole column. */
const textIndent = "    ";
/** Of an answer, as much as tells which it was. */
const previewCharsMax = 60;

/** Label and text; a label is empty where a line goes on with the one above. */
export function detailLines(
  session: SessionDetail,
  home: string | undefined,
  nowMs?: number,
): [string, string][] {
  const { spec, settings, turn, crash } = session;
  const lines: [string, string | null | undefined][] = [
    ["name", session.name],
    ["id", session.id],
    [
      "state",
      turn
        ? `${stateText(session)}, in a turn since ${ago(turn.startedAt, nowMs)}`
        : stateText(session),
    ],
    ["stalled", session.stalledSince && stalledText(session)],
    ["frozen", session.frozenSince && `nothing starts until: hacs-session wake ${session.name}`],
    ["crash", crash && `${crash.reason} (${ago(crash.at, nowMs)})`],
    ["retry", crash?.retryAt],
    ["user", session.user],
    ["directory", shortPath(session.cwd, home)],
    ["model", session.model],
    ["provider", session.provider],
    ["profile", spec.profile],
    ["effort", wordOf(settings?.effort)],
    ["sandbox", sandboxOf(settings) ?? spec.sandbox],
    ["approval", wordOf(settings?.approvalPolicy) ?? spec.approval],
    ["overrides", spec.overrides?.join("  ")],
    ["codex home", spec.codexHome && shortPath(spec.codexHome, home)],
    ["codex", spec.codex],
    ["on crash", spec.onCrash],
    ["limits", resourcesText(session)],
    ["version", session.codexVersion],
    ["agent", session.agentPid === null ? null : `pid ${session.agentPid}`],
    ["socket", session.codexSocket],
    ["thread", session.threadId],
    ["history", `${session.seq} records, ${formatSize(session.bytes)}`],
    ["keeps", Object.keys(session.keep).length === 0 ? null : keepText(session.keep)],
    ["tokens", tokens(session)],
    ["waiting", `${count(session.approvals, "approval")}, ${count(session.queued, "message")}`],
    ...limitLines(session, nowMs),
    ["created", `${session.createdAt} (${ago(session.createdAt, nowMs)})`],
    ["active", `${session.activeAt} (${ago(session.activeAt, nowMs)})`],
    ...listed(
      "clients",
      session.attached.map(
        (client) =>
          `${describeActor(client)}${client.readOnly ? ", read-only" : ""}, ${ago(client.since, nowMs)}`,
      ),
    ),
    ...listed("messages", session.messages.map(messageText)),
  ];
  return lines
    .filter((line): line is [string, string] => typeof line[1] === "string" && line[1] !== "")
    .map(([label, text]) => [label, visible(text)]);
}

function stalledText({ name }: SessionDetail): string {
  return `its agent does not answer; hacs-session restart --force ${name}, or panic ${name}`;
}

/** How far it came, how its turn ended, and the beginning of what came of it. */
function messageText({ messageId, status, turnStatus, text, error }: Receipt): string {
  const turn = turnStatus === null ? "" : `, turn ${turnStatus}`;
  const came = (error ?? text ?? "").trim().replace(/\s+/g, " ");
  const whole = [...came];
  const preview =
    whole.length > previewCharsMax ? `${whole.slice(0, previewCharsMax).join("")}…` : came;
  return `${messageId} ${status}${turn}${preview === "" ? "" : `: ${preview}`}`;
}

function listed(label: string, texts: string[]): [string, string][] {
  return texts.map((text, place) => [place === 0 ? label : "", text]);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function wordOf(setting: Json | undefined): string | null {
  if (setting === null || setting === undefined) return null;
  return typeof setting === "string" ? setting : JSON.stringify(setting);
}

/** In the words of `-s`, where it is one of those. */
function sandboxOf(settings: JsonObject | null): string | null {
  const policy = settings?.sandboxPolicy;
  if (!isObject(policy) || typeof policy.type !== "string") return null;
  return policy.type.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function tokens({ usage }: SessionDetail): string | null {
  const total = isObject(usage) && isObject(usage.total) ? usage.total.totalTokens : undefined;
  return typeof total === "number" ? String(total) : null;
}
