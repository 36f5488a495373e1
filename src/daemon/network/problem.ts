/** Errors over HTTP: problem details, https://www.rfc-editor.org/rfc/rfc9457, with our code. */
import type { Socket } from "node:net";
import { ERRORS, type ErrorCode, HacsError } from "../../protocol/errors.ts";
import type { Services } from "../services.ts";

export interface Problem {
  type: "about:blank";
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  next?: string | undefined;
  /** Of 429, where it is known. */
  retryAfterMs?: number;
}

const statuses: Partial<Record<ErrorCode, number>> = {
  "request-invalid": 400,
  "frame-invalid": 400,
  unauthenticated: 401,
  "pairing-failed": 403,
  "origin-refused": 403,
  "not-allowed": 403,
  "path-unknown": 404,
  "session-not-found": 404,
  "peer-not-found": 404,
  "approval-not-found": 404,
  "no-approval": 404,
  "token-not-found": 404,
  "name-taken": 409,
  "id-conflict": 409,
  "approval-answered": 409,
  "approval-ambiguous": 409,
  "message-sent": 409,
  "session-busy": 409,
  "no-turn": 409,
  "no-thread": 409,
  "thread-held": 409,
  "session-ended": 410,
  "approval-lost": 410,
  "message-too-large": 413,
  "frame-too-large": 413,
  "host-refused": 421,
  "queue-full": 429,
  "rate-limited": 429,
  internal: 500,
  "codex-error": 502,
  "codex-failed": 502,
  "agent-gone": 502,
  "peer-invalid": 502,
  "daemon-stopping": 503,
  "too-many-clients": 503,
  "peer-unreachable": 503,
  "timed-out": 504,
};
/** What was asked for is understood and can't be. */
const unprocessable = 422;

/** What is no error of ours is a bug, and nothing of it is told. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof HacsError)) {
    return problemOf(
      new HacsError(
        "internal",
        "Something went wrong inside the daemon.",
        "See the daemon's log for the details.",
      ),
    );
  }
  const { code, message, next, details } = error;
  const status = statusIn(error) ?? statuses[code] ?? unprocessable;
  return {
    type: "about:blank",
    title: ERRORS[code].about,
    status,
    detail: message,
    code,
    ...(next === undefined ? {} : { next }),
    ...(typeof details.retryAfterMs === "number" ? { retryAfterMs: details.retryAfterMs } : {}),
  };
}

const retryAfterSDefault = 60;

/** HTTP counts in whole seconds. */
export function retryAfterS({ retryAfterMs }: Problem): number {
  return retryAfterMs === undefined ? retryAfterSDefault : Math.ceil(retryAfterMs / 1000);
}

/** For what one code is too coarse, as a method that a path does not have. */
function statusIn({ details }: HacsError): number | undefined {
  return typeof details.status === "number" ? details.status : undefined;
}

/** For who looks into it: without the path, in which a stranger may have put anything, or a token. */
export function noteRefusal(
  { services }: { services: Pick<Services, "log"> },
  { socket, method }: { socket: Socket | null; method?: string | undefined },
  error: unknown,
): void {
  const { status, code } = problemOf(error);
  // A request that was cut off has no socket any more.
  const from = socket?.remoteAddress;
  services.log.debug({ from, method, status, code }, "a request was refused");
}
