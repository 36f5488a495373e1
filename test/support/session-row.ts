/** A session as the store keeps it, for tests of what is kept beside it. */
import type { SessionRow } from "../../src/daemon/store/session-table.ts";

export function sessionRow(id: string, name: string = id): SessionRow {
  const now = new Date().toISOString();
  return {
    id,
    name,
    spec: { cwd: "/" },
    labels: {},
    threadId: null,
    model: null,
    provider: null,
    agent: null,
    settings: null,
    stoppedTurn: null,
    origin: null,
    limits: {},
    endsAt: null,
    ready: true,
    seq: 0,
    createdAt: now,
    activeAt: now,
    endedAt: null,
  };
}
