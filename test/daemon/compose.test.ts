/** What is being written: kept by the daemon, told to the others, gone when it is sent. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { limits } from "../../src/protocol/methods.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeEach(async () => {
  home = await createHome();
  connection = await home.connect("tui");
  await createSession(home, connection, { name: "bot" });
});
afterEach(() => home.close());

const compose = (text: string) => connection.call("session/compose", { name: "bot", text });
const composed = async (by: Connection) =>
  (await by.call("session/attach", { name: "bot", visible: false })).composed;

test("the newest text counts, each with a revision, and the others are told", async () => {
  const watcher = await watch(home, "bot");
  expect(await composed(connection)).toEqual({ text: "", revision: 0 });
  expect(await compose("he")).toEqual({ revision: 1 });
  expect(await compose("hello")).toEqual({ revision: 2 });
  expect(await compose("hello")).toEqual({ revision: 2 });
  const told = await watcher.until("the text", ({ params }) => params.text === "hello");
  expect(told).toMatchObject({
    method: "session/composed",
    params: { revision: 2, by: { kind: "tui" } },
  });
  expect(told.seq).toBeUndefined();
  watcher.stop();
});

test("it outlives the daemon, and sending it clears it", async () => {
  await compose("say later\n");
  await home.killDaemon();
  connection = await home.connect("tui");
  expect(await composed(connection)).toEqual({ text: "say later\n", revision: 1 });
  await say(connection, "bot", "say other");
  expect((await composed(connection)).text).toBe("say later\n");
  await say(connection, "bot", "say later");
  expect(await composed(connection)).toEqual({ text: "", revision: 2 });
});

test("it is bounded, and one who only reads writes nothing", async () => {
  const error = await errorOf(compose("x".repeat(limits.messageBytesMax + 1)));
  expect(error.code).toBe("message-too-large");
  await connection.call("session/attach", { name: "bot", readOnly: true });
  expect((await errorOf(compose("x"))).code).toBe("not-allowed");
});

test("a composer's history has what people wrote, in every session, and no script's", async () => {
  await createSession(home, connection, { name: "other" });
  for (const text of ["say one", "say two", "say one"]) await say(connection, "bot", text);
  await say(connection, "other", "say three");
  await home.ok(["send", "bot", "say script", "--wait"]);
  await say(connection, "bot", `say ${"x".repeat(20_000)}`);
  expect((await connection.call("daemon/sent", {})).texts).toEqual([
    "say three",
    "say one",
    "say two",
  ]);
  expect((await connection.call("daemon/sent", { limit: 1 })).texts).toEqual(["say three"]);
});
