/** JSON-RPC 2.0, https://www.jsonrpc.org/specification, without batches. */
import { HacsError, type RpcError } from "./errors.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };
export type JsonObject = { [key: string]: Json | undefined };
export type RequestId = number | string;

export type Message =
  | { kind: "request"; id: RequestId; method: string; params: JsonObject }
  | { kind: "notification"; method: string; params: JsonObject }
  | { kind: "response"; id: RequestId; result: Json }
  | { kind: "failure"; id: RequestId | null; error: RpcError };

export function encodeRequest(id: RequestId, method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

export function encodeNotification(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}

export function encodeResult(id: RequestId, result: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result: result ?? null });
}

export function encodeFailure(id: RequestId | null, error: RpcError): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error });
}

/**
 * Reads one frame. codex leaves the `jsonrpc` member out, so it is not asked for; a member of
 * the wrong type is. Throws `frame-invalid`.
 */
export function decode(frame: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw invalid("it is not JSON");
  }
  if (!isObject(value)) throw invalid("it is not an object");
  const { id, method, params, result, error } = value;
  const hasId = typeof id === "number" || typeof id === "string";
  if (typeof method === "string") {
    if (params !== undefined && params !== null && !isObject(params))
      throw invalid("params is not an object");
    const given = (params ?? {}) as JsonObject;
    if (hasId) return { kind: "request", id, method, params: given };
    if (id === undefined) return { kind: "notification", method, params: given };
    throw invalid("id is neither a number nor a string");
  }
  if (isObject(error)) {
    if (!hasId && id !== null) throw invalid("a failure has no id");
    return { kind: "failure", id: hasId ? id : null, error: error as unknown as RpcError };
  }
  if (hasId && result !== undefined) return { kind: "response", id, result: result as Json };
  throw invalid("it is neither a request, a notification nor a response");
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(why: string): HacsError {
  return new HacsError("frame-invalid", `A frame is one JSON-RPC 2.0 object; ${why}.`);
}
