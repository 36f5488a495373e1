/** A canary sings wherever a session can be made to say it, and is heard nowhere in our files. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { eventually } from "../support/eventually.ts";
import { historyOf } from "../support/history.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, finished, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

/** Each a token of its own, put together here so that this file holds none. */
const secretOf = (place: number) =>
  `aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0${String(place).padStart(6, "0")}`;
const canary = (place: number) => `gh${"p_"}${secretOf(place)}`;
const mark = "[redacted: GitHub token]";

let home: Home;
afterEach(() => home.close());

/** All files of ours; what codex keeps, and what the agent is run with, is not among them. */
function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
const ours = () =>
  ["state", "config", "run", "cache"].flatMap((name) => {
    try {
      return filesOf(join(home.dir, name));
    } catch {
      return [];
    }
  });
const filesWith = (text: string) => ours().filter((file) => readFileSync(file).includes(text));

async function setUp(options: Parameters<typeof createHome>[0] = {}): Promise<Connection> {
  home = await createHome(options);
  return home.connect();
}

test("a canary is in no file of ours and in nothing a client is told", async () => {
  const connection = await setUp();
  await createSession(home, connection, { name: "bot", env: { TOKEN: canary(0) } });
  const watcher = await watch(home, "bot");

  // In a message, in a command and its output, in an answer that comes in pieces, in an error.
  await say(connection, "bot", `say ${canary(1)} is what I was told`);
  await say(connection, "bot", `run echo ${canary(2)}; echo $TOKEN`);
  home.model.on(/pieces/, () =>
    (async function* () {
      for (const letter of `it is ${canary(3)}, keep it`) yield { text: letter };
    })(),
  );
  await say(connection, "bot", "pieces please");
  const failed = await say(connection, "bot", `fail with ${canary(4)}`);
  await watcher.message(failed.messageId, "finished");
  const deltas = watcher.events.filter(({ method }) => method === "item/agentMessage/delta");
  expect(deltas.map(({ params }) => params.delta).join("")).toContain(`it is ghp_${mark}, keep it`);
  await connection.call("session/compose", { name: "bot", text: `use ${canary(5)}` });
  const error = await errorOf(
    connection.call("session/answer", {
      name: "bot",
      id: canary(6),
      answer: { decision: "accept" },
    }),
  );
  expect(error.message).toContain(mark);
  const refused = await errorOf(connection.call("session/show", { name: canary(7) }));
  expect(refused.message).toContain(mark);
  const thread = await connection.call("session/call", {
    name: "bot",
    method: "thread/items/list",
    params: { limit: 100 },
  });

  // codex itself had all of it, unredacted.
  expect(home.model.texts().join("\n")).toContain(canary(1));
  const told = [
    watcher.events,
    await historyOf(home, "bot"),
    await home.show("bot"),
    thread,
    await connection.call("session/attach", { name: "bot" }),
    await connection.call("daemon/sent", {}),
  ].map((value) => JSON.stringify(value));
  for (let place = 0; place <= 7; place++) {
    const secret = secretOf(place);
    expect(told.filter((text) => text.includes(secret))).toEqual([]);
    const kept = filesWith(secret);
    // What the agent is run with has to be kept; it is the owner's alone.
    expect(kept).toEqual(place === 0 ? [expect.stringMatching(/env\.json$/)] : []);
    for (const file of kept) expect(statSync(file).mode & 0o077).toBe(0);
  }
  expect(told[0]).toContain(mark);
  watcher.stop();
});

test("a message that waits is shown redacted, given to codex whole, and kept whole no longer", async () => {
  const connection = await setUp();
  await createSession(home, connection, { name: "bot" });
  await connection.call("session/send", { name: "bot", content: { text: "gated door" } });
  await home.model.reached("door");
  const { messageId } = await connection.call("session/send", {
    name: "bot",
    content: { text: `say ${canary(1)}` },
    id: "with-secret",
  });
  const { messages } = await connection.call("session/attach", { name: "bot" });
  expect(messages.at(-1)?.content.text).toBe(`say ghp_${mark}`);
  expect((await connection.call("daemon/sent", {})).texts.join()).not.toContain(secretOf(1));

  // The same message again is the same, while it waits and when codex has it.
  const again = () =>
    connection.call("session/send", {
      name: "bot",
      content: { text: `say ${canary(1)}` },
      id: "with-secret",
    });
  expect((await again()).status).toBe("accepted");
  expect(filesWith(secretOf(1)).length).toBeGreaterThan(0);

  // It outlives the daemon as it was sent.
  await home.killDaemon();
  const next = await home.connect();
  home.model.release("door");
  const receipt = await finished(next, "bot", messageId);
  expect(receipt.text).toBe(`ghp_${mark}`);
  expect(home.model.texts().filter((text) => text.includes(canary(1)))).toHaveLength(1);
  expect(filesWith(secretOf(1))).toEqual([]);
  const repeated = await next.call("session/send", {
    name: "bot",
    content: { text: `say ${canary(1)}` },
    id: "with-secret",
  });
  expect(repeated.status).toBe("finished");
});

test("a message that is taken back leaves nothing behind", async () => {
  const connection = await setUp();
  await createSession(home, connection, { name: "bot" });
  await connection.call("session/send", { name: "bot", content: { text: "gated door" } });
  await home.model.reached("door");
  const { messageId } = await connection.call("session/send", {
    name: "bot",
    content: { text: canary(1) },
  });
  const { content } = await connection.call("session/withdraw", { name: "bot", id: messageId });
  expect(content.text).toBe(`ghp_${mark}`);
  expect(filesWith(secretOf(1))).toEqual([]);
  home.model.release("door");
});

test("a draft shows what is around a secret, with offsets that fit", async () => {
  const connection = await setUp();
  await createSession(home, connection, { name: "bot" });
  const watcher = await watch(home, "bot");
  const text = `one ${canary(1)} two`;
  home.model.on(/halves/, () =>
    (async function* () {
      yield { text: text.slice(0, 20) };
      yield { text: text.slice(20, 35) };
      yield { text: text.slice(35) };
    })(),
  );
  const { messageId } = await say(connection, "bot", "halves");
  await watcher.message(messageId, "finished");
  let shown = "";
  for (const { method, params, offset } of watcher.events) {
    if (method !== "item/agentMessage/delta") continue;
    expect(offset).toBe(shown.length);
    shown += params.delta;
  }
  expect(shown).toBe(`one ghp_${mark} two`);
  watcher.stop();
});

test("what is approved is shown without its secrets, and runs with them", async () => {
  const connection = await setUp();
  await createSession(home, connection, { name: "bot", spec: { approval: "on-request" } });
  const { messageId } = await connection.call("session/send", {
    name: "bot",
    content: { text: `ask echo ${canary(1)} > told.txt` },
  });
  const approval = await eventually(
    async () => (await connection.call("session/approvals", { name: "bot" })).approvals[0],
    { what: "an approval waits" },
  );
  expect(JSON.stringify(approval)).not.toContain(secretOf(1));
  expect(approval.command).toContain(mark);
  await connection.call("session/answer", { name: "bot", answer: { decision: "accept" } });
  await finished(connection, "bot", messageId);
  expect(readFileSync(join(home.work, "told.txt"), "utf8")).toBe(`${canary(1)}\n`);
  expect(filesWith(secretOf(1))).toEqual([]);
});

test("a command that is not decided on is shown to its end", async () => {
  const connection = await setUp();
  await createSession(home, connection, { name: "bot", spec: { approval: "on-request" } });
  const watcher = await watch(home, "bot");
  await connection.call("session/send", {
    name: "bot",
    content: { text: "ask curl http://localhost:3000" },
  });
  const asked = await watcher.until("an approval", ({ method }) => method === "session/approval");
  const { command } = asked.params.approval as { command: string };
  expect(command).toContain("curl http://localhost:3000");
  const begun = watcher.events.find(
    ({ method, params }) =>
      method === "item/started" && (params.item as { type: string }).type === "commandExecution",
  );
  expect(JSON.stringify(begun?.params.item)).toContain("curl http://localhost:3000");
  watcher.stop();
});

test("a user's own patterns come from the config; a wrong one is said", async () => {
  const connection = await setUp({ config: { redact: { "ACME key": "acme-([0-9]+)" } } });
  await createSession(home, connection, { name: "bot" });
  expect((await say(connection, "bot", "say acme-4711")).text).toBe("acme-[redacted: ACME key]");
  await home.killDaemon();
  home.configure({ redact: { mine: "(?=x)" } });
  const outcome = await home.cli(["ls"]);
  expect(outcome.code).not.toBe(0);
  expect(outcome.stderr).toContain('redact pattern "mine"');
});

test("what codex itself writes to its log is overwritten in place", async () => {
  const connection = await setUp();
  const { id } = await createSession(home, connection, { name: "bot" });
  const log = join(home.dir, "state/default/sessions", id, "agent.log");
  writeFileSync(log, `before ${canary(1)} after\n`, { flag: "a" });
  await eventually(() => !readFileSync(log, "utf8").includes(secretOf(1)), {
    what: "the secret is gone from the agent's log",
  });
  expect(readFileSync(log, "utf8")).toMatch(/before ghp_\[redacted: GitHub token\]\*+ after\n$/);
});
