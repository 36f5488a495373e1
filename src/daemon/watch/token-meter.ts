/**
 * What was used since codex told last. It tells the sum of a thread, again and again; sub-agents
 * have threads of their own, each with its own sum.
 */
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import { stringOf } from "../../protocol/shape.ts";

export const TOKEN_KINDS = ["input", "cached_input", "output", "reasoning"] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];
export type Used = Record<TokenKind, number>;

const MEMBERS: Record<TokenKind, string> = {
  input: "inputTokens",
  cached_input: "cachedInputTokens",
  output: "outputTokens",
  reasoning: "reasoningOutputTokens",
};
const threadsMax = 2_000;

export class TokenMeter {
  readonly #totals = new Map<string, Used>();

  /** By the params of `thread/tokenUsage/updated`. */
  used({ threadId, tokenUsage }: JsonObject): Used {
    if (!isObject(tokenUsage)) return read({});
    const thread = stringOf(threadId) ?? "";
    const total = read(tokenUsage.total);
    const before = this.#totals.get(thread);
    this.#totals.delete(thread);
    this.#totals.set(thread, total);
    for (const oldest of this.#totals.keys()) {
      if (this.#totals.size <= threadsMax) break;
      this.#totals.delete(oldest);
    }
    // Of a thread that one joins late, or that began anew, only the last answer is news.
    if (before === undefined || TOKEN_KINDS.some((kind) => total[kind] < before[kind]))
      return read(tokenUsage.last);
    return each((kind) => total[kind] - before[kind]);
  }
}

function read(breakdown: unknown): Used {
  const told = isObject(breakdown) ? breakdown : {};
  return each((kind) => {
    const value = told[MEMBERS[kind]];
    return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
  });
}

function each(of: (kind: TokenKind) => number): Used {
  return Object.fromEntries(TOKEN_KINDS.map((kind) => [kind, of(kind)])) as Used;
}
