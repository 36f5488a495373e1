import { isForAll } from "../../protocol/access.ts";
import { seen } from "./caller.ts";
import type { MethodHandler } from "./index.ts";

const sentDefault = 200;

export const sent: MethodHandler<"daemon/sent"> = (caller, { limit }) => {
  const { services, sessions } = caller.daemon;
  const ids = isForAll(caller.client.identity.access)
    ? null
    : seen(caller, sessions.all()).map(({ id }) => id);
  // What still waits for codex is kept as it was written.
  const texts = services.store.messages.written(limit ?? sentDefault, ids);
  return { texts: texts.map((text) => services.redactor.text(text)) };
};
