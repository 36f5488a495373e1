/** A link that breaks, and what is promised all the same. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SessionEvent } from "../../../src/protocol/records.ts";
import { CuttingProxy } from "../../support/cutting-proxy.ts";
import { eventually } from "../../support/eventually.ts";
import { clientIdsIn, historyOf } from "../../support/history.ts";
import { createHome, type Home } from "../../support/home.ts";
import { createModel, type TestModel } from "../../support/model.ts";
import { errorOf } from "../../support/sessions.ts";
import { type Watcher, watch } from "../../support/watcher.ts";

let model: TestModel;
let near: Home;
let far: Home;
let proxy: CuttingProxy;
beforeAll(async () => {
  model = await createModel();
  near = await createHome({ model, config: { name: "near" } });
  far = await createHome({ model, config: { name: "far" } });
  await far.ok(["new", "bot", "-d"]);
  await near.ok(["daemon", "start"]);
});
afterAll(async () => {
  await near.close();
  await far.close();
  await model.close();
});
beforeEach(async () => {
  proxy = new CuttingProxy(far.socket);
  await proxy.open();
  await near.ok(["peer", "add", "b", proxy.url]);
});
afterEach(async () => {
  await near.ok(["peer", "rm", "b"]);
  await proxy.close();
});

const connected = () =>
  eventually(async () => (await near.cliJson(["peer", "ls"]))[0].state === "connected", {
    what: "the peer is connected",
  });

/** A small generator, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe("while the link is down", () => {
  test("sessions are shown as they were last seen, unreachable since when", async () => {
    await proxy.shut();
    const [session] = await near.cliJson(["ls"]);
    expect(session).toMatchObject({ name: "b/bot", state: "unreachable", cwd: far.work });
    expect(Date.parse(session.unreachableSince)).not.toBeNaN();
    expect(await near.ok(["ls"])).toMatch(/b\/bot\s+unreachable since/);
    const [peer] = await near.cliJson(["peer", "ls"]);
    expect(peer).toMatchObject({ name: "b", state: "unreachable", sessions: 1 });
    await proxy.open();
    await connected();
    expect(await near.cliJson(["ls"])).toMatchObject([{ name: "b/bot", state: "idle" }]);
  });

  test("they are so after the daemon was started anew, too", async () => {
    await proxy.shut();
    await near.killDaemon();
    expect(await near.cliJson(["ls"])).toMatchObject([{ name: "b/bot", state: "unreachable" }]);
    await proxy.open();
    await connected();
  });

  test("calls fail with 6, and say that the peer is away", async () => {
    await proxy.shut();
    for (const args of [
      ["send", "b/bot", "say no"],
      ["show", "b/bot"],
      ["tail", "b/bot"],
    ]) {
      const outcome = await near.cli(args);
      expect(outcome).toMatchObject({ code: 6, stderr: expect.stringContaining('peer "b"') });
    }
    const connection = await near.connect();
    const error = await errorOf(connection.call("session/attach", { name: "b/bot" }));
    expect(error.code).toBe("peer-unreachable");
    await proxy.open();
  });

  test("who is attached is told, and goes on from its cursor", async () => {
    const watcher = await watch(near, "b/bot");
    await watcher.until("live", ({ method }) => method === "session/live");
    await proxy.shut();
    await watcher.until(
      "word of it",
      ({ method, params }) =>
        method === "session/state" && (params.session as { state: string }).state === "unreachable",
    );
    await far.ok(["send", "bot", "say meanwhile", "--wait"]);
    await proxy.open();
    await watcher.until("the answer", ({ params }) => JSON.stringify(params).includes("meanwhile"));
    await near.ok(["send", "b/bot", "say afterwards", "--wait"]);
    await watcher.until("the next", ({ params }) => JSON.stringify(params).includes("afterwards"));
    expect(watcher.records().map(({ seq }) => seq)).toEqual(
      watcher.records().map((_, place) => place + 1),
    );
    watcher.stop();
  });

  test("--store keeps messages, and delivers each once and in order", async () => {
    await proxy.shut();
    const ids = ["s1", "s2", "s3", "s2"];
    for (const id of ids) {
      const args = ["send", "b/bot", "--store", "--id", id, `say ${id}`];
      expect(await near.cliJson(args)).toMatchObject({ status: "stored", messageId: id });
    }
    const other = await near.cli(["send", "b/bot", "--store", "--id", "s1", "say other"]);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("used before") });
    await near.ok(["send", "b/none", "--store", "--id", "lost", "say lost"]);
    expect(await near.cliJson(["peer", "ls"])).toMatchObject([{ stored: 4 }]);
    // The daemon that keeps them may die meanwhile.
    await near.killDaemon();
    await near.ok(["daemon", "start"]);
    await proxy.open();
    await eventually(async () => (await near.cliJson(["peer", "ls"]))[0].stored === 0, {
      what: "nothing is stored any more",
    });
    await far.ok(["wait", "bot"]);
    const records = await historyOf(far, "bot");
    expect(clientIdsIn(records).filter((id) => /^s\d$/.test(id))).toEqual(["s1", "s2", "s3"]);
    expect(await near.cliJson(["peer", "ls"])).toMatchObject([
      {
        refused: [{ id: "lost", session: "b/none", error: expect.stringContaining("no session") }],
      },
    ]);
  });

  test("a peer that falls silent is noticed, though nothing was closed", async () => {
    const watcher = await watch(near, "b/bot");
    proxy.silence();
    await watcher.until(
      "word of it",
      ({ method, params }) =>
        method === "session/state" && (params.session as { state: string }).state === "unreachable",
    );
    proxy.cut();
    proxy.speak();
    await watcher.until(
      "its return",
      ({ method, params }) =>
        method === "session/state" && (params.session as { state: string }).state !== "unreachable",
    );
    watcher.stop();
  });

  test("a list does not wait for a peer that does not answer", async () => {
    await near.ok(["ls"]);
    proxy.silence();
    // What it had stands in for what it has: the link is still thought to be there.
    expect(await near.cliJson(["ls"])).toMatchObject([{ name: "b/bot", state: "idle" }]);
    proxy.cut();
    proxy.speak();
    await connected();
  });
});

describe("a session whose oldest records were dropped", () => {
  /** Until the record that stands for the dropped ones is past `cursor`. */
  const dropped = async (cursor: number): Promise<void> => {
    await far.ok(["send", "brief", "say more", "--wait"]);
    await far.ok(["send", "brief", "say enough", "--wait"]);
    await far.ok(["update", "brief", "--keep-size", "1K"]);
    const mark = async () => (await historyOf(far, "brief"))[0]!.seq;
    await eventually(async () => (await mark()) > cursor + 1, { what: "records are dropped" });
  };
  const headSeen = async (watcher: Watcher) => {
    const { seq } = await far.show("brief");
    await watcher.until("the head", (event) => event.seq === seq);
  };
  const expectOneJump = (records: SessionEvent[]) => {
    expect(records[0]?.method).toBe("session/trimmed");
    const first = records[0]!.seq!;
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, place) => first + place));
  };

  test("is attached to and followed, over a link that breaks as well", async () => {
    await far.ok(["new", "brief", "-d"]);
    await dropped(0);
    for (const from of [{ after: 0 }, { last: 500 }]) {
      const watcher = await watch(near, "b/brief", from);
      await headSeen(watcher);
      expectOneJump(watcher.records());
      watcher.stop();
    }

    const watcher = await watch(near, "b/brief");
    await headSeen(watcher);
    const cursor = watcher.records().at(-1)!.seq!;
    await proxy.shut();
    await dropped(cursor);
    await proxy.open();
    await headSeen(watcher);
    expectOneJump(watcher.records().filter(({ seq }) => seq! > cursor));
    watcher.stop();
    await far.ok(["kill", "brief"]);
    await far.ok(["rm", "brief"]);
  });
});

describe("a session that a power cut took records of", () => {
  test("is followed over the hole, from a cursor in it as well", async () => {
    await far.ok(["new", "struck", "-d"]);
    await far.ok(["send", "struck", "say more", "--wait"]);
    const { seq: told } = await far.show("struck");
    await far.killDaemon();
    // As the disk is left: some of what was told is not there, in a file that was written before.
    const db = new DatabaseSync(join(far.dir, "state/default/history.db"));
    db.exec(`UPDATE identity SET boot = 'another';
      UPDATE sessions SET reserved = 0 WHERE name <> 'struck';
      DELETE FROM records WHERE session = (SELECT id FROM sessions WHERE name = 'struck') AND seq = ${told};
      UPDATE sessions SET seq = ${told - 1} WHERE name = 'struck'`);
    db.close();
    await far.ok(["send", "struck", "say again", "--wait"]);
    await connected();
    const { seq: head } = await far.show("struck");
    expect(head).toBeGreaterThan(told + 500);
    for (const [from, first] of [
      [{ after: 0 }, 1],
      [{ last: 500 }, 1],
      [{ after: told }, told + 1],
    ] as const) {
      const watcher = await watch(near, "b/struck", from);
      await watcher.until("the head", (event) => event.seq === head);
      const records = watcher.records();
      const lost = records.findIndex(({ method }) => method === "session/lost");
      expect(records[lost]?.params).toMatchObject({ after: told - 1 });
      const seqs = records.map(({ seq }) => seq!);
      expect(seqs.slice(0, lost)).toEqual(seqs.slice(0, lost).map((_, i) => first + i));
      expect(lost).toBe(Math.max(0, told - first));
      expect(seqs.slice(lost)).toEqual(seqs.slice(lost).map((_, i) => seqs[lost]! + i));
      watcher.stop();
    }
    expect(await far.ok(["tail", "struck"])).toContain("may be lost: the machine went down");
    await far.ok(["kill", "struck"]);
    await far.ok(["rm", "struck"]);
  });
});

describe("a link that is cut again and again", () => {
  test("at 100 random moments loses nothing and repeats nothing", async () => {
    const seed = 20_261;
    const next = random(seed);
    const watcher = await watch(near, "b/bot", { deltas: true });
    const head = (await far.show("bot")).seq;
    await watcher.until("the head", ({ seq }) => seq === head);
    const before = proxy.connections;
    // From a few bytes, in the middle of the hello, to well into a stream.
    for (let i = 0; i < 100; i++) proxy.cuts.push(50 + Math.floor(next() ** 2 * 60_000));
    proxy.cut();
    const connection = await near.connect();
    const ids: string[] = [];
    // Who asks has the link tried at once, however long its next attempt would be off.
    const asks = setInterval(() => {
      connection.call("session/show", { name: "b/bot" }).catch(() => {});
    }, 25);
    const texts = new Map<string, string>();
    for (let i = 0; proxy.cuts.length > 0; i++) {
      const id = `cut-${i}`;
      ids.push(id);
      const words = 20 + Math.floor(next() * 150);
      texts.set(id, `words ${words}`);
      await connection.call("session/send", {
        name: "b/bot",
        id,
        content: { text: `words ${words}` },
        store: true,
      });
      // A stream is under way at most of the cuts.
      await watcher.message(id, "finished");
    }
    clearInterval(asks);
    expect(proxy.connections - before).toBeGreaterThanOrEqual(100);
    await connection.call("session/send", {
      name: "b/bot",
      id: "last",
      content: { text: "say the end" },
      store: true,
    });
    await watcher.message("last", "finished");
    const records = await historyOf(far, "bot");
    const seen = watcher.records();
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, place) => place + 1));
    expect(seen.map(({ method, params }) => ({ method, params }))).toEqual(
      records.slice(0, seen.length).map(({ method, params }) => ({ method, params })),
    );
    const sent = clientIdsIn(records).filter((id) => id.startsWith("cut-"));
    expect(sent).toEqual(ids);
    // What was drawn from drafts and deltas along the way is what was said.
    const drawn = JSON.stringify(watcher.transcript().entries);
    expect(drawn).toContain("the end");
    watcher.stop();
  }, 180_000);
});
