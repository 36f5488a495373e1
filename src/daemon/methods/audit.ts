import { sees } from "../../protocol/access.ts";
import type { MethodHandler } from "./index.ts";

const auditDefault = 200;

/** Of all sessions or one, also of those that are gone; the last of them, oldest first. */
export const audit: MethodHandler<"daemon/audit"> = ({ daemon, client }, params) => {
  const { name, since, before, limit } = params;
  const session = name === undefined ? undefined : daemon.sessions.lookUp(name)?.id;
  const query = { session, name, since, before, limit: limit ?? auditDefault };
  const { access } = client.identity;
  const found = daemon.services.store.audit.find(query);
  const entries = found.filter((entry) => sees(access, entry.name ?? ""));
  return { entries, more: found.length === query.limit ? (found[0]?.id ?? null) : null };
};
