/**
 * Which session a WebSocket is for that speaks codex's own protocol. codex's own clients can be
 * told an address and a token and no path, so for those the token says it.
 */
import type { Access } from "../../protocol/access.ts";
import { HacsError } from "../../protocol/errors.ts";
import { matchPath, type Target } from "./route.ts";

const named = "/v1/sessions/{name}/codex";
/** The first two are where codex itself serves it. */
export const codexPaths = ["/", "/rpc", "/ws", named];

/** Its name. Throws `invalid-usage` when nothing gives one. */
export function codexSession({ pathname, searchParams }: Target, access: Access): string {
  const { name } = matchPath(named, pathname) ?? {};
  if (name !== undefined) return decoded(name);
  const given = searchParams.get("session");
  if (given !== null) return given;
  if (/^[^*?,]+$/.test(access.sessions)) return access.sessions;
  throw new HacsError(
    "invalid-usage",
    "Nothing says which session this is for.",
    "Give ?session=NAME, the path /v1/sessions/NAME/codex, or a token for that session alone.",
  );
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
