/**
 * Reads one request of codex's to a model. Everything in it is taken for foreign: a body that is
 * too large, no JSON or of another shape gives an HTTP status, never an exception.
 */
import type { IncomingMessage } from "node:http";

/** What codex asks, cut down to what a scripted answer can be chosen by. */
export interface ModelRequest {
  /** What the person wrote, in order, the newest last; codex's own context blocks left out. */
  userTexts: string[];
  /** The newest of them; "" when there is none. */
  text: string;
  /** What the tool called last gave, when the person has said nothing since; else null. */
  toolOutput: string | null;
  /** The names of the functions that codex offers. */
  tools: string[];
  /** Aborts when codex has hung up. */
  signal: AbortSignal;
}

/** A long conversation with images stays well below this. */
const bodyBytesMax = 64 * 1024 * 1024;

export type Refusal = { status: number; why: string };

export async function readRequest(
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<ModelRequest | Refusal> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") return { status: 415, why: `no decoder for ${encoding}` };
  const body = await readBody(request);
  if (body === null) return { status: 413, why: `a body has at most ${bodyBytesMax} bytes` };
  try {
    return { ...understand(JSON.parse(body)), signal };
  } catch {
    return { status: 400, why: "the body is not a JSON object of the Responses API" };
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The stream stays open when the body is too large, so that the refusal can be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

type Fields = Record<string, unknown>;

/** Throws on anything that is not an object; missing parts are taken for empty. */
export function understand(body: unknown): Omit<ModelRequest, "signal"> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new TypeError("body");
  const { input, tools } = body as Fields;
  const items = objects(typeof input === "string" ? [{ role: "user", content: input }] : input);
  const userTexts = items.filter(isFromPerson).map((item) => textOf(item.content));
  // codex adds notes of its own behind a result: that a rule was saved, say.
  const last = items.findLast((item) => isResult(item) || isFromPerson(item));
  return {
    userTexts,
    text: userTexts.at(-1) ?? "",
    toolOutput: last !== undefined && isResult(last) ? textOf(last.output) : null,
    tools: objects(tools).map((tool) => String(tool.name ?? tool.type ?? "")),
  };
}

function isResult({ type }: Fields): boolean {
  return typeof type === "string" && type.endsWith("_call_output");
}

function isFromPerson({ role, content }: Fields): boolean {
  const text = role === "user" ? textOf(content) : "";
  return text !== "" && !isContext(text);
}

/** codex speaks as the user too: its surroundings, instructions and notes are in a tag or titled. */
function isContext(text: string): boolean {
  return /^\s*<[a-z_]+[ >]/i.test(text) || text.startsWith("# AGENTS.md instructions");
}

/** Content is a string, or a list of parts of which some have text. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return objects(content)
    .map((part) => (typeof part.text === "string" ? part.text : ""))
    .join("");
}

function objects(value: unknown): Fields[] {
  if (!Array.isArray(value)) return [];
  return value.filter((part): part is Fields => typeof part === "object" && part !== null);
}
