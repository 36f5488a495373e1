/** codex's own protocol on the port: which session, with which token, and codex's TUI itself. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { codexBinary } from "../../support/codex.ts";
import { type CodexClient, connectCodex, textInput } from "../../support/codex-client.ts";
import { createHome, type Home } from "../../support/home.ts";
import { listenOn, makeToken } from "../../support/port.ts";
import { createSession, say } from "../../support/sessions.ts";
import { openTerminal, type TestTerminal } from "../../support/terminal.ts";
import { watch } from "../../support/watcher.ts";

let home: Home;
let url: string;
let connection: Connection;
let threadId: string;
let terminal: TestTerminal | undefined;
const clients: CodexClient[] = [];
beforeEach(async () => {
  home = await createHome();
  url = (await listenOn(home)).replace(/^http/, "ws");
  connection = await home.connect();
  threadId = (await createSession(home, connection, { name: "bot" })).threadId!;
});
afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
  for (const client of clients.splice(0)) client.close();
  await home.close();
});

/** Rejects with what the daemon answers when it is not let in. */
async function come(path: string, token: string, headers: object = {}): Promise<CodexClient> {
  const authorization = { authorization: `Bearer ${token}` };
  const client = await connectCodex(`${url}${path}`, { headers: { ...authorization, ...headers } });
  clients.push(client);
  return client;
}
const threadOf = async (client: CodexClient) =>
  (await client.call("thread/start", {})).result.thread.id;

test("a session is named by query, by path, or by a token for it alone", async () => {
  await createSession(home, connection, { name: "other" });
  const { token: all } = await makeToken(home);
  const { token: one } = await makeToken(home, { sessions: "bot" });
  for (const path of ["/ws?session=bot", "/?session=bot", "/v1/sessions/bot/codex"])
    expect(await threadOf(await come(path, all)), path).toBe(threadId);
  for (const path of ["/", "/rpc", "/ws", "/ws?session=bot", "/v1/sessions/bot/codex"])
    expect(await threadOf(await come(path, one)), path).toBe(threadId);

  for (const path of ["/", "/ws"]) await expect(come(path, all), path).rejects.toThrow("422");
  for (const path of ["/ws?session=other", "/v1/sessions/other/codex", "/ws?session=none"])
    await expect(come(path, one), path).rejects.toThrow("404");
  await expect(come("/v1/sessions/%ff/codex", all)).rejects.toThrow("404");
  await expect(come("/v1/sessions/bot/codex/more", all)).rejects.toThrow("404");
  await expect(come("/ws?session=bot", "hs_wrong")).rejects.toThrow("401");
  await expect(come("/ws?session=bot", all, { origin: "http://evil" })).rejects.toThrow("403");
  await expect(come("/ws?session=bot", all, { host: "evil" })).rejects.toThrow(/4\d\d/);
  await connection.call("session/kill", { name: "other" });
  await expect(come("/ws?session=other", all)).rejects.toThrow(/4\d\d/);
});

test("what it may do is what its token says, and ends with it", async () => {
  const grant = { scope: "prompt", sessions: "bot", label: "phone" } as const;
  const { token, id } = await makeToken(home, grant);
  const client = await come("/", token);
  await threadOf(client);
  await client.call("turn/start", { threadId, input: textInput("say from my phone") });
  await client.told("turn/completed");
  const { error } = await client.call("thread/shellCommand", { threadId, command: "id" });
  expect(error.message).toContain("needs the scope admin; this client has prompt");
  const watcher = await watch(home, "bot");
  const called = await watcher.until("the record", ({ method }) => method === "session/called");
  expect(called.params.by).toEqual({
    kind: "codex",
    user: "phone",
    from: `test-client 1.2, 127.0.0.1, token ${id}`,
  });
  watcher.stop();
  const revoked = await connection.call("token/revoke", { id });
  expect(revoked.cut).toBe(1);
  expect((await client.closed).code).toBe(4401);
});

test("codex's TUI attaches with an address and a token, and nothing else", async () => {
  await say(connection, "bot", "say from before");
  const { token } = await makeToken(home, { scope: "approve", sessions: "bot", label: "phone" });
  terminal = openTerminal({
    command: codexBinary,
    args: ["--remote", `${url}`, "--remote-auth-token-env", "TOKEN"],
    cols: 100,
    rows: 40,
    env: { ...home.env, TOKEN: token },
    cwd: home.work,
  });
  await terminal.waitFor("from before");
  await terminal.waitFor(/Ask Codex to do anything/);
  terminal.type("ask echo hi");
  await terminal.waitFor("ask echo hi");
  terminal.press("enter");
  await terminal.waitFor(/Would you like to run the following command/);
  terminal.type("y");
  await terminal.waitFor((lines) => lines.some((line) => /Ran echo hi/.test(line)));
  const watcher = await watch(home, "bot");
  const answered = await watcher.until("the answer", ({ params }) => params.status === "answered");
  expect(answered.params).toMatchObject({ decision: "accept", by: { user: "phone" } });
  watcher.stop();
});
