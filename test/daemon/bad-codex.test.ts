/** A session that can't be is an error that says why, and leaves nothing behind. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { HacsError } from "../../src/protocol/errors.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, type Wanted } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterEach(async () => {
  expect((await connection.call("session/list", { all: true })).sessions).toEqual([]);
  const directory = join(home.dir, "state/default/sessions");
  expect(
    readdirSync(join(home.dir, "state/default")).includes("sessions") ? readdirSync(directory) : [],
  ).toEqual([]);
  expect(readdirSync(join(home.dir, "run/default.agents"))).toEqual([]);
  expect(home.agentPids()).toEqual([]);
});
afterAll(() => home.close());

async function refused(spec: NonNullable<Wanted["spec"]>, more: Wanted = {}): Promise<HacsError> {
  const error = await errorOf(createSession(home, connection, { name: "never", spec, ...more }));
  expect(error.next).toBeTruthy();
  return error;
}

/** A program that calls itself codex. */
function fakeCodex(name: string, lines: string): string {
  const path = join(home.dir, name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("no codex", async () => {
  for (const codex of ["/no/such/codex", home.work, "no-such-codex-on-path"]) {
    expect(await refused({ codex })).toMatchObject({
      code: "codex-missing",
      message: expect.stringContaining(codex),
    });
  }
  const silent = fakeCodex("silent", "exit 0");
  expect(await refused({ codex: silent })).toMatchObject({
    code: "codex-missing",
    message: expect.stringContaining("version"),
  });
  const plain = join(home.dir, "plain");
  writeFileSync(plain, "not executable");
  expect((await refused({ codex: plain })).code).toBe("codex-missing");
});

test("a codex that is too old", async () => {
  const codex = fakeCodex("old", 'echo "codex-cli 0.99.3"');
  expect(await refused({ codex })).toMatchObject({
    code: "codex-too-old",
    message: expect.stringContaining("0.99.3"),
    next: expect.stringContaining("npm install"),
  });
});

const modern = '[ "$1" = --version ] && { echo "codex-cli 9.9.9"; exit; }';

test("a codex that ends at once is told with its last words", async () => {
  const codex = fakeCodex("quitter", `${modern}\necho "Error: no luck today" >&2\nexit 9`);
  const error = await refused({ codex });
  expect(error.code).toBe("codex-failed");
  expect(error.message).toContain("exit code 9");
  expect(error.message).toContain("no luck today");
});

test("a codex that listens and then talks nonsense, or hangs up", async () => {
  const server = `const net = require("node:net");
    const path = process.argv.at(-1).replace("unix://", "");
    net.createServer((stream) => stream.MODE).listen(path);`;
  for (const mode of [
    'end("HTTP/1.1 500 No\\r\\n\\r\\n")',
    "destroy()",
    'write("garbage\\r\\n\\r\\n")',
  ]) {
    writeFileSync(join(home.dir, "server.cjs"), server.replace("MODE", mode));
    const codex = fakeCodex(
      "liar",
      `${modern}\nexec ${process.execPath} ${join(home.dir, "server.cjs")} "$@"`,
    );
    expect(["agent-gone", "codex-failed"]).toContain((await refused({ codex })).code);
  }
});

test("a directory that is not there, or is a file", async () => {
  const file = join(home.dir, "file");
  writeFileSync(file, "");
  for (const cwd of [join(home.dir, "missing"), file]) {
    expect(await refused({ cwd })).toMatchObject({
      code: "directory-missing",
      message: expect.stringContaining(cwd),
    });
  }
  // One that is not absolute begins at the home of who runs the daemon.
  expect(await refused({ cwd: "relative" })).toMatchObject({
    code: "directory-missing",
    message: expect.stringContaining(join(home.dir, "relative")),
  });
});

test("a bad override, profile, model provider", async () => {
  expect((await refused({ overrides: ["nonsense"] })).code).toBe("invalid-override");
  expect((await refused({ overrides: ['model="x'] })).code).toBe("invalid-override");
  expect((await refused({ profile: "absent" })).code).toBe("profile-missing");
  expect((await refused({ profile: "../config" })).code).toBe("profile-missing");
  const provider = await errorOf(
    createSession(home, connection, { spec: { provider: "no-such-provider" } }),
  );
  expect(provider).toMatchObject({
    code: "codex-error",
    message: expect.stringContaining("no-such-provider"),
  });
});

test("a CODEX_HOME whose config is broken is told in codex's own words", async () => {
  const codexHome = join(home.dir, "broken");
  mkdirSync(codexHome);
  writeFileSync(join(codexHome, "config.toml"), "model = \n");
  const error = await errorOf(createSession(home, connection, { spec: { codexHome } }));
  expect(["codex-failed", "codex-error"]).toContain(error.code);
  expect(error.message).toMatch(/config|toml|invalid/i);
});

test("a name is free again after a creation that failed", async () => {
  await refused({ codex: "/no/such/codex" });
  const { id } = await createSession(home, connection, { name: "never" });
  await connection.call("session/kill", { name: "never" });
  await connection.call("session/remove", { name: id });
});
