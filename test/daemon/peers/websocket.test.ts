/** Peers over the port: what a token allows, holds for the daemon that shows it. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PeerInfo } from "../../../src/protocol/session.ts";
import { type Certificate, makeCertificate } from "../../support/certificate.ts";
import { eventually } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { createModel, type TestModel } from "../../support/model.ts";
import { ask, listenOn, makeToken, openEvents } from "../../support/port.ts";

let model: TestModel;
let near: Home;
let far: Home;
let url: string;
beforeAll(async () => {
  model = await createModel();
  near = await createHome({ model, config: { name: "near" } });
  far = await createHome({ model, config: { name: "far" } });
  url = (await listenOn(far)).replace("http", "ws");
  for (const name of ["web", "docs"]) await far.ok(["new", name, "-d"]);
});
afterAll(async () => {
  await near.close();
  await far.close();
  await model.close();
});

const fileWith = (token: string): string => {
  const file = join(near.dir, "token");
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return file;
};
const namesOf = async (home: Home) =>
  (await home.cliJson(["ls"])).map(({ name }: { name: string }) => name);

test("TLS where there is none is said in words", async () => {
  const { error } = await near.cliJson(["peer", "add", "tls", url.replace("ws", "wss")]);
  expect(error).toMatch(/it speaks no TLS there, which is ws:\/\/ and for this machine only\.$/);
  await near.ok(["peer", "rm", "tls"]);
});

test("a certificate that nobody vouches for is not taken, whatever the shell says that began the daemon", async () => {
  const lax = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  const [there, here] = [await createHome({ model }), await createHome({ model, env: lax })];
  try {
    const { args } = makeCertificate(there.dir);
    const at = await listenOn(there, "--listen", "127.0.0.1:0", ...args);
    const { error } = await here.cliJson(["peer", "add", "far", at.replace("http", "ws")]);
    expect(error).toMatch(/can't be reached: self-signed certificate\.$/);
  } finally {
    await here.close();
    await there.close();
  }
});

describe("a CA of one's own", () => {
  let there: Home;
  let here: Home;
  let dir: string;
  beforeEach(async () => {
    [there, here] = [await createHome({ model }), await createHome({ model })];
    dir = there.dir;
  });
  afterEach(async () => {
    await here.close();
    await there.close();
  });
  const listen = async ({ args }: Certificate) =>
    (await listenOn(there, "--listen", "127.0.0.1:0", ...args)).replace("http", "ws");
  const added = async (at: string, ...options: string[]) =>
    here.cliJson(["peer", "add", "far", at, ...options]) as Promise<PeerInfo>;

  test("vouches for a peer, also after the daemon's death", async () => {
    const made = makeCertificate(dir);
    const at = await listen(made);
    const { token } = await makeToken(there, { scope: "observe" });
    writeFileSync(join(dir, "token"), token, { mode: 0o600 });
    const shown = ["--token-file", join(dir, "token")];
    expect(await added(at, ...shown, "--ca-file", made.cert)).toMatchObject({ state: "connected" });
    await here.killDaemon();
    const state = async () => (await here.cliJson(["peer", "ls"]))[0].state;
    await eventually(async () => (await state()) === "connected", { what: "it is dialled again" });
  });

  test("vouches for no other certificate, and none for another name or time", async () => {
    mkdirSync(join(dir, "other"));
    const other = makeCertificate(join(dir, "other"));
    const errorOf = async (made: Certificate, ca: Certificate) => {
      const { error } = await added(await listen(made), "--ca-file", ca.cert);
      await here.ok(["peer", "rm", "far"]);
      await there.ok(["daemon", "stop"]);
      return error;
    };
    expect(await errorOf(makeCertificate(dir), other)).toMatch(/self-signed certificate\.$/);
    const elsewhere = makeCertificate(dir, { names: ["DNS:elsewhere.example"] });
    expect(await errorOf(elsewhere, elsewhere)).toContain("does not match certificate's altnames");
    const over = makeCertificate(dir, { until: new Date(Date.now() - 60_000) });
    expect(await errorOf(over, over)).toMatch(/certificate has expired\.$/);
  });

  test("is a certificate, of a server that shows one", async () => {
    const made = makeCertificate(dir);
    const refused = async (at: string, file: string) => {
      const { code, stderr } = await here.cli(["peer", "add", "far", at, "--ca-file", file]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused("wss://far.example", join(dir, "none.pem"))).toContain("ENOENT");
    expect(await refused("wss://far.example", made.key)).toContain("holds none that can be read");
    const torn = join(dir, "torn.pem");
    writeFileSync(torn, made.ca.replace(/\n[A-Za-z0-9+/=]+\n-----END/, "\n-----END"));
    expect(await refused("wss://far.example", torn)).toContain("holds none that can be read");
    expect(await refused("ssh://far.example", made.cert)).toContain("Leave out --ca-file");
    expect(await refused("ws://127.0.0.1:9", made.cert)).toContain("Leave out --ca-file");
    expect(await here.cliJson(["peer", "ls"])).toEqual([]);
  });
});

test("with a token for everything, everything goes", async () => {
  const { token, id } = await makeToken(far, { scope: "admin", label: "near's" });
  await near.ok(["peer", "add", "far", url, "--token-file", fileWith(token)]);
  expect(await namesOf(near)).toEqual(["far/web", "far/docs"]);
  expect(await near.ok(["send", "far/web", "say hello", "--wait"])).toBe("hello\n");
  // Longer than any frame of the port may be.
  const text = "long ".repeat(150_000);
  const said = await near.ok(["send", "far/web", "--wait"], { input: `say ${text}end` });
  expect(said.length).toBeGreaterThan(700_000);
  await near.ok(["new", "far/made", "-d"]);
  await near.ok(["kill", "far/made"]);
  // Kept where only the owner can read it, and nowhere else.
  const kept = join(near.dir, "state/default/peers");
  const [file = ""] = readdirSync(kept);
  expect(statSync(join(kept, file)).mode & 0o777).toBe(0o600);
  expect(near.daemonLog()).not.toContain(token);
  expect(readFileSync(join(near.dir, "state/default/history.db")).includes(token)).toBe(false);
  await far.ok(["token", "revoke", id]);
  await eventually(async () => (await near.cliJson(["peer", "ls"]))[0].error?.includes("401"), {
    what: "the link has ended, and the token is refused",
  });
  expect(await near.cli(["send", "far/web", "say no"])).toMatchObject({ code: 6 });
  await near.ok(["peer", "rm", "far"]);
  expect(readdirSync(kept)).toEqual([]);
});

test("with a lesser one, as far as it goes", async () => {
  const { token } = await makeToken(far, { scope: "prompt", sessions: "web" });
  await near.ok(["peer", "add", "far", url, "--token-file", fileWith(token)]);
  expect(await namesOf(near)).toEqual(["far/web"]);
  expect(await near.ok(["send", "far/web", "say allowed", "--wait"])).toBe("allowed\n");
  expect(await near.cli(["show", "far/docs"])).toMatchObject({ code: 3 });
  await near.cli(["send", "far/web", "ask true", "--wait"]);
  for (const args of [
    ["approve", "far/web"],
    ["kill", "far/web"],
    ["new", "far/web2", "-d"],
  ])
    expect(await near.cli(args)).toMatchObject({
      code: 7,
      stderr: expect.stringContaining("far: session/"),
    });
  await far.ok(["deny", "web"]);
  await near.ok(["peer", "rm", "far"]);
});

test("without one it is not even kept", async () => {
  expect(await near.cli(["peer", "add", "far", url])).toMatchObject({ code: 7 });
  expect(await near.cliJson(["peer", "ls"])).toEqual([]);
});

test("a joiner's token is one for the name that it joins as", async () => {
  await near.ok(["new", "own", "-d"]);
  const { token, id } = await makeToken(far, { scope: "prompt", sessions: "laptop/*" });
  const file = fileWith(token);
  const other = await near.cli(["peer", "join", url, "--as", "other", "--token-file", file]);
  expect(other).toMatchObject({ code: 7, stderr: expect.stringContaining("laptop/*") });
  await near.ok(["peer", "join", url, "--as", "laptop", "--token-file", file]);
  await eventually(async () => (await namesOf(far)).includes("laptop/own"), {
    what: "the laptop's session is there",
  });
  expect(await far.ok(["send", "laptop/own", "say over here", "--wait"])).toBe("over here\n");
  await far.ok(["token", "revoke", id]);
  await eventually(
    async () =>
      (await far.cliJson(["ls"])).some(
        (one: { name: string; state: string }) =>
          one.name === "laptop/own" && one.state === "unreachable",
      ),
    { what: "the link ended with its token" },
  );
});

test("a peer's session is had over HTTP, with its events", async () => {
  const here = await createHome({ model });
  try {
    const base = await listenOn(here);
    await here.ok(["peer", "add", "far", `unix://${far.socket}`]);
    const { token } = await makeToken(here, { scope: "prompt", sessions: "far/web" });
    const path = "/v1/sessions/far%2Fweb";
    expect((await ask(base, path, { token })).json.session.name).toBe("far/web");
    expect((await ask(base, "/v1/sessions/far%2Fdocs", { token })).status).toBe(404);
    const stream = await openEvents(base, `${path}/events?after=0`, { token });
    const body = { text: "say streamed", id: "over-http" };
    expect((await ask(base, `${path}/messages`, { method: "POST", token, body })).status).toBe(202);
    const last = await stream.until(
      "the answer",
      ({ data }) => data.params?.id === "over-http" && data.params.status === "finished",
    );
    const seqs = stream.events.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]));
    expect(seqs).toEqual(seqs.map((_, place) => place + 1));
    expect(seqs.at(-1)).toBe(Number(last.id));
    stream.close();
  } finally {
    await here.close();
  }
});
