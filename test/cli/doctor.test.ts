/** The checks of `doctor` that look at files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { validity } from "../../src/cli/doctor/certificate.ts";
import { examine } from "../../src/cli/doctor/examine.ts";
import { pathsFor } from "../../src/system/paths.ts";
import { codexBinary } from "../support/codex.ts";
import { FakeContext } from "./fake.ts";

const dir = mkdtempSync(join(tmpdir(), "hs-doctor-"));
afterAll(() => rmSync(dir, { recursive: true }));

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

test("a config file that the daemon would not take fails with the same words", async () => {
  const env = { ...process.env, HACS_SESSION_HOME: dir };
  const { configFile } = pathsFor({}, env);
  const finding = async () => {
    const findings = await examine(new FakeContext({}, { env }), codexBinary);
    return findings.find(({ check }) => check === "config");
  };
  expect(await finding()).toMatchObject({ status: "ok", detail: expect.stringContaining("none") });
  mkdirSync(dirname(configFile), { recursive: true });
  writeFileSync(configFile, '{"log": "debug"}');
  expect(await finding()).toMatchObject({
    status: "fail",
    detail: expect.stringContaining('there is no member "log"'),
    mend: expect.stringContaining("codex, logLevel, prefix"),
  });
});

test("a certificate is told to be over before somebody finds out", () => {
  const at = (day: string) => Date.parse(`2026-${day}T12:00:00Z`);
  const on = (now: string) =>
    validity("https://h:1", at("02-01"), at("05-01"), at(now), "Renew it");
  expect(on("03-01")).toMatchObject({
    status: "ok",
    detail: "https://h:1's is good until 2026-05-01",
  });
  expect(on("04-20")).toMatchObject({ status: "warn", mend: "Renew it" });
  const over = { status: "fail", detail: expect.stringContaining("is over since 2026-05-01") };
  expect(on("05-02")).toMatchObject(over);
  const early = { status: "fail", detail: expect.stringContaining("begins on 2026-02-01") };
  expect(on("01-31")).toMatchObject(early);
});
