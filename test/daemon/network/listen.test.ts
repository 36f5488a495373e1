/** Where the daemon listens, and where it will not. */
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listenAddresses, parseListen } from "../../../src/daemon/network/listen-rules.ts";
import { HacsError } from "../../../src/protocol/errors.ts";
import { makeCertificate } from "../../support/certificate.ts";
import { eventually, within } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn, makeToken, openWeb } from "../../support/port.ts";

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof HacsError) return error.code;
    throw error;
  }
};

test.each<[string, string | undefined]>([
  ["127.0.0.1:9100", undefined],
  ["127.8.9.10:1", undefined],
  ["localhost:0", undefined],
  ["[::1]:65535", undefined],
  ["0.0.0.0:9100", "listen-unsafe"],
  ["[::]:9100", "listen-unsafe"],
  ["10.0.0.1:9100", "listen-unsafe"],
  ["192.168.1.2:9100", "listen-unsafe"],
  ["[2001:db8::1]:9100", "listen-unsafe"],
  ["[::ffff:10.0.0.1]:9100", "listen-unsafe"],
  ["[::ffff:127.0.0.1]:9100", undefined],
  ["127.0.0.1", "invalid-usage"],
  [":9100", "invalid-usage"],
  ["9100", "invalid-usage"],
  ["127.0.0.1:65536", "invalid-usage"],
  ["::1:9100", "invalid-usage"],
  ["evil.example:9100", "invalid-usage"],
  ["127.0.0.256:1", "invalid-usage"],
  ["127.1:1", "invalid-usage"],
  ["", "invalid-usage"],
])("to listen on %j: %s", (address, code) => {
  const options = { listen: [address], behindProxy: [], allowedHosts: [], allowedOrigins: [] };
  expect(codeOf(() => listenAddresses(options))).toBe(code);
  if (code !== "listen-unsafe") return;
  expect(parseListen(address).port).toBe(9100);
  for (const more of [{ tlsCert: "/c", tlsKey: "/k" }, { behindProxy: ["10.0.0.2"] }])
    expect(codeOf(() => listenAddresses({ ...options, ...more }))).toBe(undefined);
  expect(codeOf(() => listenAddresses({ ...options, tlsCert: "/c" }))).toBe("invalid-usage");
});

/** An address of this machine's that is not loopback. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === "IPv4" && !one.internal)?.address;

describe("a daemon", () => {
  let home: Home;
  beforeEach(async () => {
    home = await createHome();
  });
  afterEach(() => home.close());

  test("has no port unless told so, and says where it has one", async () => {
    expect((await home.cliJson(["daemon", "start"])).listen).toEqual([]);
    const outcome = await home.cli(["daemon", "start", "--listen", "127.0.0.1:0"]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("daemon restart") });
    const { listen } = await home.cliJson(["daemon", "restart", "--listen", "127.0.0.1:0"]);
    expect(listen).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)]);
    expect(await home.ok(["daemon", "status"])).toContain(listen[0]);
    const again = await home.cli(["daemon", "start", "--listen", listen[0].slice(7)]);
    expect(again.code).toBe(0);
    expect((await ask(listen[0], "/healthz")).status).toBe(200);
  });

  test("listens as its config file says", async () => {
    home.configure({ listen: ["127.0.0.1:0", "[::1]:0"] });
    const { listen } = await home.cliJson(["daemon", "start"]);
    expect(listen).toHaveLength(2);
    for (const url of listen) expect((await ask(url, "/healthz")).status).toBe(200);
    // Another daemon has the same config file, and could not have the same address.
    expect((await home.cliJson(["-L", "other", "daemon", "start"])).listen).toEqual([]);
  });

  test.each([
    [{ listen: ["127.0.0.1"] }],
    [{ allowedHosts: ["http://x"] }],
    [{ allowedOrigins: ["*"] }],
    [{ allowedOrigins: ["null"] }],
    [{ allowedOrigins: ["https://app.example/"] }],
    [{ behindProxy: ["proxy.example"] }],
    [{ tlsCert: "relative.pem" }],
  ])("with the config %j does not start", async (config) => {
    home.configure(config);
    const outcome = await home.cli(["daemon", "start"]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("config") });
  });

  test("does not start on what others could read, and says why", async () => {
    for (const address of ["0.0.0.0:0", "[::]:0"]) {
      const outcome = await home.cli(["daemon", "start", "--listen", address]);
      expect(outcome.code).toBe(2);
      expect(outcome.stderr).toContain("not loopback");
      expect(outcome.stderr).toContain("--tls-cert");
      await eventually(() => home.daemonPids().length === 0, { what: "it ended" });
    }
  });

  test("does not start on an address that is taken, nor without its certificate", async () => {
    const taken = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as net.AddressInfo;
    const outcome = await home.cli(["daemon", "start", "--listen", `127.0.0.1:${port}`]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("EADDRINUSE") });
    taken.close();
    const tls = ["--tls-cert", "nowhere.pem", "--tls-key", "nowhere.pem"];
    const other = await home.cli(["daemon", "start", "--listen", "0.0.0.0:0", ...tls]);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("nowhere.pem") });
    await eventually(() => home.daemonPids().length === 0, { what: "it ended" });
  });

  test("that would not start again is not stopped for it", async () => {
    const taken = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as net.AddressInfo;
    const { pid, listen } = await home.cliJson(["daemon", "start", "--listen", "127.0.0.1:0"]);
    const own = new URL(listen[0]).port;
    const bad: [string[], RegExp][] = [
      [["--listen", "nonsense"], /IP:PORT/],
      [["--listen", "0.0.0.0:0"], /not loopback/],
      [["--listen", `127.0.0.1:${port}`], /EADDRINUSE/],
      [["--listen", "127.0.0.1:0", "--tls-cert", "nowhere.pem"], /both --tls-cert/],
      [["--listen", "127.0.0.1:0", "--behind-proxy", "proxy.example"], /A proxy is/],
      [
        ["--tls-cert", "nowhere.pem", "--tls-key", "nowhere.pem", "--listen", "127.0.0.1:0"],
        /nowhere\.pem/,
      ],
    ];
    for (const [args, said] of bad) {
      const outcome = await home.cli(["daemon", "restart", ...args]);
      expect([args, outcome.code === 0, outcome.stderr]).toEqual([
        args,
        false,
        expect.stringMatching(said),
      ]);
    }
    home.configure({ listen: ["nonsense"] });
    expect((await home.cli(["daemon", "restart"])).stderr).toContain("config");
    home.configure({});
    expect(await home.cliJson(["daemon", "status"])).toMatchObject({ pid, listen });
    // What it has itself is free once it is gone.
    const again = await home.cliJson(["daemon", "restart", "--listen", `127.0.0.1:${own}`]);
    expect(again.listen).toEqual(listen);
    expect(again.pid).not.toBe(pid);
    taken.close();
  });

  test("that is started again listens as before, whoever starts it, until it is stopped", async () => {
    const first = await home.cliJson(["daemon", "start", "--listen", "127.0.0.1:0"]);
    const { port } = new URL(first.listen[0]);
    const given = ["--listen", `127.0.0.1:${port}`];
    const { listen } = await home.cliJson(["daemon", "restart", ...given]);
    const same = async () =>
      expect((await home.cliJson(["daemon", "status"])).listen).toEqual(listen);
    await home.killDaemon();
    // It is started by a command that is not about it.
    await home.ok(["ls"]);
    await same();
    await home.ok(["daemon", "restart"]);
    await same();
    await home.ok(["daemon", "stop", "--keep"]);
    await home.ok(["ls"]);
    await same();
    // What is written for good goes before that.
    home.configure({ listen: ["[::1]:0"] });
    await home.ok(["daemon", "restart"]);
    const written = (await home.cliJson(["daemon", "status"])).listen;
    expect(written).toEqual([expect.stringContaining("[::1]")]);
    home.configure({});
    await home.ok(["daemon", "restart"]);
    await same();
    const stopped = await home.cli(["daemon", "stop"]);
    expect(stopped.stderr).toContain(`daemon start ${given.join(" ")}`);
    await home.ok(["ls"]);
    expect((await home.cliJson(["daemon", "status"])).listen).toEqual([]);
  });

  test("says whose wish it was where it can't listen as before, and how to go on", async () => {
    const taken = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as net.AddressInfo;
    await home.ok(["daemon", "start", "--listen", "127.0.0.1:0"]);
    await home.killDaemon();
    // Its port, as it happens, is another program's now.
    const kept = join(home.dir, "state/default/started-with.json");
    expect(JSON.parse(readFileSync(kept, "utf8"))).toEqual({ listen: ["127.0.0.1:0"] });
    writeFileSync(kept, JSON.stringify({ listen: [`127.0.0.1:${port}`] }));
    const outcome = await home.cli(["ls"]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("the last daemon") });
    await home.ok(["daemon", "stop"]);
    await home.ok(["ls"]);
    taken.close();
  });

  test("takes a renewed certificate on SIGHUP, and keeps the old one where that is none", async () => {
    const made = makeCertificate(home.dir);
    const url = await listenOn(home, "--listen", "127.0.0.1:0", ...made.args);
    const { cert } = made;
    const before = await certificateAt(url);
    const { pid } = await home.cliJson(["daemon", "status"]);
    const findings: { check: string }[] = await home.cliJson(["doctor"]);
    // It is made for a day.
    expect(findings.find(({ check }) => check === "certificate")).toMatchObject({
      status: "warn",
      detail: expect.stringContaining(`${url}'s is good until `),
      mend: expect.stringContaining(`kill -HUP ${pid}`),
    });
    writeFileSync(cert, "no certificate");
    process.kill(pid, "SIGHUP");
    await eventually(() => /the one from before stays/.test(home.daemonLog()), {
      what: "it says so",
    });
    expect(await certificateAt(url)).toBe(before);
    makeCertificate(home.dir);
    process.kill(pid, "SIGHUP");
    await eventually(async () => (await certificateAt(url)) !== before, { what: "the new one" });
    expect((await home.cliJson(["daemon", "status"])).pid).toBe(pid);
  });

  test("with TLS listens anywhere, and speaks nothing else there", async () => {
    const made = makeCertificate(home.dir);
    const url = await listenOn(home, "--listen", "0.0.0.0:0", ...made.args);
    expect(url).toMatch(/^https:\/\/0\.0\.0\.0:/);
    const { port } = new URL(url);
    const at = `https://localhost:${port}`;
    const { token } = await makeToken(home);
    const { ca } = made;
    expect((await ask(at, "/v1/sessions", { token, ca })).status).toBe(200);
    const client = await openWeb(at, { token, ca });
    expect((await client.hello()).result.protocol).toBe(1);
    client.close();
    await expect(ask(`http://127.0.0.1:${port}`, "/v1/sessions", { token })).rejects.toThrow();
    await expect(openWeb(`http://127.0.0.1:${port}`, { token })).rejects.toThrow();
    // Who does not get on with the handshake is not waited for.
    const mute = net.connect(Number(port), "127.0.0.1");
    mute.on("error", () => {});
    await within(new Promise((resolve) => mute.once("close", resolve)), { what: "it is cut" });
  });

  test.skipIf(outside === undefined)(
    "behind a proxy lets nobody else connect from another address",
    async () => {
      const url = await listenOn(home, "--listen", "0.0.0.0:0", "--behind-proxy", "127.0.0.9");
      const { token } = await makeToken(home);
      const { port } = new URL(url);
      // On a machine's own other address it is seen to come from there, as from another machine.
      await expect(ask(`http://${outside}:${port}`, "/v1/sessions", { token })).rejects.toThrow(
        /hang up|ECONNRESET/,
      );
      await expect(openWeb(`http://${outside}:${port}`, { token })).rejects.toThrow();
      expect((await ask(`http://127.0.0.1:${port}`, "/v1/sessions", { token })).status).toBe(200);
    },
  );
});

/** The serial number of what the server shows. */
function certificateAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const shown = new Promise<string>((resolve, reject) => {
    const socket = tls.connect(
      { host: hostname, port: Number(port), rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });
  return within(shown, { what: "a certificate is shown" });
}
