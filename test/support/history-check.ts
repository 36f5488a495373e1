/** What must hold for every history, whatever happened: compared with codex's own thread. */
import { expect } from "vitest";
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { HistoryRecord } from "../../src/protocol/session.ts";
import { codexItems, historyOf } from "./history.ts";
import type { Home } from "./home.ts";

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
