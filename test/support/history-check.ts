/** What must hold for every history, whatever happened: compared with codex's own thread. */
import { expect } from "vitest";
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { HistoryRecord } from "../../src/protocol/session.ts";
import type { Home } from "./home.ts";

/** All records of a session, fetched anew. */
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

/** Every item that codex has is in the history, once, and no turn begins or ends twice. */
export async function expectWhole(home: Home, name: string): Promise<HistoryRecord[]> {
  const records = await historyOf(home, name);
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i + 1));
  const recorded = records.flatMap(({ method, params }) =>
    method === "item/completed" ? [`${params.turnId} ${(params.item as JsonObject).id}`] : [],
  );
  expect(new Set(recorded).size).toBe(recorded.length);
  for (const method of ["turn/started", "turn/completed"]) {
    const turns = records.flatMap((record) =>
      record.method === method ? [(record.params.turn as JsonObject).id] : [],
    );
    expect(new Set(turns).size).toBe(turns.length);
  }
  expect([...recorded].sort()).toEqual((await codexItems(home, name)).sort());
  return records;
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
