/** A peer is an outsider: whatever it says, errors are typed and nobody else feels it. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { HacsError } from "../../../src/protocol/errors.ts";
import type { Method, Params } from "../../../src/protocol/methods.ts";
import { eventually } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { framed, HostilePeer, hostileId, hostileSession } from "../../support/hostile-peer.ts";
import fc from "../../support/property.ts";
import { errorOf } from "../../support/sessions.ts";

let home: Home;
let hostile: HostilePeer;
let own: string;
beforeAll(async () => {
  home = await createHome();
  hostile = new HostilePeer();
  await hostile.listen();
  await home.ok(["new", "own", "-d"]);
  own = (await home.show("own")).id;
  await home.ok(["peer", "add", "bad", hostile.url]);
});
afterAll(async () => {
  await home.close();
  await hostile.close();
});
afterEach(() => hostile.reset());

const again = () =>
  eventually(
    async () => {
      const connection = await home.connect();
      const { session } = await connection
        .call("session/attach", { name: "bad/bot" })
        .finally(() => connection.close());
      return session.name === "bad/bot";
    },
    { what: "the peer is used again" },
  );

/** The daemon is the same as before, and its own sessions answer. */
async function expectUnharmed(pid: number): Promise<void> {
  expect(home.daemonPid()).toBe(pid);
  expect((await home.cliJson(["show", "own"])).id).toBe(own);
}

const name = "bad/bot";
const calls: { [M in Method]?: Params<M> } = {
  "session/show": { name },
  "session/attach": { name },
  "session/history": { name },
  "session/send": { name, content: { text: "x" } },
  "session/receipt": { name, id: "x" },
  "session/approvals": { name },
  "session/answer": { name, answer: { decision: "accept" } },
  "session/interrupt": { name },
  "session/sleep": { name },
  "session/wake": { name },
  "session/restart": { name },
  "session/kill": { name },
  "session/remove": { name },
  "session/rename": { name, to: "other" },
  "session/fork": { name, to: "other" },
  "session/withdraw": { name, id: "x" },
  "session/compose": { name, text: "x" },
  "session/call": { name, method: "thread/read", params: {} },
  "session/new": { name, spec: { cwd: "/" } },
};

/** JSON that is sometimes nearly right. */
const nearly = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      session: fc.oneof(
        fc.jsonValue(),
        fc.constant(hostileSession),
        fc
          .record({ key: fc.constantFrom(...Object.keys(hostileSession)), value: fc.jsonValue() })
          .map(({ key, value }) => ({ ...hostileSession, [key]: value })),
      ),
      head: fc.jsonValue(),
      approvals: fc.jsonValue(),
      messages: fc.array(fc.jsonValue()),
      records: fc.array(fc.jsonValue()),
      receipt: fc.jsonValue(),
      composed: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);

describe("a hostile peer", () => {
  test("answers anything to anything: typed errors, no crash", async () => {
    const pid = home.daemonPid();
    const connection = await home.connect();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(Object.keys(calls) as Method[])),
        nearly,
        async (method, answer) => {
          hostile.answers.set(method, () => answer ?? null);
          try {
            const result = await connection.call(method, calls[method] as never);
            // What passes has names behind the peer's own, and no other.
            const { session } = result as unknown as { session?: { id: string } | string };
            const id = typeof session === "object" ? session?.id : session;
            if (method !== "session/call" && typeof id === "string") expect(id).toMatch(/^bad\//);
          } catch (error) {
            expect(error).toBeInstanceOf(HacsError);
            expect((error as HacsError).code).toBe("peer-invalid");
          } finally {
            hostile.reset();
          }
        },
      ),
      { numRuns: 300, seed: 7 },
    );
    await expectUnharmed(pid);
  });

  test("throws anything: an error with its words bounded and its name before them", async () => {
    const connection = await home.connect();
    const throwing = async (error: unknown) => {
      hostile.answers.set("session/show", () => {
        throw error;
      });
      return errorOf(connection.call("session/show", { name }));
    };
    const known = await throwing({ code: -32000, message: "no", data: { code: "session-ended" } });
    expect(known).toMatchObject({ code: "session-ended", message: "bad: no" });
    const long = await throwing({
      code: 1,
      message: "x".repeat(1e6),
      data: { code: "name-taken" },
    });
    expect(long.message.length).toBeLessThan(3_000);
    for (const error of [
      { code: 1, message: 7, data: { code: "session-ended", next: { a: 1 } } },
      { code: 1, data: 3 },
      {},
      { code: 1, message: "m", data: { code: "__proto__" } },
    ])
      expect(await throwing(error)).toBeInstanceOf(HacsError);
    // Its daemon's trouble is not this daemon's: nobody waits for this one to stop.
    const stopping = await throwing({ code: 1, message: "m", data: { code: "daemon-stopping" } });
    expect(stopping.code).toBe("peer-unreachable");
  });

  test("lists what it likes: none of it stands for a session of ours", async () => {
    const pid = home.daemonPid();
    const odd = (more: object) => ({ via: [hostileId], session: { ...hostileSession, ...more } });
    for (const sessions of [
      [odd({ id: own, name: "own" })],
      [odd({ name: "../own" })],
      [odd({ name: "a\u0000b" })],
      [odd({ name: "x".repeat(1e5) })],
      [odd({ state: "perfect" })],
      [odd({ labels: "none" })],
      [{ via: [], session: hostileSession }],
      "none",
      Array.from({ length: 5_000 }, (_, i) => odd({ name: `s${i}`, id: `i${i}` })),
    ]) {
      hostile.answers.set("peer/sessions", () => ({ sessions }));
      const listed = await home.cliJson(["ls"]);
      const ours = listed.filter(({ peer }: { peer: string | null }) => peer === null);
      expect(ours).toEqual([expect.objectContaining({ id: own, name: "own" })]);
      for (const { id, peer } of listed)
        if (peer !== null) expect(id.startsWith("bad/")).toBe(true);
    }
    hostile.reset();
    await again();
    await expectUnharmed(pid);
  });

  const event = (more: object) =>
    JSON.stringify({
      jsonrpc: "2.0",
      method: "session/event",
      params: {
        session: hostileSession.id,
        at: "2026-01-01T00:00:00.000Z",
        method: "session/state",
        params: { session: hostileSession },
        ...more,
      },
    });

  /** Attaches on a connection of its own, has the peer say these lines, and gives what came of it. */
  async function attachedTo(
    lines: string[],
  ): Promise<{ events: unknown[]; error: HacsError | null }> {
    hostile.answers.set("session/attach", (_, say) => {
      setImmediate(() => {
        for (const line of lines) say(line);
        say(event({ method: "session/live", params: { seq: 3 } }));
      });
      return {
        session: hostileSession,
        head: 3,
        approvals: [],
        messages: [],
        composed: { text: "", revision: 0 },
      };
    });
    const connection: Connection = await home.connect();
    const events: { method: string }[] = [];
    const settled = new Promise<HacsError | null>((resolve) => {
      connection.onNotification = (_, params) => {
        events.push(params as never);
        if (params.method === "session/live") resolve(null);
      };
      connection.onClose = resolve;
    });
    await connection.call("session/attach", { name, after: 3 });
    const error = await settled;
    connection.close();
    return { events, error };
  }

  test("sends events of other sessions, with other shapes, with holes: none passes", async () => {
    const pid = home.daemonPid();
    const honest = await attachedTo([event({})]);
    expect(honest.error).toBe(null);
    expect(honest.events).toMatchObject([
      { session: `bad/${hostileSession.id}`, params: { session: { name: "bad/bot" } } },
      { method: "session/live" },
    ]);
    const foreign = await attachedTo([event({ session: own }), event({ session: "bad" })]);
    expect(foreign.events).toHaveLength(1);
    const repeated = await attachedTo([
      event({ seq: 3, method: "x" }),
      event({ seq: 1, method: "x" }),
    ]);
    expect(repeated.events).toHaveLength(1);
    for (const bad of [
      event({ seq: 5, method: "x" }),
      event({ seq: 1.5, method: "x" }),
      event({ at: "now" }),
      event({ at: 7 }),
      event({ method: "m".repeat(1_000) }),
      event({ params: 7 }),
      event({ params: { session: { ...hostileSession, id: "../x" } } }),
      event({ method: "session/approval", params: { status: "requested" } }),
      event({ method: "session/draft", params: {} }),
      event({ method: "session/message", params: { id: 7 } }),
    ]) {
      const { events, error } = await attachedTo([bad]);
      expect({ bad, events, code: error?.code }).toEqual({ bad, events: [], code: "peer-invalid" });
    }
    await expectUnharmed(pid);
  });

  test("breaks the link's own rules: the link ends, and is made anew", async () => {
    const pid = home.daemonPid();
    for (const line of [
      "no channel\n",
      "7\n",
      "-1 2\n{}",
      "99999999999999999999 2\n{}",
      "1 0\n",
      "1 1e3\n",
      "0 open\n",
      "1 open\n",
      "5 sesame\n",
      "\u0000\u0001\u0002\n",
      "x".repeat(1_000),
      framed(1, `${"[".repeat(5_000)}${"]".repeat(5_000)}`),
      framed(1, `{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}`),
      framed(1, '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"no"}}'),
    ]) {
      hostile.say(line);
      await again();
    }
    await expectUnharmed(pid);
  });

  test("says random bytes", async () => {
    const pid = home.daemonPid();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        hostile.say(Buffer.concat([Buffer.from(bytes), Buffer.from("\n")]));
        await again();
      }),
      { numRuns: 30, seed: 11 },
    );
    await expectUnharmed(pid);
  });

  test("breaks off before it acknowledges: a sender that waits says it again, under its id", async () => {
    const answer = hostile.answers.get("session/attach")!;
    hostile.answers.set("session/attach", (params, say) => {
      setImmediate(() => say(event({ method: "session/live", params: { seq: 3 } })));
      return answer(params, say);
    });
    const sent: unknown[] = [];
    const cut = Promise.withResolvers<void>();
    hostile.answers.set("session/send", ({ id }) => {
      sent.push(id);
      if (sent.length === 1) {
        hostile.cut();
        return void cut.resolve();
      }
      return {
        session: "bot",
        messageId: id,
        status: "finished",
        mode: "queue",
        seq: 3,
        turnId: "t",
        turnStatus: "completed",
        text: "at last",
        error: null,
        usage: null,
        createdAt: "2026-01-01T00:00:00.000Z",
      };
    });
    const said = home.ok(["send", "bad/bot", "hello", "--wait", "--id", "w1"]);
    await cut.promise;
    // It was cut so often that it would be left alone for a while: who asks has it tried at once.
    await again();
    expect(await said).toBe("at last\n");
    expect(sent).toEqual(["w1", "w1"]);
  });

  test("never answers: the others are listed all the same", async () => {
    hostile.answers.set("peer/sessions", () => undefined);
    expect(await home.cliJson(["ls"])).toEqual([
      expect.objectContaining({ name: "own" }),
      expect.objectContaining({ name: "bad/bot" }),
    ]);
  });

  test("claims to be this daemon, or none", async () => {
    const other = new HostilePeer();
    await other.listen();
    for (const id of [undefined, "short", 7]) {
      other.answers.set("hello", () => ({ protocol: 1, daemon: { pid: 1, version: "0", id } }));
      await home.ok(["peer", "add", "odd", other.url]);
      expect((await home.cliJson(["peer", "ls"]))[1]).toMatchObject({
        state: "unreachable",
        error: expect.stringContaining("too old"),
      });
      await home.ok(["peer", "rm", "odd"]);
    }
    await other.close();
  });
});
