/** What a session's history and its agent's own thread hold, fetched anew. */
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { HistoryRecord } from "../../src/protocol/session.ts";
import type { Home } from "./home.ts";

export async function historyOf(home: Home, name: string): Promise<HistoryRecord[]> {
  const connection = await home.connect();
  const records: HistoryRecord[] = [];
  for (let after = 0; ; ) {
    const page = await connection.call("session/history", { name, after });
    records.push(...page.records);
    if (page.records.length === 0) return records;
    after = page.records.at(-1)!.seq;
  }
}

/** `TURN ITEM` for every completed item of the session's thread, as its agent lists them. */
export async function codexItems(home: Home, name: string): Promise<string[]> {
  const connection = await home.connect();
  const items: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = (await connection.call("session/call", {
      name,
      method: "thread/items/list",
      params: { sortDirection: "asc", limit: 100, cursor },
    })) as {
      data: { turnId: string; item: { id: string; completedAtMs: number | null } }[];
      nextCursor: string | null;
    };
    for (const { turnId, item } of page.data) {
      if (item.completedAtMs !== null) items.push(`${turnId} ${item.id}`);
    }
    cursor = page.nextCursor;
    if (cursor === null) return items;
  }
}

/** The messages that codex has, by the ids they were sent with, in codex's order. */
export function clientIdsIn(records: HistoryRecord[]): string[] {
  return records.flatMap(({ method, params }) => {
    const item = params.item as JsonObject | undefined;
    return method === "item/completed" && typeof item?.clientId === "string" ? [item.clientId] : [];
  });
}
