import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codexVersionMin, compareVersions, locateCodex } from "../../src/system/codex-binary.ts";
import { codexBinary, root } from "../support/codex.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync("/tmp/hs-");
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A program of this name that says that it is this version. */
function fake(name: string, version: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\necho "codex-cli ${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}
const env = () => ({ PATH: `${dir}:/usr/bin:/bin` });
const withCode = (code: string) => expect.objectContaining({ code });

test("the one that is named comes first, as a path or a name", async () => {
  const given = fake("mine", "9.9.9");
  expect(await locateCodex({ given, env: env() })).toMatchObject({ path: given, version: "9.9.9" });
  expect((await locateCodex({ given: "mine", env: env() })).path).toBe(given);
});

test("then the one on PATH, then the package beside the program", async () => {
  const found = fake("codex", "9.9.8");
  expect((await locateCodex({ env: env() })).path).toBe(found);
  rmSync(found);
  expect((await locateCodex({ env: env() })).path).toBe(codexBinary);
});

test("npm's launcher is passed over for the binary behind it", async () => {
  symlinkSync(join(root, "node_modules/@openai/codex/bin/codex.js"), join(dir, "codex"));
  expect((await locateCodex({ env: env() })).path).toBe(codexBinary);
});

test("the pinned codex is new enough", async () => {
  const { version } = await locateCodex({ given: codexBinary, env: env() });
  expect(compareVersions(version, codexVersionMin)).toBeGreaterThanOrEqual(0);
});

test("what is missing, no program, too old or silent is refused with what helps", async () => {
  const missing = withCode("codex-missing");
  await expect(locateCodex({ given: "/no/such", env: env() })).rejects.toThrow(missing);
  await expect(locateCodex({ given: "no-such", env: env() })).rejects.toThrow(missing);
  mkdirSync(join(dir, "folder"));
  await expect(locateCodex({ given: join(dir, "folder"), env: env() })).rejects.toThrow(missing);
  await expect(locateCodex({ given: fake("mute", ""), env: env() })).rejects.toThrow(missing);
  const old = locateCodex({ given: fake("old", "0.1.0"), env: env() });
  await expect(old).rejects.toThrow(withCode("codex-too-old"));
});

test.each([
  ["0.169.0", "0.169.0", 0],
  ["0.169.0", "0.170.0", -1],
  ["0.169.10", "0.169.9", 1],
  ["1.0.0", "0.999.999", 1],
  ["0.170.0-alpha.1", "0.170.0", 0],
])("%s against %s", (a, b, order) => {
  expect(Math.sign(compareVersions(a, b))).toBe(order);
});
