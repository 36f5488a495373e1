import { chmodSync, closeSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dial } from "../../src/client/dial.ts";
import { HacsError } from "../../src/protocol/errors.ts";
import { encodeResult } from "../../src/protocol/messages.ts";
import { within } from "../support/eventually.ts";
import { FakeDaemon } from "./fake-daemon.ts";

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = new FakeDaemon();
  await daemon.listen();
});
afterEach(() => daemon.close());

const withCode = (code: string) => expect.objectContaining({ code });

describe("dialling", () => {
  test("says hello first: who it is, from where, which protocols it speaks", async () => {
    const connection = await dial(daemon.socket, "tui");
    expect(daemon.requests).toEqual([
      {
        method: "hello",
        params: {
          protocol: { min: 1, max: 1 },
          client: {
            kind: "tui",
            version: expect.any(String),
            user: expect.stringMatching(/./),
            from: expect.stringMatching(/./),
          },
        },
      },
    ]);
    connection.close();
  });

  test("a daemon that refuses the hello is the error that it gave", async () => {
    daemon.methods.set("hello", () => {
      throw new HacsError("protocol-version", "none in common");
    });
    await expect(dial(daemon.socket, "cli")).rejects.toThrow(withCode("protocol-version"));
  });

  test("nothing there, nobody listening, and a daemon that hangs up are unreachable", async () => {
    const unreachable = withCode("daemon-unreachable");
    await expect(dial(join(daemon.dir, "none.sock"), "cli")).rejects.toThrow(unreachable);
    await expect(dial("/no/such/dir/d.sock", "cli")).rejects.toThrow(unreachable);
    daemon.cuts.push(1);
    await expect(dial(daemon.socket, "cli")).rejects.toThrow(unreachable);
    await daemon.die();
    await expect(dial(daemon.socket, "cli")).rejects.toThrow(unreachable);
  });

  test("a daemon that takes the connection and says nothing is named by its pid", async () => {
    daemon.methods.set("hello", () => undefined);
    const lock = openSync(`${daemon.socket}.lock`, "w");
    await expect(dial(daemon.socket, "cli")).rejects.toMatchObject({
      code: "daemon-hung",
      exitCode: 6,
      message: expect.stringContaining(`(pid ${process.pid}) does not answer`),
      next: expect.stringContaining(`kill -9 ${process.pid}`),
    });
    closeSync(lock);
  });

  test("what may be a trap is not spoken to", async () => {
    const unsafe = withCode("directory-unsafe");
    symlinkSync(daemon.socket, join(daemon.dir, "link.sock"));
    await expect(dial(join(daemon.dir, "link.sock"), "cli")).rejects.toThrow(unsafe);
    writeFileSync(join(daemon.dir, "file.sock"), "");
    await expect(dial(join(daemon.dir, "file.sock"), "cli")).rejects.toThrow(unsafe);
    chmodSync(daemon.dir, 0o755);
    await expect(dial(daemon.socket, "cli")).rejects.toThrow(unsafe);
    expect(daemon.requests).toEqual([]);
  });
});

describe("calls", () => {
  test("get their own answers, in whatever order these come", async () => {
    const answers: (() => void)[] = [];
    let id = 1;
    daemon.methods.set("session/show", (params, peer) => {
      const own = ++id;
      answers.unshift(() => peer.send(encodeResult(own, { name: params.name })));
      if (answers.length === 3) for (const answer of answers) answer();
      return undefined;
    });
    const connection = await dial(daemon.socket, "cli");
    const names = ["a", "b", "c"];
    const results = await Promise.all(
      names.map((name) => connection.call("session/show", { name })),
    );
    expect(results).toEqual(names.map((name) => ({ name })));
    connection.close();
  });

  test("fail with the code, message and next step that the daemon gave", async () => {
    daemon.methods.set("session/show", () => {
      throw new HacsError("session-not-found", 'There is no session "x".', "Try ls.", {
        name: "x",
      });
    });
    const connection = await dial(daemon.socket, "cli");
    await expect(connection.call("session/show", { name: "x" })).rejects.toMatchObject({
      code: "session-not-found",
      exitCode: 3,
      message: 'There is no session "x".',
      next: "Try ls.",
      details: { name: "x" },
    });
    connection.close();
  });

  test("that still wait when the connection ends fail, and so does every later one", async () => {
    daemon.methods.set("session/show", () => undefined);
    const connection = await dial(daemon.socket, "cli");
    const closed = new Promise<HacsError>((resolve) => {
      connection.onClose = resolve;
    });
    const waiting = connection.call("session/show", { name: "x" });
    void daemon.die();
    await expect(waiting).rejects.toThrow(withCode("daemon-unreachable"));
    expect((await within(closed, { what: "onClose is called" })).code).toBe("daemon-unreachable");
    expect(connection.closed).toBe(true);
    const late = connection.call("session/show", { name: "x" });
    await expect(late).rejects.toThrow(withCode("daemon-unreachable"));
  });
});

describe("whatever a daemon sends", () => {
  test("a failure of no request in particular ends the connection, and says why", async () => {
    daemon.methods.set("session/show", (_, peer) => {
      const data = { code: "state-damaged" };
      peer.send(JSON.stringify({ id: null, error: { code: -32000, message: "damaged", data } }));
      return {};
    });
    const connection = await dial(daemon.socket, "cli");
    const call = connection.call("session/show", { name: "x" });
    await expect(call).rejects.toThrow(withCode("state-damaged"));
    expect(connection.closed).toBe(true);
  });

  test("notifications come in order, requests and strange answers are passed over", async () => {
    daemon.methods.set("session/show", (_, peer) => {
      peer.notify("session/event", { seq: 1 });
      peer.send('{"id":999,"result":{}}');
      peer.send('{"id":1,"method":"please/answer"}');
      peer.raw("\n\n");
      peer.notify("session/event", { seq: 2 });
      return {};
    });
    const connection = await dial(daemon.socket, "cli");
    const seen: unknown[] = [];
    connection.onNotification = (method, params) => seen.push([method, params.seq]);
    await connection.call("session/show", { name: "x" });
    expect(seen).toEqual([
      ["session/event", 1],
      ["session/event", 2],
    ]);
    connection.close();
  });

  test.each(["not json", "[]", '{"id":true}'])(
    "the frame %j ends the connection",
    async (frame) => {
      daemon.methods.set("session/show", (_, peer) => void peer.send(frame));
      const connection = await dial(daemon.socket, "cli");
      const call = connection.call("session/show", { name: "x" });
      await expect(call).rejects.toThrow("JSON-RPC");
      expect(connection.closed).toBe(true);
    },
  );
});
