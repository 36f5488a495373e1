/** Exactly once, in order, whatever is killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { clientIdsIn, historyOf } from "../support/history.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { Random } from "../support/random.ts";
import { errorOf } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome();
  await home.ok(["new", "bot", "-d"]);
});
afterEach(() => home.close());

const senders = 10;
const messagesEach = 20;
/** A kill follows each time that this many more messages were acknowledged. */
const acknowledgedPerKill = 9;

test("200 messages of 10 processes, with daemon and agents killed all along, arrive once and in order", {
  timeout: 240_000,
}, async () => {
  const numbers = new Random(7);
  const random = () => numbers.next();
  const acknowledged: { id: string; seq: number }[] = [];
  let kills = 0;
  let killing: Promise<void> | undefined;
  const kill = async () => {
    kills++;
    const [daemon] = home.daemonPids();
    const [agent] = home.agentPids();
    const victims = [[daemon], [agent], [daemon, agent]][Math.floor(random() * 3)] ?? [];
    for (const pid of victims) if (pid !== undefined) killQuietly(pid);
  };
  const running = Array.from({ length: senders }, (_, i) => {
    const env = { ...home.env, HACS_SESSION_DIST: join(root, "dist") };
    const args = [join(root, "test/fixtures/sender.ts"), "bot", `s${i}`, String(messagesEach)];
    return spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  });
  const ends = running.map((sender) => once(sender, "close"));
  for (const sender of running) {
    createInterface({ input: sender.stdout }).on("line", (line) => {
      const [id = "", seq = ""] = line.split(" ");
      acknowledged.push({ id, seq: Number(seq) });
      if (acknowledged.length % acknowledgedPerKill !== 0 || killing !== undefined) return;
      killing = kill().finally(() => {
        killing = undefined;
      });
    });
  }
  expect(await Promise.all(ends)).toEqual(ends.map(() => [0, null]));
  await killing;
  expect(acknowledged).toHaveLength(senders * messagesEach);
  expect(kills).toBeGreaterThan(10);

  await home.ok(["wait", "bot", "--for", "idle", "--timeout", "3m"], { timeoutMs: 200_000 });
  const records = await expectWhole(home, "bot");
  const inThread = clientIdsIn(records);
  expect([...inThread].sort()).toEqual(acknowledged.map(({ id }) => id).sort());
  for (let i = 0; i < senders; i++) {
    const mine = (id: string) => id.startsWith(`s${i}-`);
    const inOrder = acknowledged.filter(({ id }) => mine(id)).sort((a, b) => a.seq - b.seq);
    expect(inThread.filter(mine)).toEqual(inOrder.map(({ id }) => id));
  }
});

test("the same id with the same text is one message, with another text a conflict", async () => {
  expect((await home.ok(["send", "bot", "--id", "m1", "say once"])).trim()).toBe("m1");
  expect((await home.ok(["send", "bot", "--id", "m1", "say once"])).trim()).toBe("m1");
  const { code, stderr } = await home.cli(["send", "bot", "--id", "m1", "say twice"]);
  expect(code).toBe(2);
  expect(stderr).toContain("used before with another text");
  await home.ok(["wait", "bot"]);
  expect(clientIdsIn(await historyOf(home, "bot"))).toEqual(["m1"]);
});

test("queued messages wait their turn; one that interrupts goes first", async () => {
  const watcher = await watch(home, "bot");
  const [a, b, c] = ["a", "b", "c"];
  await home.ok(["send", "bot", "--id", a, "gated k"]);
  await home.model.reached("k");
  await home.ok(["send", "bot", "--id", b, "say second"]);
  await home.ok(["send", "bot", "--id", c, "--interrupt", "say first"]);
  const interrupted = await watcher.message(a, "finished");
  expect(interrupted.params.turnStatus).toBe("interrupted");
  await watcher.message(b, "finished");
  expect(clientIdsIn(await expectWhole(home, "bot"))).toEqual([a, c, b]);
  watcher.stop();
});

test("a message that waits in the queue is taken back; one that codex has is not", async () => {
  const watcher = await watch(home, "bot");
  const connection = await home.connect();
  await home.ok(["send", "bot", "--id", "a", "gated k"]);
  await home.model.reached("k");
  await home.ok(["send", "bot", "--id", "b", "say not this"]);
  await home.ok(["send", "bot", "--id", "c", "say this"]);
  expect(await home.ok(["unsend", "bot", "b"])).toBe("say not this\n");
  const record = await watcher.message("b", "cancelled");
  expect(record.params.by).toMatchObject({ kind: "cli" });
  for (const id of ["a", "b"]) {
    const error = await errorOf(connection.call("session/withdraw", { name: "bot", id }));
    expect(error.code).toBe("message-sent");
  }
  expect((await errorOf(connection.call("session/withdraw", { name: "bot", id: "x" }))).code).toBe(
    "invalid-id",
  );
  home.model.release("k");
  await watcher.message("c", "finished");
  expect(clientIdsIn(await expectWhole(home, "bot"))).toEqual(["a", "c"]);
  watcher.stop();
});

test("a message that steers joins the running turn; what was being said is kept", async () => {
  const watcher = await watch(home, "bot");
  await home.ok(["send", "bot", "--id", "a", "gated k"]);
  await home.model.reached("k");
  await watcher.until("some of the answer", ({ method }) => method === "item/agentMessage/delta");
  await home.ok(["send", "bot", "--id", "b", "--steer", "say steered"]);
  const delivered = await watcher.message("b", "delivered");
  const first = await watcher.message("a", "finished");
  expect(delivered.params.turnId).toBe(first.params.turnId);
  expect((await watcher.message("b", "finished")).params.text).toBe("steered");
  const cut = watcher.records().find(({ method }) => method === "session/cut");
  expect(cut?.params.item).toMatchObject({
    type: "agentMessage",
    text: expect.stringContaining("before k"),
  });
  await expectWhole(home, "bot");
  watcher.stop();
});

test("a receipt goes from accepted to delivered with its turn to finished with the answer", async () => {
  await home.ok(["send", "bot", "--id", "m", "gated k done"]);
  await home.model.reached("k");
  const connection = await home.connect();
  const read = () => connection.call("session/receipt", { name: "bot", id: "m" });
  expect(await read()).toMatchObject({
    status: "delivered",
    turnId: expect.any(String),
    text: null,
  });
  home.model.release("k");
  await eventually(async () => (await read()).status === "finished", { what: "it is finished" });
  expect(await read()).toMatchObject({ turnStatus: "completed", usage: expect.any(Object) });
  expect((await home.show("bot")).messages[0]).toEqual(await read());
});

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The other kill was faster.
  }
}
