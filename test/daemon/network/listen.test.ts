/** Where the daemon listens, and where it will not. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listenAddresses, parseListen } from "../../../src/daemon/network/listen-rules.ts";
import { HacsError } from "../../../src/protocol/errors.ts";
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

  test("with TLS listens anywhere, and speaks nothing else there", async () => {
    const tls = certificate(home);
    const url = await listenOn(home, "--listen", "0.0.0.0:0", ...tls.args);
    expect(url).toMatch(/^https:\/\/0\.0\.0\.0:/);
    const { port } = new URL(url);
    const at = `https://localhost:${port}`;
    const { token } = await makeToken(home);
    const { ca } = tls;
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

function certificate(home: Home): { args: string[]; ca: string } {
  const [cert, key, config] = ["cert.pem", "key.pem", "openssl.cnf"].map((name) =>
    join(home.dir, name),
  ) as [string, string, string];
  writeFileSync(config, "[req]\ndistinguished_name=dn\n[dn]\n");
  execFileSync(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1".split(" "),
      ...["-config", config, "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ...["-keyout", key, "-out", cert],
    ],
    { stdio: "ignore" },
  );
  return { args: ["--tls-cert", cert, "--tls-key", key], ca: readFileSync(cert, "utf8") };
}
