import { visible } from "../../protocol/address.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";

export interface Finding {
  check: string;
  status: "ok" | "warn" | "fail";
  detail: string;
  /** How to mend it, when it is not ok. */
  mend?: string;
}

export function failed(check: string, error: unknown): Finding {
  const next = error instanceof HacsError ? error.next : undefined;
  const detail = visible(messageOf(error));
  return { check, status: "fail", detail, ...(next ? { mend: next } : {}) };
}
