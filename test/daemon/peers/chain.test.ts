/** Three daemons in a row: whatever takes a session's name takes one behind two peers. */
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chain, createChain, unixUrl } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import type { Home } from "../../support/home.ts";
import { connectRaw } from "../../support/raw-client.ts";
import { errorOf } from "../../support/sessions.ts";
import { watch } from "../../support/watcher.ts";

/** Resident, in bytes. */
function memoryOf(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}

let chain: Chain;
let near: Home;
let middle: Home;
let far: Home;
beforeAll(async () => {
  chain = await createChain(3);
  [near, middle, far] = chain.homes as [Home, Home, Home];
  await far.ok(["new", "bot", "-d"]);
});
afterAll(() => chain.close());

describe("a session behind two peers", () => {
  test("is listed, with its way as its name", async () => {
    const sessions = await near.cliJson(["ls"]);
    expect(sessions).toEqual([
      expect.objectContaining({ name: "b/c/bot", peer: "b/c", state: "idle", cwd: far.work }),
    ]);
    expect(sessions[0].id).toMatch(/^b\/c\/[0-9a-f]{16}$/);
    expect(await middle.cliJson(["ls"])).toEqual([expect.objectContaining({ name: "c/bot" })]);
  });

  test("answers, and says who asked by which way", async () => {
    expect(await near.ok(["send", "b/c/bot", "say hello", "--wait", "--id", "m1"])).toBe("hello\n");
    const { records } = await (await far.connect()).call("session/history", { name: "bot" });
    const accepted = records.find(({ params }) => params.id === "m1");
    expect(accepted?.params.by).toMatchObject({ kind: "cli", via: ["host-a", "host-b"] });
  });

  test("is shown, without the socket that is another machine's", async () => {
    expect(await near.show("b/c/bot")).toMatchObject({
      name: "b/c/bot",
      codexSocket: null,
      messages: expect.arrayContaining([expect.objectContaining({ session: "b/c/bot" })]),
    });
  });

  test("is followed with tail -f, from its first record on", async () => {
    const tail = near.start(["tail", "b/c/bot", "-f", "--json"]);
    await tail.waitFor('"turn/completed"');
    await near.ok(["send", "b/c/bot", "say again", "--wait"]);
    await tail.waitFor(/again[\s\S]*"turn\/completed"/);
    tail.kill();
    const [first] = tail.stdout().split("\n");
    expect(JSON.parse(first!)).toMatchObject({ seq: 1, session: "b/c/bot" });
  });

  test("asks for approvals, and takes the answers", async () => {
    for (const [verb, decision] of [
      ["approve", "accept"],
      ["deny", "cancel"],
    ] as const) {
      const outcome = await near.cli(["send", "b/c/bot", "ask true", "--wait"]);
      expect(outcome.code).toBe(5);
      const waiting = await near.cliJson(["approvals", "b/c/bot"]);
      expect(waiting).toEqual([expect.objectContaining({ session: "b/c/bot" })]);
      expect(await near.cliJson(["approvals"])).toEqual(waiting);
      expect(await near.cliJson([verb, "b/c/bot"])).toMatchObject({
        approval: { session: "b/c/bot" },
        decision: expect.stringContaining(decision),
      });
      await near.ok(["wait", "b/c/bot"]);
    }
    expect(await far.ok(["tail", "bot"])).toMatch(/accept by \w+ via host-a via host-b \(cli/);
  });

  test("is made, renamed, forked, put to sleep, woken, killed and removed", async () => {
    expect(await near.ok(["new", "b/c/made", "-d", "-e", "COLOUR=red"])).toBe("b/c/made\n");
    expect(await near.ok(["send", "b/c/made", "run echo $COLOUR $HOME", "--wait"])).toContain(
      `red ${far.dir}`,
    );
    await near.ok(["rename", "b/c/made", "other"]);
    expect(await near.ok(["fork", "b/c/other", "b/c/copy"])).toBe("b/c/copy\n");
    expect(await near.cliJson(["sleep", "b/c/copy"])).toMatchObject({ state: "asleep" });
    expect(await near.cliJson(["wake", "b/c/copy"])).toMatchObject({ state: "idle" });
    expect(await near.cliJson(["restart", "b/c/copy"])).toMatchObject({ name: "b/c/copy" });
    await near.ok(["kill", "b/c/copy", "b/c/other"]);
    expect((await near.cliJson(["ls"])).map(({ name }: { name: string }) => name)).toEqual([
      "b/c/bot",
    ]);
    const all = await near.cliJson(["ls", "--all"]);
    expect(all.map(({ name }: { name: string }) => name)).toContain("b/c/copy");
    await near.ok(["rm", "b/c/copy", "b/c/other"]);
  });

  test("is interrupted, and what waits in its queue is taken back", async () => {
    await near.ok(["send", "b/c/bot", "gated one"]);
    await chain.model.reached("one");
    await near.ok(["send", "b/c/bot", "say never", "--id", "back"]);
    await near.ok(["unsend", "b/c/bot", "back"]);
    await near.ok(["interrupt", "b/c/bot"]);
    expect((await near.cli(["wait", "b/c/bot"])).code).toBe(0);
  });

  test("is completed on the command line", async () => {
    expect(await near.ok(["__complete", "attach", "b/"])).toContain("b/c/bot\t");
  });

  test("is answered for by codex itself", async () => {
    const connection = await near.connect();
    const result = await connection.call("session/call", {
      name: "b/c/bot",
      method: "thread/read",
      params: {},
    });
    expect(result).toHaveProperty("thread");
  });

  test("attached read-only is not written to on that connection", async () => {
    const connection = await near.connect();
    await connection.call("session/attach", { name: "b/c/bot", readOnly: true });
    const error = await errorOf(
      connection.call("session/send", { name: "b/c/bot", content: { text: "say no" } }),
    );
    expect(error.code).toBe("not-allowed");
  });

  test("is detached from, and says nothing more", async () => {
    const connection = await near.connect();
    const { session } = await connection.call("session/attach", { name: "b/c/bot" });
    await connection.call("session/detach", { name: "b/c/bot" });
    const heard: unknown[] = [];
    connection.onNotification = (_, params) => heard.push(params);
    const watcher = await watch(near, "b/c/bot");
    await near.ok(["send", "b/c/bot", "say silence", "--wait"]);
    await watcher.until("the answer", ({ params }) => JSON.stringify(params).includes("silence"));
    watcher.stop();
    expect(heard).toEqual([]);
    expect(session.peer).toBe("b/c");
  });
});

describe("a client that does not read", () => {
  test("costs the daemons in between little, and others nothing; then it gets all", async () => {
    const slow = await connectRaw(near.socket);
    await slow.hello();
    slow.request(1, "session/attach", { name: "b/c/bot" });
    await slow.answer(1);
    slow.pause();
    const watcher = await watch(near, "b/c/bot");
    const before = memoryOf(near.daemonPid());
    // Several times what a client may have unread before it is taken to catch up.
    for (let i = 0; i < 8; i++) await near.ok(["send", "b/c/bot", "--wait", "flood 20000"]);
    await watcher.until("the end", ({ params }) => String(params.text).includes("word19999"));
    for (const home of [near, middle])
      expect(memoryOf(home.daemonPid()) - before).toBeLessThan(200 * 1024 * 1024);
    slow.resume();
    const { seq: head } = await near.show("b/c/bot");
    await slow.until("the head", ({ params }) => params?.seq === head);
    const seqs = slow.frames.flatMap(({ params }) =>
      params?.seq === undefined ? [] : [params.seq],
    );
    expect(seqs).toEqual(seqs.map((_, place) => seqs[0] + place));
    slow.close();
    watcher.stop();
  }, 120_000);
});

describe("errors", () => {
  test("keep their code and say which peer", async () => {
    for (const [args, code, text] of [
      [["show", "b/c/none"], 3, "b: c: There is no session"],
      [["show", "b/none/bot"], 3, "b: There is no peer"],
      [["show", "none/bot"], 3, "There is no peer"],
      [["show", "b//bot"], 2, "peer name"],
      [["show", `${"b/".repeat(9)}bot`], 2, "at most 8 peers"],
      [["rename", "b/c/bot", "elsewhere/bot"], 2, "stays on its machine"],
      [["send", "b/c/bot", "--image", "x.png", "look"], 2, "about this machine"],
      [["attach", "b/c/bot", "--codex"], 2, "needs a terminal"],
      [["wake", "b/c/bot", "--update-env"], 2, "about this machine"],
    ] as const) {
      const outcome = await near.cli([...args]);
      expect({ args, code: outcome.code, stderr: outcome.stderr }).toEqual({
        args,
        code,
        stderr: expect.stringContaining(text),
      });
    }
  });

  test("a circle is refused, and lists do not grow by it", async () => {
    await far.ok(["peer", "add", "a", unixUrl(near)]);
    expect((await near.cliJson(["ls"])).map(({ name }: { name: string }) => name)).toEqual([
      "b/c/bot",
    ]);
    await near.ok(["new", "own", "-d"]);
    expect((await far.cliJson(["ls"])).map(({ name }: { name: string }) => name)).toEqual([
      "bot",
      "a/own",
    ]);
    const outcome = await near.cli(["show", "b/c/a/own"]);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining("circle") });
    await far.ok(["peer", "rm", "a"]);
    const itself = await near.cli(["peer", "add", "self", unixUrl(near)]);
    expect(itself).toMatchObject({ code: 2, stderr: expect.stringContaining("itself") });
    expect((await near.cliJson(["peer", "ls"])).map(({ name }: { name: string }) => name)).toEqual([
      "b",
    ]);
    await near.ok(["kill", "own"]);
  });
});

describe("a panic", () => {
  test("stops a session behind peers, alone or with all, and it is let go on from here", async () => {
    expect((await near.cli(["panic", "b/c/bot"])).stderr).toMatch(/b\/c\/bot: stopped/);
    expect(far.agentPids()).toEqual([]);
    expect(await near.show("b/c/bot")).toMatchObject({ frozenSince: expect.any(String) });
    await near.ok(["wake", "b/c/bot"]);
    expect(far.agentPids()).toHaveLength(1);
    // Without --peers it is about this daemon's own.
    await near.ok(["panic", "--all"]);
    expect(far.agentPids()).toHaveLength(1);
    const all = await near.cliJson(["panic", "--all", "--peers"]);
    expect(all).toMatchObject([{ session: { name: "b/c/bot" }, left: [] }]);
    expect(far.agentPids()).toEqual([]);
    await near.ok(["wake", "b/c/bot"]);
  });

  test("says that peers go on where no daemon is there to ask them", async () => {
    await near.killDaemon();
    const dead = await near.cli(["panic", "--all", "--peers"]);
    expect([dead.code, dead.stderr]).toEqual([
      6,
      expect.stringMatching(/No daemon answers\..*nothing is left[\s\S]*on peers was not stopped/),
    ]);
    expect(far.agentPids()).toHaveLength(1);

    // The same of one that goes away once it was asked.
    const dying = createServer((stream) => {
      const result = { protocol: 1, daemon: { pid: 1, version: "0", id: "0" } };
      stream.once("data", (hello) => {
        const { id } = JSON.parse(String(hello));
        stream.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
        stream.once("data", () => stream.destroy());
      });
    });
    rmSync(near.socket, { force: true });
    await new Promise<void>((resolve) => dying.listen(near.socket, resolve));
    try {
      const [alone, peers] = JSON.parse(
        (await near.cli(["panic", "--all", "--peers", "--json"])).stdout,
      );
      expect([alone, peers]).toMatchObject([
        { session: null, left: [] },
        { session: null, error: { code: "daemon-unreachable" } },
      ]);
    } finally {
      await new Promise((resolve) => dying.close(resolve));
    }
  });

  test("says which sessions it could not reach", async () => {
    await far.killDaemon();
    const gone = async () => (await near.cliJson(["ls"]))[0].state === "unreachable";
    await eventually(gone, { what: "it is away" });
    const outcome = await near.cli(["panic", "--all", "--peers"]);
    expect([outcome.code, outcome.stderr]).toEqual([
      6,
      expect.stringContaining("b/c/bot was not stopped"),
    ]);
  });
});
