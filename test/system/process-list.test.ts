import { spawn } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { processesWithArgument } from "../../src/system/process-list.ts";
import { eventually } from "../support/eventually.ts";

test("processes are found by one whole argument", async () => {
  const argument = `argument-of-${process.pid}`;
  const sleeper = spawn("sh", ["-c", "sleep 600; :", argument], { detached: true });
  try {
    // Between its fork and its exec, sleep is a copy of the shell.
    const found = () => isDeepStrictEqual(processesWithArgument(argument), [sleeper.pid]);
    await eventually(found, { what: "the shell alone is found" });
    expect(processesWithArgument(argument.slice(0, -1))).toEqual([]);
  } finally {
    process.kill(-sleeper.pid!, "SIGKILL");
  }
  const gone = () => processesWithArgument(argument).length === 0;
  await eventually(gone, { what: "neither the shell nor its copy is found" });
});
