/**
 * Posts an event to a URL, signed as https://www.standardwebhooks.com describes: `webhook-id`,
 * `webhook-timestamp` and `webhook-signature`, an HMAC-SHA256 of the two and the body. A redirect
 * is an answer like any other that is not 2xx: what is meant for one server goes to no other.
 */
import { createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { parseDuration } from "../../protocol/duration.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { HookEvent } from "../../protocol/hooks.ts";
import type { PostHook } from "../../system/hook-config.ts";
import { version } from "../../system/version.ts";
import type { Attempt } from "./attempt.ts";
import { fill } from "./hook-body.ts";
import { readBearer, readKeys } from "./secret-file.ts";

const timeoutMsDefault = 15_000;
const goneStatus = 410;

export async function post(hook: PostHook, event: HookEvent): Promise<Attempt> {
  try {
    const body = JSON.stringify(hook.body === undefined ? event : fill(hook.body, event));
    const { statusCode = 0, headers } = await send(hook, body, headersOf(hook, event.id, body));
    if (statusCode >= 200 && statusCode < 300) return { outcome: "done", detail: `${statusCode}` };
    const detail =
      statusCode >= 300 && statusCode < 400
        ? `answered ${statusCode}; redirects are not followed`
        : `answered ${statusCode}`;
    if (statusCode === goneStatus) return { outcome: "gone", detail };
    return { outcome: "later", detail, ...retryAfter(headers["retry-after"]) };
  } catch (error) {
    return { outcome: "later", detail: messageOf(error), unanswered: true };
  }
}

/** The whole content that is signed is the id, the time and the body, with full stops between. */
export function signature(keys: Buffer[], id: string, seconds: number, body: string): string {
  return keys
    .map((key) => createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64"))
    .map((digest) => `v1,${digest}`)
    .join(" ");
}

function headersOf({ headers, secretFile, tokenFile }: PostHook, id: string, body: string) {
  const seconds = Math.floor(Date.now() / 1000);
  return {
    "user-agent": `hacs-session/${version}`,
    ...(tokenFile === undefined ? {} : { authorization: `Bearer ${readBearer(tokenFile)}` }),
    ...headers,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    ...(secretFile === undefined
      ? {}
      : { "webhook-signature": signature(readKeys(secretFile), id, seconds, body) }),
  };
}

/** The answer's head; its body is nobody's business. */
async function send(
  { post: url, timeout }: PostHook,
  body: string,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  // Loaded with the first post: most daemons have none.
  const { request } = url.startsWith("https:")
    ? await import("node:https")
    : await import("node:http");
  const timeoutMs = timeout === undefined ? timeoutMsDefault : parseDuration(timeout);
  return new Promise((resolve, reject) => {
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says in the shell that the daemon came from.
    const tls = { rejectUnauthorized: true };
    const asked = request(url, { method: "POST", headers, agent: false, ...tls });
    const timer = setTimeout(() => {
      asked.destroy(new Error(`no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    asked.on("response", (response) => {
      resolve(response);
      response.destroy();
    });
    asked.on("error", reject);
    asked.on("close", () => {
      clearTimeout(timer);
      reject(new Error("the connection was closed before an answer came"));
    });
    asked.end(body);
  });
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
export function retryAfter(
  value: string | undefined,
  nowMs: number = Date.now(),
): { afterMs?: number } {
  if (value === undefined) return {};
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  const date = / GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  const ms = seconds === undefined ? date - nowMs : seconds * 1000;
  return Number.isFinite(ms) && ms > 0 ? { afterMs: ms } : {};
}
