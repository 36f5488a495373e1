/** A daemon that dials out and offers its sessions: the same wire, with the roles turned round. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namesMax } from "../../../src/daemon/peers/claim.ts";
import { PROTOCOL } from "../../../src/protocol/methods.ts";
import { unixUrl } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { createHome, type Home, program } from "../../support/home.ts";
import { framed } from "../../support/hostile-peer.ts";
import { createModel, type TestModel } from "../../support/model.ts";
import { makeToken, openWeb, type WebClient } from "../../support/port.ts";
import { connectRaw } from "../../support/raw-client.ts";
import { type SshServer, startSshd } from "../../support/ssh-server.ts";

let model: TestModel;
let server: Home;
let laptop: Home;
let sshd: SshServer;
beforeAll(async () => {
  model = await createModel();
  server = await createHome({ model, config: { name: "server" } });
  mkdirSync(join(server.dir, "ssh"), { mode: 0o700 });
  sshd = await startSshd(join(server.dir, "ssh"));
  const remote = join(server.dir, "there");
  const set = Object.entries(server.env).map(([name, value]) => `export ${name}='${value}'`);
  writeFileSync(remote, `#!/bin/sh\n${set.join("\n")}\nexec ${program} "$@"\n`, { mode: 0o755 });
  laptop = await createHome({
    model,
    config: { name: "laptop", remoteCommand: remote },
    env: { PATH: `${sshd.binDir}:${process.env.PATH}` },
  });
  await server.ok(["daemon", "start"]);
  await laptop.ok(["new", "bot", "-d"]);
});
afterAll(async () => {
  await sshd.close();
  await laptop.close();
  await server.close();
  await model.close();
});

const namesOf = async (home: Home) =>
  (await home.cliJson(["ls"])).map(({ name }: { name: string }) => name);

const joined = (state: string) =>
  eventually(
    async () =>
      (await server.cliJson(["peer", "ls"])).some(
        (one: { name: string; state: string }) => one.name === "laptop" && one.state === state,
      ),
    { what: `the laptop is ${state}` },
  );

describe("a laptop that joins a server", () => {
  test("is a peer there, and all that is said of its sessions goes over the link it dialled", async () => {
    await laptop.ok(["peer", "join", unixUrl(server), "--as", "laptop"]);
    await joined("connected");
    expect(await namesOf(server)).toEqual(["laptop/bot"]);
    expect(await server.ok(["send", "laptop/bot", "say hello", "--wait"])).toBe("hello\n");
    expect(await server.ok(["new", "laptop/made", "-d"])).toBe("laptop/made\n");
    await server.ok(["kill", "laptop/made"]);
    // It offers, and does not get anything by it.
    expect(await namesOf(laptop)).toEqual(["bot"]);
    expect(await laptop.cliJson(["peer", "ls"])).toMatchObject([
      { name: "laptop", kind: "offer", state: "connected", url: unixUrl(server) },
    ]);
    expect(await server.cliJson(["peer", "ls"])).toMatchObject([
      { name: "laptop", kind: "joined", url: null, sessions: 1 },
    ]);
  });

  test("comes back by itself, whichever of the two died", async () => {
    for (const home of [laptop, server]) {
      await home.killDaemon();
      await home.ok(["daemon", "start"]);
      await joined("connected");
      expect(await namesOf(server)).toEqual(["laptop/bot"]);
    }
  });

  test("is called there as is said for that peer alone", async () => {
    const refused = ["peer", "add", "odd", unixUrl(server), "--remote-command", "x"];
    expect(await laptop.cli(refused)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--remote-command"),
    });
    const odd = join(server.dir, "odd");
    writeFileSync(odd, `#!/bin/sh\nexec '${join(server.dir, "there")}' "$@"\n`, { mode: 0o755 });
    // As the config says for all, it is not found.
    laptop.configure({ name: "laptop", remoteCommand: "/nowhere/hacs-session" });
    await laptop.ok(["daemon", "restart"]);
    const wrong = await laptop.cliJson(["peer", "add", "plain", "ssh://there"]);
    expect(wrong).toMatchObject({
      state: "unreachable",
      error: expect.stringContaining("nowhere"),
    });
    const way = ["ssh://there", "--remote-command", odd];
    expect(await laptop.cliJson(["peer", "add", "odd", ...way])).toMatchObject({
      state: "connected",
    });
    await laptop.killDaemon();
    await eventually(
      async () =>
        (await laptop.cliJson(["peer", "ls"])).some(
          (one: { name: string; state: string }) => one.name === "odd" && one.state === "connected",
        ),
      { what: "it is still known after a restart" },
    );
    await laptop.ok(["peer", "rm", "odd"]);
    await laptop.ok(["peer", "rm", "plain"]);
    laptop.configure({ name: "laptop", remoteCommand: join(server.dir, "there") });
    await laptop.ok(["daemon", "restart"]);
    await joined("connected");
  });

  test("is unreachable while it is away, and its name is kept for it", async () => {
    await laptop.ok(["daemon", "stop"]);
    await joined("unreachable");
    expect(await server.cliJson(["ls"])).toMatchObject([
      { name: "laptop/bot", state: "unreachable" },
    ]);
    const raw = await connectRaw(server.socket);
    await raw.hello();
    raw.request(1, "peer/offer", { as: "laptop", daemon: { id: "0".repeat(32), name: "x" } });
    expect((await raw.answer(1)).error.data.code).toBe("name-taken");
    raw.close();
    await server.ok(["send", "laptop/bot", "--store", "--id", "kept", "say kept"]);
    await laptop.ok(["daemon", "start"]);
    await joined("connected");
    await eventually(
      async () => (await laptop.show("bot")).messages.some(({ messageId }) => messageId === "kept"),
      { what: "the stored message is delivered" },
    );
  });

  test("ends its offer by rm", async () => {
    await laptop.ok(["peer", "rm", unixUrl(server)]);
    expect(await laptop.cliJson(["peer", "ls"])).toEqual([]);
    await joined("unreachable");
    await server.ok(["peer", "rm", "laptop"]);
    expect(await namesOf(server)).toEqual([]);
  });

  test("does the same over ssh, and reaches the server's own sessions over it, too", async () => {
    await laptop.ok(["peer", "join", "ssh://there", "--as", "laptop"]);
    await joined("connected");
    expect(await server.ok(["send", "laptop/bot", "say over ssh", "--wait"])).toBe("over ssh\n");
    await server.ok(["new", "own", "-d"]);
    await laptop.ok(["peer", "add", "server", "ssh://there"]);
    expect(await namesOf(laptop)).toEqual(["bot", "server/own"]);
    expect(await laptop.ok(["send", "server/own", "say there", "--wait"])).toBe("there\n");
    const circle = await laptop.cli(["show", "server/laptop/bot"]);
    expect(circle).toMatchObject({ code: 2, stderr: expect.stringContaining("circle") });
    expect(await namesOf(server)).toEqual(["own", "laptop/bot"]);
    await sshd.stop();
    await eventually(
      async () =>
        (await laptop.cliJson(["peer", "ls"])).every(
          ({ state, error }: { state: string; error: string }) =>
            state === "unreachable" && error.includes("refused"),
        ),
      { what: "both links are down, and ssh says why" },
    );
    await sshd.start();
    expect(await laptop.ok(["send", "server/own", "say again", "--wait"])).toBe("again\n");
    for (const name of ["server", "laptop"]) await laptop.ok(["peer", "rm", name]);
  });
});

describe("a laptop that joins with reservations", () => {
  test("is used as far as it allows", async () => {
    await laptop.ok(["new", "secret", "-d"]);
    const more = ["--sessions", "bot", "--scope", "prompt"];
    await laptop.ok(["peer", "join", unixUrl(server), "--as", "shy", ...more]);
    const listed = () => namesOf(server).then((names: string[]) => names.includes("shy/bot"));
    await eventually(listed, { what: "the session that is offered is there" });
    expect(await namesOf(server)).not.toContain("shy/secret");
    expect(await server.cli(["show", "shy/secret"])).toMatchObject({ code: 3 });
    expect(await server.ok(["send", "shy/bot", "say so far", "--wait"])).toBe("so far\n");
    expect(await server.cli(["kill", "shy/bot"])).toMatchObject({ code: 7 });
    expect(await server.cli(["new", "shy/made", "-d"])).toMatchObject({ code: 7 });
    // It stays so when both are started anew.
    await laptop.killDaemon();
    await laptop.ok(["daemon", "start"]);
    await eventually(async () => (await server.cli(["show", "shy/bot"])).code === 0, {
      what: "the laptop is back",
    });
    expect(await server.cli(["kill", "shy/bot"])).toMatchObject({ code: 7 });
    await laptop.ok(["peer", "rm", "shy"]);
    await server.ok(["peer", "rm", "shy"]);
  });
});

describe("a URL that leads nowhere or says too much", () => {
  test("is refused, and nothing is kept", async () => {
    for (const url of [
      "no url",
      "http://host",
      "ws://example.com",
      "wss://user@example.com",
      "wss://example.com/?token=x",
      "ssh://-oProxyCommand=x",
      "ssh://host/path",
      "ssh://host?what=x",
      "unix://host/path",
      "unix:relative",
    ]) {
      for (const args of [
        ["peer", "add", "p", url],
        ["peer", "join", url, "--as", "p"],
      ]) {
        const outcome = await server.cli(args);
        expect({ url, ...outcome }).toMatchObject({ code: 2 });
      }
    }
    const secret = await server.cli(["peer", "add", "p", "wss://user:hunter2@example.com"]);
    expect(secret.code).toBe(2);
    expect(secret.stderr).not.toContain("hunter2");
    expect(await server.cliJson(["peer", "ls"])).toEqual([
      expect.objectContaining({ name: "laptop" }),
    ]);
  });

  test("a name is one of a peer, and has one owner", async () => {
    expect((await server.cli(["peer", "add", "a/b", unixUrl(laptop)])).code).toBe(2);
    await server.ok(["peer", "add", "other", unixUrl(laptop)]);
    const twice = await server.cli(["peer", "add", "other", unixUrl(laptop)]);
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining("another peer") });
    await server.ok(["peer", "rm", "other"]);
    expect((await server.cli(["peer", "rm", "other"])).code).toBe(3);
  });
});

describe("the way that a request came", () => {
  test("leads through 8 daemons at most, and through none twice", async () => {
    const id = (i: number) => i.toString(16).padStart(32, "0");
    const answerTo = async (via: string[]) => {
      const raw = await connectRaw(server.socket);
      await raw.hello();
      raw.request(1, "peer/link", { daemon: { id: id(99), name: "far" } });
      await raw.answer(1);
      raw.close();
      const link = await linkTo(server.socket);
      const answer = await link.hello(via);
      link.close();
      return answer;
    };
    const linkTo = async (socket: string) => {
      const net = await import("node:net");
      const stream = net.connect(socket);
      let got = "";
      stream.setEncoding("utf8").on("data", (text: string) => {
        got += text;
      });
      const until = (pattern: RegExp) =>
        eventually(() => pattern.exec(got)?.[0], { what: String(pattern) });
      const hello = (more: object) => ({
        jsonrpc: "2.0",
        id: 1,
        method: "hello",
        params: {
          protocol: PROTOCOL,
          client: { kind: "x", version: "0", user: "u", from: "" },
          ...more,
        },
      });
      stream.write(`${JSON.stringify(hello({}))}\n`);
      await until(/"id":1.*\n/);
      const params = { daemon: { id: id(99), name: "far" } };
      stream.write(`${JSON.stringify({ jsonrpc: "2.0", id: 2, method: "peer/link", params })}\n`);
      await until(/"id":2.*\n/);
      return {
        hello: async (via: string[]) => {
          stream.write(`1 open\n${framed(1, JSON.stringify(hello({ via })))}`);
          const line = await until(/^1 \d+\n\{.*$/m);
          return JSON.parse(line.slice(line.indexOf("{")));
        },
        close: () => stream.destroy(),
      };
    };
    const own = (await answerTo([])).result.daemon.id;
    expect(own).toMatch(/^[0-9a-f]{32}$/);
    const seven = [1, 2, 3, 4, 5, 6, 7].map(id);
    expect((await answerTo(seven)).result).toBeDefined();
    expect((await answerTo([...seven, id(8)])).error.data.code).toBe("too-many-hops");
    expect((await answerTo([id(1), own])).error.data.code).toBe("peer-loop");
  });
});

describe("a name", () => {
  test("is not taken over with another token by who knows the daemon's id", async () => {
    const url = (await server.cliJson(["daemon", "restart", "--listen", "127.0.0.1:0"])).listen[0];
    const { token, id } = await makeToken(server, { scope: "prompt", sessions: "den/*" });
    const file = join(laptop.dir, "den.token");
    writeFileSync(file, token, { mode: 0o600 });
    const joining = [
      "peer",
      "join",
      url.replace("http", "ws"),
      "--as",
      "den",
      "--token-file",
      file,
    ];
    expect(await laptop.cliJson(joining)).toMatchObject({ state: "connected" });
    const raw = await connectRaw(laptop.socket);
    const { daemon } = (await raw.hello()).result;
    raw.close();
    const offer = async (grant: { scope: "admin" | "prompt"; sessions: string }) => {
      const { token: other } = await makeToken(server, grant);
      const client = await openWeb(url, { token: other });
      await client.hello();
      const answer = await client.call("peer/offer", {
        as: "den",
        daemon: { id: daemon.id, name: "den" },
      });
      client.close();
      return answer.error?.data.code;
    };
    expect(await offer({ scope: "prompt", sessions: "*" })).toBe("name-taken");
    expect(await offer({ scope: "prompt", sessions: "den/*" })).toBe("name-taken");
    expect(await server.ok(["send", "den/bot", "say still me", "--wait"])).toBe("still me\n");
    // Once its token is no more, whoever is let in with that id may have it.
    await server.ok(["token", "revoke", id]);
    expect(await offer({ scope: "prompt", sessions: "den/*" })).toBe(undefined);
  });

  test("is one of a hundred that daemons have with one token", async () => {
    const [url] = (await server.cliJson(["daemon", "status"])).listen;
    const grant = { scope: "prompt", sessions: "*" } as const;
    const [{ token }, { token: another }] = [
      await makeToken(server, grant),
      await makeToken(server, grant),
    ];
    const clients: WebClient[] = [];
    const offer = async (shown: string, as: string, id: string) => {
      const client = await openWeb(url, { token: shown });
      clients.push(client);
      await client.hello();
      const answer = await client.call("peer/offer", { as, daemon: { id, name: as } });
      return answer.error?.data.code;
    };
    const id = (n: number) => n.toString(16).padStart(32, "0");
    for (let n = 0; n < namesMax; n++) expect(await offer(token, `n${n}`, id(n))).toBe(undefined);
    expect(await offer(token, "more", id(1000))).toBe("not-allowed");
    // One that it has is none more, and neither is another token's.
    expect(await offer(token, "n7", id(7))).toBe(undefined);
    expect(await offer(another, "more", id(1000))).toBe(undefined);
    await server.ok(["peer", "rm", "n8"]);
    expect(await offer(token, "instead", id(1001))).toBe(undefined);
    for (const client of clients) client.close();
  });
});
