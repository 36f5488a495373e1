/** The checks of `doctor` that look at files, against what the daemon and codex make of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkConfig } from "../../src/cli/doctor/config.ts";
import { examine } from "../../src/cli/doctor/examine.ts";
import { readConfig } from "../../src/daemon/config.ts";
import { codexBinary } from "../support/codex.ts";
import { FakeContext } from "./fake.ts";

const dir = mkdtempSync(join(tmpdir(), "hs-doctor-"));
const configFile = join(dir, "config.json");
afterAll(() => rmSync(dir, { recursive: true }));

function refusalOf(): Error | undefined {
  try {
    readConfig(configFile);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

test.each([
  "{}",
  '{"codex": "/usr/bin/codex"}',
  '{"codex": ""}',
  '{"codex": 7}',
  '{"logLevel": "debug"}',
  '{"logLevel": "loud"}',
  '{"logLevel": null}',
  '{"prefix": "C-a", "notify": false}',
  '{"prefix": "C-m"}',
  '{"prefix": ["C-a"]}',
  '{"notify": "no"}',
  '{"log": "debug"}',
  '{"listen": ["127.0.0.1:9100", "[::1]:0"]}',
  '{"listen": "127.0.0.1:9100"}',
  '{"listen": ["127.0.0.1"]}',
  '{"tlsCert": "/c.pem", "tlsKey": "/k.pem", "behindProxy": ["10.0.0.0/8", "::1"]}',
  '{"tlsCert": "c.pem"}',
  '{"behindProxy": ["proxy.example"]}',
  '{"allowedHosts": ["team.example:8443", "[::1]"], "allowedOrigins": ["https://app.example"]}',
  '{"allowedHosts": ["http://x"]}',
  '{"allowedOrigins": ["*"]}',
  '{"allowedOrigins": ["null"]}',
  '{"allowedOrigins": ["https://app.example/"]}',
  '{"constructor": 1}',
  "[]",
  "null",
  "7",
  "{",
  "",
])("a config file of %j is to doctor what it is to the daemon", (text) => {
  writeFileSync(configFile, text);
  expect(checkConfig({ configFile }).status).toBe(refusalOf() === undefined ? "ok" : "fail");
});

test("doctor knows every member that the daemon knows", () => {
  writeFileSync(configFile, "[]");
  const { next } = refusalOf() as Error & { next: string };
  expect(checkConfig({ configFile }).mend).toContain(next);
});

test("a CODEX_HOME that does not exist fails, with how to make it", async () => {
  const home = join(dir, "no where");
  const env = { ...process.env, CODEX_HOME: home, HACS_SESSION_HOME: dir };
  const findings = await examine(new FakeContext({}, { env }), codexBinary);
  expect(findings.find(({ check }) => check === "login")).toMatchObject({
    status: "fail",
    detail: expect.stringContaining("does not exist"),
    mend: expect.stringContaining(`mkdir -p '${home}' && `),
  });
});
