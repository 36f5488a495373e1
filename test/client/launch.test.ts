/** Starting a daemon on demand: with a stand-in for dist/daemon.cjs that counts how often it runs. */
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectOrStart, startDaemon } from "../../src/client/launch.ts";
import { pathsFor } from "../../src/system/paths.ts";
import { eventually } from "../support/eventually.ts";
import { processesOf, signal } from "../support/processes.ts";
import { runProgram } from "../support/program.ts";

let dir: string;
let choice: { socket: string };
beforeEach(() => {
  dir = mkdtempSync("/tmp/hs-");
  mkdirSync(join(dir, "run"), { mode: 0o700 });
  choice = { socket: join(dir, "run/d.sock") };
  process.env.HACS_SESSION_DIST = dir;
  process.env.HACS_SESSION_HOME = dir;
});
afterEach(async () => {
  delete process.env.HACS_SESSION_DIST;
  delete process.env.HACS_SESSION_HOME;
  await eventually(
    () => {
      const left = processesOf("HACS_SESSION_HOME", dir);
      for (const { pid } of left) signal(pid, "SIGKILL");
      return left.length === 0;
    },
    { what: "no daemon is left" },
  );
  rmSync(dir, { recursive: true });
});

/** Listens after a while, says so, and answers every request as a hello. */
const good = `
setTimeout(() => {
  const socket = process.argv[process.argv.indexOf("--socket") + 1];
  require("node:net").createServer((stream) => {
    stream.on("error", () => {});
    stream.on("data", (data) => {
      for (const line of String(data).trim().split("\\n"))
        stream.write(JSON.stringify({ id: JSON.parse(line).id, result: { protocol: 1 } }) + "\\n");
    });
  }).listen(socket, () => fs.writeSync(3, "ready\\n"));
}, 150);`;

function daemonIs(script: string): void {
  const start = `const fs = require("node:fs"); fs.appendFileSync(${JSON.stringify(join(dir, "starts"))}, "x");`;
  writeFileSync(join(dir, "daemon.cjs"), `${start}\n${script}`);
}
const starts = () => readFileSync(join(dir, "starts"), "utf8").length;

test("any number of commands that race start one daemon, and all are connected", async () => {
  daemonIs(good);
  const racers = Array.from({ length: 12 }, () => connectOrStart(choice, "cli"));
  for (const connection of await Promise.all(racers)) connection.close();
  expect(starts()).toBe(1);
  (await connectOrStart(choice, "cli")).close();
  expect(starts()).toBe(1);
});

test("a daemon that says why it can't start is the error, and the next command may try again", async () => {
  const error = {
    message: "The state is newer.",
    data: { code: "state-newer", next: "Update hacs-session." },
  };
  daemonIs(`fs.writeSync(3, ${JSON.stringify(`${JSON.stringify(error)}\n`)}); process.exit(1);`);
  await expect(connectOrStart(choice, "cli")).rejects.toMatchObject({
    code: "state-newer",
    message: "The state is newer.",
    next: "Update hacs-session.",
  });
  daemonIs(good);
  (await connectOrStart(choice, "cli")).close();
});

test.each([
  ["dies without a word", "process.exit(3);"],
  ["says what nobody understands", 'fs.writeSync(3, "Segmentation fault\\n"); process.exit(1);'],
])("a daemon that %s is reported with what to do", async (_, script) => {
  daemonIs(script);
  await expect(connectOrStart(choice, "cli")).rejects.toMatchObject({
    code: "daemon-failed",
    exitCode: 6,
    next: expect.stringContaining("hacs-session daemon run"),
  });
});

test("a starter that died does not keep the others from starting", async () => {
  daemonIs(good);
  const marker = `${choice.socket}.starting`;
  writeFileSync(marker, "");
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(marker, longAgo, longAgo);
  (await connectOrStart(choice, "cli")).close();
  expect(starts()).toBe(1);
});

test("a daemon that keeps its report open does not keep the command alive", async () => {
  daemonIs(good);
  const script = `
    import { startDaemon } from ${JSON.stringify(join(import.meta.dirname, "../../src/client/launch.ts"))};
    import { pathsFor } from ${JSON.stringify(join(import.meta.dirname, "../../src/system/paths.ts"))};
    await startDaemon(${JSON.stringify(choice)}, pathsFor(${JSON.stringify(choice)}));
    console.log("started");`;
  const outcome = await runProgram(process.execPath, ["--input-type=module", "-e", script]);
  expect(outcome).toMatchObject({ code: 0, stdout: "started\n" });
});

test("a daemon that shuts down is waited for, and then the next is started", async () => {
  // The first two find the lock taken, as long as the one before them lives.
  const busy = { message: "Another daemon holds it.", data: { code: "daemon-running" } };
  daemonIs(`
    if (fs.readFileSync(${JSON.stringify(join(dir, "starts"))}, "utf8").length < 3) {
      fs.writeSync(3, ${JSON.stringify(`${JSON.stringify(busy)}\n`)});
      process.exit(1);
    }
    fs.rmSync(${JSON.stringify(choice.socket)});
    ${good}`);
  const dead = net.createServer((stream) => stream.destroy()).listen(choice.socket);
  await once(dead, "listening");
  (await connectOrStart(choice, "cli")).close();
  dead.close();
  expect(starts()).toBe(3);
});

test("a directory that -S names is not made", async () => {
  daemonIs(good);
  const typo = { socket: join(dir, "rnu/d.sock") };
  await expect(connectOrStart(typo, "cli")).rejects.toMatchObject({
    code: "daemon-unreachable",
    exitCode: 6,
    next: expect.stringContaining(`mkdir -m 700 "${join(dir, "rnu")}"`),
  });
  expect(existsSync(join(dir, "rnu"))).toBe(false);
});

test("options go on to the daemon", async () => {
  daemonIs(
    `${good}\nfs.writeFileSync(${JSON.stringify(join(dir, "args"))}, process.argv.slice(2).join(" "));`,
  );
  await startDaemon(choice, pathsFor(choice), ["--extra"]);
  expect(readFileSync(join(dir, "args"), "utf8")).toBe(`--socket ${choice.socket} --extra`);
});
