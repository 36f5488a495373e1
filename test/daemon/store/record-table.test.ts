/** What is looked up in a history, and that a long one is not read for it. */
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { Store } from "../../../src/daemon/store/store.ts";
import { sessionRow } from "../../support/session-row.ts";

/** Keeps what it is asked to prepare, for `plan`. */
class Watched extends DatabaseSync {
  static last: Watched;
  readonly asked: string[] = [];
  constructor(file: string) {
    super(file);
    Watched.last = this;
  }
  override prepare(sql: string) {
    this.asked?.push(sql);
    return super.prepare(sql);
  }
  plan(part: string): string[] {
    const sql = this.asked.find((one) => one.includes(part));
    return super
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
  }
}

function withTurns(): Store {
  const store = new Store(":memory:", undefined, Watched as typeof DatabaseSync);
  store.sessions.insert(sessionRow("s"));
  let seq = 0;
  const put = (method: string, turnId: string, itemId: string | null = null, item = {}) =>
    store.records.insert("s", {
      ...{ seq: ++seq, at: "2026-01-01T00:00:00.000Z", method, turnId, itemId },
      params: JSON.stringify({ item }),
    });
  for (const turn of ["silent", "spoken", "running"]) {
    put("turn/started", turn);
    if (turn !== "silent") {
      put("item/completed", turn, "1", { type: "agentMessage", text: "first" });
      put("item/completed", turn, "2", { type: "agentMessage", text: `last of ${turn}` });
    }
    put("item/completed", turn, "3", { type: "commandExecution" });
    if (turn !== "running") put("turn/completed", turn);
  }
  return store;
}

test("a turn's last answer is its own, also while it runs", () => {
  const { records } = withTurns();
  const answers = ["silent", "spoken", "running", "unknown"].map((turn) =>
    records.lastAnswer("s", turn),
  );
  expect(answers).toEqual([null, "last of spoken", "last of running", null]);
});

test("a turn's last answer is sought in the turn, not in the whole history", () => {
  withTurns();
  expect(Watched.last.plan("agentMessage")[0]).toMatch(/\(session=\? AND seq>\? AND seq<\?\)$/);
});
