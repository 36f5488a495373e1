/** What the history says of the agent's coming and going. */
import type { OwnRecords } from "../../protocol/records.ts";
import type { Agent } from "../agent/agent.ts";
import type { SessionRow } from "../store/session-table.ts";

type AgentRecord = OwnRecords["session/agent"];

export function agentRecord(
  status: AgentRecord["status"],
  { threadId, model }: Pick<SessionRow, "threadId" | "model">,
  { agent, reason, turnId }: { agent?: Agent; reason?: string | undefined; turnId?: string | null },
): AgentRecord {
  return {
    status,
    pid: agent?.process.pid ?? null,
    codexVersion: agent?.row.codexVersion ?? null,
    threadId,
    model,
    ...(reason === undefined ? {} : { reason }),
    ...(turnId == null ? {} : { turnId }),
  };
}
