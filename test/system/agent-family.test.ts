/** Which processes belong to an agent, and that nothing of them is left, with real ones. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { AgentFamily } from "../../src/system/agent-family.ts";
import { endFamily } from "../../src/system/end-family.ts";
import { statFields } from "../../src/system/process-identity.ts";
import { root } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { listProcesses, signal } from "../support/processes.ts";

const started: ChildProcess[] = [];
/** An argument that no other program on the machine has: whoever has it is ended after the test. */
let word = "";
afterEach(() => {
  for (const { pid } of listProcesses().filter(({ argv }) => argv.includes(word)))
    signal(pid, "SIGKILL");
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

const socket = "/tmp/none/0123.sock";
const mark = (session: string) => ({ session, socket });
const loop = "while :; do sleep 1; done";

function start(script: string, env: Record<string, string> = {}): ChildProcess {
  const child = spawn("sh", ["-c", script, word], {
    env: { PATH: process.env.PATH, ...env },
    detached: true,
    stdio: "ignore",
  });
  started.push(child);
  return child;
}
const withWord = () => listProcesses().filter(({ argv }) => argv.includes(word));
const running = (count: number) =>
  eventually(() => withWord().length >= count, { what: `${count} run` });

test("what is marked belongs, and what came of it, by ancestors and by login session", async () => {
  word = "family-1";
  const inner = `sh -c "${loop}" ${word}`;
  start(
    `env -i PATH="$PATH" ${inner} & env -i PATH="$PATH" setsid ${inner} & (env -i PATH="$PATH" ${inner} &); ${loop}`,
    { HACS_SESSION_ID: "f1" },
  );
  start(loop, { HACS_SESSION_ID: "f1x" });
  start(loop, { OTHER: "HACS_SESSION_ID=f1" });
  await running(6);
  const family = new AgentFamily([mark("f1")]);
  const commands = family.look().filter(({ command }) => command.includes(word));
  expect(commands).toHaveLength(4);
  const { left, ended } = await endFamily(family);
  expect(left).toEqual([]);
  expect(ended).toBeGreaterThanOrEqual(4);
  expect(withWord()).toHaveLength(2);
});

test("what was seen once belongs when its ancestors are gone, with what it starts since", async () => {
  word = "family-2";
  const orphan = `env -i PATH="$PATH" setsid sh -c "while :; do sleep 1; setsid sleep 3 & done" ${word}`;
  const parent = start(`${orphan} & ${loop}`, { HACS_SESSION_ID: "f2" });
  await running(2);
  const family = new AgentFamily([mark("f2")]);
  family.look();
  parent.kill("SIGKILL");
  await eventually(() => withWord().length === 1, { what: "the orphan alone is left" });
  // Without having been seen it could not be told from others.
  expect(new AgentFamily([mark("f2")]).look().some(({ command }) => command.includes(word))).toBe(
    false,
  );
  expect((await endFamily(family)).left).toEqual([]);
  expect(withWord()).toEqual([]);
});

test("an agent's own command line is known, and that of others who name its socket is not", async () => {
  word = "family-3";
  const line = (...args: string[]) => {
    const child = spawn("sh", ["-c", loop, ...args], { detached: true, stdio: "ignore" });
    started.push(child);
    return child.pid!;
  };
  const agent = line("app-server", "--listen", `unix://${socket}`);
  const others = [
    line("app-server", `unix://${socket}`),
    line("grep", `app-server --listen unix://${socket}`),
    line("app-server", "--listen", `unix://${socket}.other`),
  ];
  await eventually(() => listProcesses().some(({ pid }) => pid === others.at(-1)), { what: "all" });
  const found = new AgentFamily([mark("f3")]).look().map(({ pid }) => pid);
  expect(found).toContain(agent);
  for (const pid of others) expect(found).not.toContain(pid);
});

test("it never names who asks", () => {
  word = "family-4";
  const own = process.env.HACS_SESSION_ID;
  expect(new AgentFamily([mark(own ?? "f4")]).look().some(({ pid }) => pid === process.pid)).toBe(
    false,
  );
});

/** Debian's has threads; where there is none, or another, these can't be made. */
const perl = spawnSync("perl", ["-Mthreads", "-MPOSIX", "-e", "1"]).status === 0;
if (!perl) console.warn("agent-family.test.ts is left out in part: there is no perl with threads.");

const startPerl = (script: string, env: Record<string, string>) => {
  const child = spawn("perl", ["-e", script, word], {
    env: { PATH: process.env.PATH, ...env },
    detached: true,
    stdio: "ignore",
  });
  started.push(child);
  return child.pid!;
};

test.skipIf(!perl)(
  "one whose first thread has ended, and looks dead, is found and ended",
  async () => {
    word = "family-5";
    // exit(2), and not exit_group(2).
    const number = process.arch === "x64" ? 60 : 93;
    const pid = startPerl(
      `use threads; threads->create(sub { select undef, undef, undef, 0.1 while 1 }); syscall(${number}, 0)`,
      { HACS_SESSION_ID: "f5" },
    );
    await eventually(() => statFields(pid)[0] === "Z", { what: "its first thread has ended" });
    const { ended, left } = await endFamily(new AgentFamily([mark("f5")]));
    expect([ended, left]).toEqual([1, []]);
    await eventually(() => started.at(-1)?.signalCode === "SIGKILL", { what: "it is gone" });
  },
);

test.skipIf(!perl).each([
  ["in one group", ""],
  ["in a login session of its own each", "POSIX::setsid();"],
])(
  "one that starts its successor and ends, again and again, %s, is caught",
  async (_, leave) => {
    word = `family-6-${leave.length}`;
    const beat = join(mkdtempSync("/tmp/hs-"), "beat");
    // It is gone by itself after a minute, should it get away.
    startPerl(
      `use POSIX; my $end = time + 60; while (time < $end) { my $next = fork; POSIX::_exit(0) if $next; ${leave} open(my $to, ">", "${beat}"); }`,
      { HACS_SESSION_ID: "f6" },
    );
    await eventually(() => existsSync(beat), { what: "it runs" });
    const { left } = await endFamily(new AgentFamily([mark("f6")]));
    expect(left).toEqual([]);
    rmSync(beat, { force: true });
    // Hundreds of them would have been born meanwhile.
    for (let i = 0; i < 20; i++) {
      new AgentFamily([mark("f6")]).look();
      expect(existsSync(beat)).toBe(false);
    }
    rmSync(dirname(beat), { recursive: true });
  },
  60_000,
);

test("who asks is no parent of the family, even with its mark", () => {
  const script = `
    const { spawn } = await import("node:child_process");
    const { AgentFamily } = await import(${JSON.stringify(join(root, "src/system/agent-family.ts"))});
    const child = spawn("sleep", ["600"], { env: {}, detached: true });
    const family = new AgentFamily([{ session: "f7", socket: "/tmp/none" }]);
    console.log(family.look().length);
    child.kill("SIGKILL");`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { PATH: process.env.PATH, HACS_SESSION_ID: "f7" },
    encoding: "utf8",
  });
  expect(stdout.trim()).toBe("0");
});
