/** Sessions that slept before the daemon began: as they were left, and there when they are needed. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { Services } from "../../src/daemon/services.ts";
import { Session } from "../../src/daemon/session/session.ts";
import type { SessionRow } from "../../src/daemon/store/session-table.ts";
import type { Store } from "../../src/daemon/store/store.ts";
import { freeze, freezeFile } from "../../src/system/freeze.ts";
import { createHome } from "../support/home.ts";
import { sessionRow } from "../support/session-row.ts";
import { createSession, say } from "../support/sessions.ts";
import { temporaryStore } from "../support/temporary-store.ts";

let dir: string;
let store: Store;
beforeEach(() => {
  const made = temporaryStore();
  ({ dir, store } = made);
  return made.remove;
});

/** A session as an earlier daemon left it. Only one at rest can do with so few services. */
function left(changes: Partial<SessionRow> = {}): Session {
  const row = { ...sessionRow("s", "bot"), seq: 7, ...changes };
  store.sessions.insert(row);
  return new Session(row, { store, paths: { stateDir: dir } } as unknown as Services);
}

test("one that nothing is open in is its row and no more, also when it is listed", async () => {
  const session = left();
  await session.revive();
  expect(session.info()).toMatchObject({ name: "bot", state: "asleep", seq: 7, queued: 0 });
  expect(session.state).toBe("asleep");
  expect(session.waiting()).toEqual([]);
  expect(session.turnId).toBeNull();
  expect(session.atRest).toBe(true);
});

test("how busy it was is told from its history, and it stays at rest", () => {
  const session = left({ threadId: "t", activeAt: "2026-01-01T00:00:00.000Z" });
  const turn = { id: "1", status: "completed", durationMs: 1_500 };
  store.records.insert("s", {
    seq: 7,
    at: "2026-01-01T00:00:00.000Z",
    method: "turn/completed",
    params: JSON.stringify({ threadId: "t", turn }),
    turnId: "1",
    itemId: null,
  });
  for (let asked = 0; asked < 2; asked++)
    expect(session.activity()).toMatchObject({
      ...{ state: "asleep", since: "2026-01-01T00:00:00.000Z", action: null, waiting: [] },
      turnsMs: [1_500],
    });
  expect(session.atRest).toBe(true);
});

test("one that has ended says so", () => {
  const session = left({ endedAt: "2026-01-01T00:00:00.000Z" });
  expect(session.info().state).toBe("ended");
  expect(session.atRest).toBe(true);
});

const detail = { createdAt: "2026-01-01T00:00:00.000Z" } as never;
const message = {
  id: "m",
  place: 1,
  mode: "queue",
  by: {},
  status: "accepted",
  seq: 1,
  createdAt: "",
};
test.each<[string, Partial<SessionRow>, () => void]>([
  ["an agent", { agent: {} as never }, () => {}],
  ["an end", { endsAt: "2026-01-01T00:00:00.000Z" }, () => {}],
  ["a message", {}, () => store.messages.insert("s", message as never, "{}")],
  [
    "an approval",
    {},
    () =>
      store.approvals.insert("s", {
        ...{ id: "a", agent: "", requestId: 1, turnId: null, itemId: null },
        ...{
          status: "waiting",
          decision: null,
          response: null,
          by: null,
          answeredAt: null,
          detail,
        },
      }),
  ],
  ["a draft", {}, () => store.drafts.put("s", { itemId: "i" } as never)],
  [
    "a turn",
    {},
    () => {
      const turn = { seq: 1, at: "", method: "turn/started", turnId: "t", itemId: null };
      store.records.insert("s", { ...turn, params: "{}" });
    },
  ],
  [
    "a panic",
    {},
    () => {
      mkdirSync(join(dir, "sessions/s"), { recursive: true });
      const by = { kind: "cli", user: "u", from: "" };
      freeze(freezeFile(dir, "s"), { at: "2026-01-01T00:00:00.000Z", by, recorded: true });
    },
  ],
])("one that has %s is looked after", async (_, changes, leave) => {
  const session = left(changes);
  leave();
  // Its parts are what these few services do not do for.
  await expect(session.revive()).rejects.toThrow(TypeError);
});

test("a daemon that comes after shows them as they were, and they speak", async () => {
  const home = await createHome();
  try {
    const before = await home.connect();
    await createSession(home, before, { name: "bot" });
    await say(before, "bot", "one");
    await before.call("session/sleep", { name: "bot" });
    const { sessions } = await before.call("session/list", {});
    await home.ok(["daemon", "restart"]);
    const connection = await home.connect();
    const shown = (await connection.call("session/list", {})).sessions;
    expect(shown).toEqual(sessions.map((one) => ({ ...one, activeAt: expect.any(String) })));
    expect(await say(connection, "bot", "two")).toMatchObject({ turnStatus: "completed" });
    const { session } = await connection.call("session/show", { name: "bot" });
    expect(session).toMatchObject({ state: "idle", queued: 0 });
    expect(session.seq).toBeGreaterThan(sessions[0]?.seq ?? 0);
  } finally {
    await home.close();
  }
});
