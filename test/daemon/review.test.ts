/**
 * A review is a turn in a turn, and codex tells only the outer one's end: both are over then,
 * also for a daemon that only reads of it.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterAll(() => home.close());

test("after a review the session is idle, for whoever watches and for the next daemon", async () => {
  const { name } = await createSession(home, connection);
  await say(connection, name, "say before");
  const watcher = await watch(home, name);
  const { head } = await connection.call("session/history", { name });
  const params = { target: { type: "custom", instructions: "the names" } };
  await connection.call("session/call", { name, method: "review/start", params });
  await watcher.until("the review's end", ({ seq, method }) => {
    return method === "turn/completed" && (seq ?? 0) > head;
  });
  await eventually(async () => (await home.show(name)).state === "idle", {
    what: "the session is idle after the review",
  });
  expect((await home.show(name)).turn).toBeNull();
  expect(watcher.transcript().turn).toBeNull();
  watcher.stop();

  await home.killDaemon();
  connection = await home.connect();
  expect((await say(connection, name, "say after")).turnStatus).toBe("completed");
  const { records } = await connection.call("session/history", { name, limit: 1000 });
  const ends = records.filter(({ method }) => method === "turn/completed");
  expect(ends.map(({ params }) => (params.turn as JsonObject).status)).toEqual(
    Array(3).fill("completed"),
  );
});
