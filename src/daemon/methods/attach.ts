import { HacsError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import type { ClientInfo } from "../../protocol/session.ts";
import type { Session } from "../session/session.ts";
import { Subscription } from "../session/subscription.ts";
import { actorOf } from "./caller.ts";
import type { MethodHandler } from "./index.ts";

export const attach: MethodHandler<"session/attach"> = (caller, params) => {
  const { client, daemon } = caller;
  const session = daemon.sessions.find(params.name);
  const cursor = cursorFor(session, params.after, params.last);
  const readOnly = params.readOnly === true;
  if (params.env !== undefined && !readOnly) session.runContext.updateEnvironment(params.env);
  client.attachments.get(session.id)?.end();

  const { history, inbox, approvals } = session;
  const info: ClientInfo = {
    ...actorOf(caller),
    readOnly: readOnly || client.identity.access.scope === "observe",
    since: new Date().toISOString(),
  };
  const leave = params.visible === false ? () => {} : session.attach(info);
  const subscription = new Subscription(
    session.id,
    history,
    client,
    cursor,
    params.deltas !== false,
  );
  // Who only follows is of interest when it came from elsewhere.
  const noted = params.visible !== false || client.identity.access.token !== null;
  const note = (action: string, detail: JsonObject) =>
    noted && daemon.audit.note(client, session, action, detail);
  const end = () => {
    subscription.end();
    leave();
    note("detach", {});
    client.attachments.delete(session.id);
  };
  client.attachments.set(session.id, { readOnly, end, info });
  note("attach", {
    ...(readOnly ? { readOnly } : {}),
    ...(params.env === undefined ? {} : { env: "changed" }),
  });
  // The answer goes out first; the events that follow belong to what it says.
  setImmediate(() => subscription.start());
  if (params.wake === true && !readOnly && !session.ended)
    session.rouse().catch(() => session.changed());
  return {
    session: session.info(),
    head: history.head,
    approvals: approvals.waiting(),
    messages: inbox.unfinished(),
    composed: daemon.services.store.compositions.get(session.id),
  };
};

export const detach: MethodHandler<"session/detach"> = ({ client, daemon }, { name }) => {
  client.attachments.get(daemon.sessions.find(name).id)?.end();
  return {};
};

function cursorFor(session: Session, after: number | undefined, last: number | undefined): number {
  const { head } = session.history;
  if (after === undefined) return last === undefined ? head : session.history.beforeLast(last);
  if (after <= head) return after;
  throw new HacsError(
    "cursor-ahead",
    `The history of "${session.name}" ends at ${head}; the cursor given is ${after}.`,
    "Begin at the end with --since the last seq, or leave it out.",
  );
}
