import { type ChildProcess, spawn } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import { afterEach, expect, test } from "vitest";
import { processesEndingWith } from "../../src/system/process-list.ts";
import { eventually } from "../support/eventually.ts";

const started: ChildProcess[] = [];
afterEach(() => {
  for (const { pid } of started.splice(0)) process.kill(-pid!, "SIGKILL");
});
function start(...args: string[]): number {
  const child = spawn("sh", ["-c", "sleep 600; :", ...args], { detached: true });
  started.push(child);
  return child.pid!;
}

test("processes are found by their last arguments, of these users alone", async () => {
  const word = `argument-of-${process.pid}`;
  const own = [process.getuid?.()];
  const wanted = start("app", "listen", word);
  const others = [
    start("app", word),
    start("app", "listen", word, "more"),
    start("listen app", word),
  ];
  const find = (words: string[], uids = own) => processesEndingWith(words, uids);
  // Between its fork and its exec, sleep is a copy of the shell.
  const found = () => isDeepStrictEqual(find(["app", "listen", word]), [wanted]);
  await eventually(found, { what: "the shell alone is found" });
  await eventually(() => find([word]).length === others.length, { what: "the others are there" });
  expect(find(["app", "listen", word.slice(0, -1)])).toEqual([]);
  expect(find(["app", "listen", word], [987_654])).toEqual([]);
});
