import type { MethodHandler } from "./index.ts";

const sentDefault = 200;

export const sent: MethodHandler<"daemon/sent"> = ({ daemon }, { limit }) => ({
  texts: daemon.services.store.messages.written(limit ?? sentDefault),
});
