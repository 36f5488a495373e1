import { sees } from "../../protocol/access.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Actor } from "../../protocol/session.ts";
import { clientKey } from "../message-rate.ts";
import type { Session } from "../session/session.ts";
import type { Caller } from "./index.ts";

/** Who asks; known since the hello. */
export function actorOf({ client }: Caller): Actor {
  if (client.actor === undefined) throw new Error("a method ran before the hello");
  return client.actor;
}

/** Throws `rate-limited` when the client sends more messages than it may. */
export function countMessage(caller: Caller): void {
  const { daemon, client } = caller;
  const over = daemon.services.messageRate.take(clientKey(client.identity, actorOf(caller)));
  if (over !== undefined) throw over;
}

/** Those of the sessions that exist for the client. */
export function seen({ client }: Caller, sessions: Session[]): Session[] {
  return sessions.filter(({ name }) => sees(client.identity.access, name));
}

/** A client that attached read-only changes nothing in that session on that connection. */
export function refuseReadOnly({ client }: Caller, session: Session): void {
  if (client.attachments.get(session.id)?.readOnly !== true) return;
  throw new HacsError(
    "not-allowed",
    `This client attached to "${session.name}" read-only.`,
    "Attach without -r to take part.",
  );
}
