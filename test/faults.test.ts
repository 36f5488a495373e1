/** docs/faults.md names a test for every fault: each of them is there, by its file and its name. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./support/codex.ts";

const page = readFileSync(join(root, "docs/faults.md"), "utf8");

/** `test/…` "words", "more words"; and the next file. */
function named(): { file: string; words: string }[] {
  const files = page.matchAll(/`(test\/[^`]+\.test\.tsx?)`((?:,? ?"[^"]+")*)/g);
  return [...files].flatMap(([, file = "", names = ""]) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, words = ""]) => ({ file, words })),
  );
}

test("every test that it names is there", () => {
  const missing = named().filter(({ file, words }) => {
    const path = join(root, file);
    return !existsSync(path) || !readFileSync(path, "utf8").includes(words);
  });
  expect(missing).toEqual([]);
  expect(named().length).toBeGreaterThan(80);
});

test("every row has a test, or says why there is none", () => {
  const rows = page
    .split("\n")
    .filter((line) => /^\| (?!-|fault |promise |attack |wound )/.test(line));
  const bare = rows.filter((row) => !/`test\//.test(row) && !/ see |the rows below/.test(row));
  expect(bare).toEqual([]);
});
