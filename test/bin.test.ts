/** The launcher, in a tree of its own. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "./support/codex.ts";

let dir: string;
let launcher: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hs-bin-"));
  launcher = join(dir, "bin/hacs-session");
  mkdirSync(join(dir, "bin"));
  cpSync(join(root, "bin/hacs-session"), launcher);
});
afterEach(() => rmSync(dir, { recursive: true }));

test("where nothing is built yet it says what to do", () => {
  const { status, stderr } = spawnSync(launcher, ["ls"], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "hacs-session: it is not built yet. In its directory, run: npm ci\n",
  });
});

test("through links, and with words as they are, it runs what is built", () => {
  mkdirSync(join(dir, "dist"));
  writeFileSync(join(dir, "dist/cli.cjs"), "console.log(JSON.stringify(process.argv.slice(2)));");
  symlinkSync("bin/hacs-session", join(dir, "one"));
  symlinkSync(join(dir, "one"), join(dir, "two"));
  const words = ["send", "a b", "", "$HOME *", "--", "'"];
  const env = { ...process.env, PATH: `${join(process.execPath, "..")}:${process.env.PATH}` };
  const printed = execFileSync(join(dir, "two"), words, { encoding: "utf8", env });
  expect(JSON.parse(printed)).toEqual(words);
});
