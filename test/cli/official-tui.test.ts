/** The official codex TUI, in a terminal, on a session that others watch and answer. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { codexBinary } from "../support/codex.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, finished, say } from "../support/sessions.ts";
import { openTerminal, type TestTerminal } from "../support/terminal.ts";
import { type Watcher, watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
let watcher: Watcher;
const terminals: TestTerminal[] = [];
beforeEach(async () => {
  home = await createHome();
  connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
  watcher = await watch(home, "bot", { visible: false });
});
afterEach(async () => {
  watcher.stop();
  for (const terminal of terminals.splice(0)) await terminal.close();
  await home.close();
});

const size = { cols: 100, rows: 40 };
function open(terminal: TestTerminal): TestTerminal {
  terminals.push(terminal);
  return terminal;
}
const attachCodex = () => open(home.terminal(["attach", "bot", "--codex"], size));
/** As one starts it oneself, with nothing but the socket. */
async function codexRemote(...args: string[]): Promise<TestTerminal> {
  const { codexSocket } = await home.show("bot");
  const command = { command: codexBinary, args: ["--remote", `unix://${codexSocket}`, ...args] };
  return open(openTerminal({ ...command, ...size, env: home.env, cwd: home.work }));
}
const question = /Would you like to run the following command/;
const ready = /Ask Codex to do anything/;
async function write(terminal: TestTerminal, text: string): Promise<void> {
  terminal.type(text);
  await terminal.waitFor(text);
  terminal.press("enter");
}
const answered = async () =>
  (await watcher.until("the answer", ({ params }) => params.status === "answered")).params;

test("its approval is answered in our TUI, which both see", async () => {
  await say(connection, "bot", "say hello");
  const theirs = attachCodex();
  await theirs.waitFor(ready);
  const ours = open(home.terminal(["attach", "bot"], size));
  await ours.waitFor("hello");
  await write(theirs, "ask echo from the other side");
  await theirs.waitFor(question);
  await ours.waitFor("echo from the other side");
  await home.ok(["approve", "bot"]);
  await theirs.waitFor((lines) => lines.some((line) => /Ran echo from/.test(line)));
  await theirs.waitFor(ready);
  expect(await answered()).toMatchObject({ decision: "accept", by: { kind: "cli" } });
  await ours.waitFor(/allowed by .*\(cli/);
  const wrote = watcher.records().find(({ method }) => method === "session/called")!;
  expect(wrote.params).toMatchObject({
    method: "turn/start",
    by: { kind: "codex", from: expect.stringMatching(/^codex-tui \d/) },
  });
});

test("what is answered in it is in our history with its name", async () => {
  await say(connection, "bot", "say hello");
  const theirs = attachCodex();
  await theirs.waitFor(ready);
  const { messageId } = await connection.call("session/send", {
    name: "bot",
    content: { text: "ask echo hi" },
  });
  await theirs.waitFor(question);
  expect((await home.show("bot")).attached).toMatchObject([{ kind: "codex" }]);
  theirs.type("y");
  expect(await finished(connection, "bot", messageId)).toMatchObject({ turnStatus: "completed" });
  expect(await answered()).toMatchObject({
    decision: "accept",
    by: { kind: "codex", from: expect.stringMatching(/^codex-tui \d/) },
  });
  expect(await home.ok(["tail", "bot"])).toMatch(/\[accept by \S+ \(codex, codex-tui [\d.]+\)\]/);
});

test("it wakes a sleeping session, and its escape is ours", async () => {
  await say(connection, "bot", "say before");
  await connection.call("session/sleep", { name: "bot" });
  const { threadId } = await home.show("bot");
  const theirs = await codexRemote("resume", threadId!);
  await theirs.waitFor("before");
  await theirs.waitFor(ready);
  await write(theirs, "gated door");
  await theirs.waitFor("before door");
  theirs.press("escape");
  const { params } = await watcher.until(
    "the interruption",
    ({ method }) => method === "session/interrupted",
  );
  expect((params.by as JsonObject).kind).toBe("codex");
});

test("with the socket alone it comes to the session, new or old, and finds what was said", async () => {
  const first = await codexRemote();
  await first.waitFor(ready);
  await write(first, "say I am here");
  await first.waitFor((lines) => lines.some((line) => /^• I am here/.test(line)));
  expect(await home.ok(["tail", "bot", "-n", "2"])).toContain("I am here\n");
  const second = await codexRemote();
  await second.waitFor((lines) => lines.some((line) => /^• I am here/.test(line)));
  // Each title that it asks for is a thread that codex does not keep.
  expect((await home.show("bot")).threadId).toBe(watcher.transcript().session!.threadId);
});

test("it goes on by itself when the daemon was killed and is there again", async () => {
  await say(connection, "bot", "say before");
  const theirs = attachCodex();
  // While it starts it does not try again.
  await theirs.waitFor("before");
  await theirs.waitFor(/fake-model default/);
  await home.killDaemon();
  await theirs.waitFor(/Reconnecting to server/);
  await home.ok(["ls"]);
  // Until it has drawn itself again it takes letters, and no Enter.
  await theirs.waitFor((lines) => lines.some((line) => line.includes("? for shortcuts")));
  expect((await home.show("bot")).attached).toHaveLength(1);
  await write(theirs, "say after");
  await theirs.waitFor((lines) => lines.some((line) => /^• after/.test(line)));
});
