/**
 * What is being written to a session: one text, that the newest change replaces. It is kept here
 * so that it survives the terminal it was written in and appears in the next one; there without
 * its secrets.
 */
import { HacsError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/methods.ts";
import type { Session } from "../session/session.ts";
import { storingIfPossible } from "../store/storing.ts";
import { actorOf, refuseReadOnly } from "./caller.ts";
import type { Caller, MethodHandler } from "./index.ts";

export const compose: MethodHandler<"session/compose"> = (caller, { name, text }) => {
  const session = caller.daemon.sessions.findLive(name);
  refuseReadOnly(caller, session);
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.messageBytesMax) {
    throw new HacsError(
      "message-too-large",
      `What is being written is kept up to ${limits.messageBytesMax} bytes; this has ${bytes}.`,
    );
  }
  return { revision: keep(caller, session, text) };
};

/** What was sent is not being written any more, on any device. */
export function clearComposition(caller: Caller, session: Session, sent: string): void {
  const { store, redactor } = caller.daemon.services;
  const { text } = store.compositions.get(session.id);
  if (text === "" || text.trim() !== redactor.text(sent).trim()) return;
  // What was sent is sent, whether it still stands there or not.
  storingIfPossible(
    store,
    () => void keep(caller, session, ""),
    () => {},
  );
}

function keep(caller: Caller, session: Session, written: string): number {
  const { store, redactor } = caller.daemon.services;
  const { compositions } = store;
  const text = redactor.text(written);
  const before = compositions.get(session.id);
  if (before.text === text) return before.revision;
  return store.transaction(() => {
    const revision = compositions.set(session.id, text);
    store.afterwards(() =>
      session.history.live("session/composed", { text, revision, by: actorOf(caller) }),
    );
    return revision;
  });
}
