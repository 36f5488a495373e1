/** What a session is doing and how it went lately: the shapes of `daemon/activity`, as numbers. */
import type { Approval, SessionInfo } from "./session.ts";

/** How many minutes of tokens are told, and how many turns. */
export const activityMinutes = 30;
export const activityTurns = 20;

export interface SessionActivity extends SessionInfo {
  /** When what it does now began: the turn, the approval's waiting, the rest after its last turn. */
  since: string | null;
  /** Null while it does nothing. */
  action: Action | null;
  /** Tokens of each of the last minutes, oldest first; the last one is the minute until now. */
  tokensPerMinute: number[];
  /** How long the last turns took, oldest first, in ms. */
  turnsMs: number[];
  /** What waits for an answer, oldest first; `session/approvals` has diffs and codex's request. */
  waiting: Approval[];
}

/** Items of codex that later versions add arrive with their type as the kind. */
export type ActionKind =
  | "approval"
  | "command"
  | "change"
  | "tool"
  | "search"
  | "agent"
  | "think"
  | "write"
  | "plan"
  | "compact"
  | "review"
  | (string & {});

export interface Action {
  kind: ActionKind;
  /** About what, on one line: a command, files, a tool's name; `""` where there is nothing to say. */
  text: string;
  /** When it began; null where codex did not say. */
  since: string | null;
}

const words: Record<string, string> = {
  approval: "asks:",
  command: "$",
  change: "edits",
  tool: "calls",
  search: "searches",
  agent: "sub-agent",
  think: "thinks",
  write: "writes",
  plan: "plans",
  compact: "compacts the context",
  review: "reviews",
};

/** In a few words. What the text holds is not made visible here. */
export function describeAction({ kind, text }: Action): string {
  return `${words[kind] ?? kind} ${text}`.trim();
}

/** codex wraps what it runs in the user's shell; people are shown what is inside. */
export function withoutShell(text: string): string {
  const match =
    /^(?:\/[\w/.-]*\/)?(?:ba|z|da)?sh -l?c (?:'([^']*)'|"([^"\\$`]*)"|([\w./-]+))$/.exec(text);
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? text;
}
