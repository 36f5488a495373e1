import type { ErrorCode } from "../protocol/errors.ts";

/** With what a WebSocket is closed: RFC 6455, section 7.4, and codes of our own from 4000 on. */
const CLOSE_CODES: Partial<Record<ErrorCode, number>> = {
  unauthenticated: 4401,
  "not-allowed": 4403,
  "session-not-found": 4404,
  "timed-out": 4408,
  "daemon-stopping": 1012,
  "too-many-clients": 1013,
  "frame-too-large": 1009,
};
const policyViolation = 1008;

export function closeCodeOf(code: ErrorCode, otherwise: number = policyViolation): number {
  return CLOSE_CODES[code] ?? otherwise;
}
