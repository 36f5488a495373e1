/** A client that sends too much is told when to go on, by whatever way it came. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { connectCodex, textInput } from "../support/codex-client.ts";
import { createHome, type Home } from "../support/home.ts";
import { ask, listenOn, makeToken } from "../support/port.ts";
import { createSession, errorOf, finished } from "../support/sessions.ts";

let home: Home;
let url: string;
let connection: Connection;
beforeAll(async () => {
  home = await createHome({ config: { maxMessagesPerMinute: 3 } });
  url = await listenOn(home);
  connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
});
afterAll(() => home.close());

test("over the socket: refused with when to go on, other clients are not, a repetition is free", async () => {
  const send = (id: string) =>
    connection.call("session/send", { name: "bot", id, content: { text: `say ${id}` } });
  for (const id of ["m1", "m2", "m3"]) await send(id);
  const error = await errorOf(send("m4"));
  expect(error.code).toBe("rate-limited");
  expect(error.details.retryAfterMs).toBeGreaterThan(0);
  expect(error.details.retryAfterMs).toBeLessThanOrEqual(20_000);
  expect((await send("m2")).messageId).toBe("m2");
  // Nor does a new session with a first message, and none is made.
  const created = createSession(home, connection, { name: "more", prompt: { text: "say hi" } });
  expect((await errorOf(created)).code).toBe("rate-limited");
  expect((await connection.call("session/list", {})).sessions).toHaveLength(1);
  const other = await home.connect("tui");
  await other.call("session/send", { name: "bot", id: "m5", content: { text: "say m5" } });
  for (const id of ["m1", "m2", "m3", "m5"])
    expect((await finished(connection, "bot", id)).turnStatus).toBe("completed");
  expect((await errorOf(connection.call("session/receipt", { name: "bot", id: "m4" }))).code).toBe(
    "invalid-id",
  );
});

test("over HTTP: 429 with Retry-After, by token", async () => {
  const [one, two] = [await makeToken(home), await makeToken(home)];
  const send = (token: string, id: string) =>
    ask(url, "/v1/sessions/bot/messages", { token, method: "POST", body: { text: "say x", id } });
  for (const id of ["h1", "h2", "h3"]) expect((await send(one.token, id)).status).toBe(202);
  const refused = await send(one.token, "h4");
  expect(refused.status).toBe(429);
  expect(refused.json).toMatchObject({ code: "rate-limited", retryAfterMs: expect.any(Number) });
  const after = Number(refused.headers["retry-after"]);
  expect(after).toBe(Math.ceil(refused.json.retryAfterMs / 1_000));
  expect((await send(two.token, "h5")).status).toBe(202);
});

test("over codex's own protocol: as codex says that it has too much to do", async () => {
  const { session } = await connection.call("session/show", { name: "bot" });
  const { token } = await makeToken(home);
  const at = `${url.replace(/^http/, "ws")}/ws?session=bot`;
  const client = await connectCodex(at, { headers: { authorization: `Bearer ${token}` } });
  await client.call("thread/resume", { threadId: session.threadId });
  const say = (text: string) =>
    client.call("turn/start", { threadId: session.threadId, input: textInput(text) });
  for (const text of ["say c1", "say c2", "say c3"])
    expect((await say(text)).error).toBeUndefined();
  const { error } = await say("say c4");
  expect(error).toMatchObject({ code: -32001, message: expect.stringContaining("a minute") });
  client.close();
});
