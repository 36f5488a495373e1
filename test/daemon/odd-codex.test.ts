/**
 * Whatever an agent says ends neither the daemon nor another session, and keeps nobody from reading
 * the session's history: a real daemon with an agent that says anything.
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/codex.ts";
import { connectCodex } from "../support/codex-client.ts";
import { eventually } from "../support/eventually.ts";
import { frameOf, oddly } from "../support/odd.ts";
import fc from "../support/property.ts";
import { createScreens } from "../support/screens.ts";
import { createSession, finished, say } from "../support/sessions.ts";

const { home, run } = await createScreens();

/** Frames that are not even nearly right. */
const wild = [
  "garbage",
  "[]",
  "null",
  '{"method":"item/started","params":{"threadId":"thread","turnId":"x"}}',
  '{"method":"turn/completed","params":{}}',
  '{"method":"warning","params":{"message":"x"},"emittedAtMs":99999999999999999}',
  '{"method":"later/method","params":["kept",1]}',
  '{"id":77,"method":"constructor","params":["a"]}',
  '{"id":{},"method":"item/fileChange/requestApproval","params":{}}',
  '{"id":[],"result":1}',
  '{"method":"session/ended","params":{"by":{"kind":"cli"}}}',
  ...Array.from({ length: 40 }, (_, id) => `{"id":${id},"error":{"message":{"toString":1}}}`),
];

function standIn(): string {
  const path = join(home.dir, "stand-in");
  const program = join(root, "test/support/stand-in-codex.ts");
  writeFileSync(path, `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

test("whatever an agent says, the daemon lives, others go on, and all of it can be read", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "other" });
  await createSession(home, connection, { name: "odd", spec: { codex: standIn() } });
  const pid = home.daemonPid();
  const { codexSocket } = await home.show("odd");
  const client = await connectCodex(codexSocket!);
  const frames = join(home.dir, "frames");
  const said = fc.sample(oddly, { numRuns: 300, seed: 1 }).map(frameOf);
  writeFileSync(frames, [...wild, ...said].join("\n"));
  const { messageId } = await connection.call("session/send", {
    name: "odd",
    content: { text: frames },
  });
  expect(await finished(connection, "odd", messageId)).toMatchObject({ text: "the very end" });
  // The client's own connection has said the same.
  await client.told("turn/completed");
  expect((await say(connection, "other", "say well")).text).toBe("well");
  expect(home.daemonPid()).toBe(pid);

  const records = await home.ok(["tail", "odd", "--json"]);
  expect(records).toContain('"params":["kept",1]');
  expect(records).toContain('"method":"codex/session/ended"');
  expect(await home.ok(["tail", "odd"])).toContain("the very end");
  expect(await home.ok(["export", "odd"])).toContain("the very end");
  expect(await home.ok(["export", "odd", "--format", "html"])).toContain("the very end");
  expect(await home.ok(["approvals", "odd"])).toContain("answers:");
  await home.ok(["show", "odd"]);
  await home.ok(["ls"]);
  await run(["attach", "odd"], { cols: 100, rows: 40 }).waitFor("[odd]");
  await run(["top"], { cols: 100, rows: 40 }).waitFor(/odd/);
  const found = async () => (await home.cli(["search", "very"])).stdout.includes("odd");
  await eventually(found, { what: "what was said is found" });
  expect(home.daemonPid()).toBe(pid);
  // Said once, however often it came.
  const log = readFileSync(join(home.dir, "state/default/daemon.log"), "utf8");
  expect(log.split("it is not JSON")).toHaveLength(3);
  await home.ok(["restart", "--force", "odd"]);
  client.close();
});
