/** Who starts programs for the daemon, and that what was started is nobody's to lose. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Order } from "../../../src/daemon/starter/start.ts";
import { HelperLost, Starter } from "../../../src/daemon/starter/starter.ts";
import { identify, statFields } from "../../../src/system/process-identity.ts";
import { root } from "../../support/codex.ts";
import { eventually } from "../../support/eventually.ts";
import { isRunning, readProcess, signal, whenGone } from "../../support/processes.ts";

const never = 2 ** 31 - 1;
const patient = { burstMs: never, idleMs: never, answerMs: never };
const env = { PATH: "/usr/bin:/bin", HACS_TEST: "yes" };

let dir: string;
let left: number[];
beforeEach(() => {
  vi.stubEnv("HACS_SESSION_DIST", join(root, "dist"));
  dir = mkdtempSync(join(tmpdir(), "hs-starter-"));
  left = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  for (const pid of left) signal(pid, "SIGKILL");
  await Promise.all(left.map(whenGone));
  rmSync(dir, { recursive: true });
});

const lasting = (said = ""): Order => ({
  program: ["/bin/sh", "-c", `echo "${said}" "$HACS_TEST" "$PWD"; exec sleep 600`],
  cwd: dir,
  env,
  stdio: { log: join(dir, "log") },
});
const passing = (line: string): Order => ({
  program: ["/bin/sh", "-c", line],
  cwd: dir,
  env,
  stdio: { input: "told\n" },
});

async function startLasting(starter: Starter, said?: string): Promise<number> {
  const { identity } = await starter.start(lasting(said));
  const pid = identity!.pid;
  expect(identity).toEqual(identify(pid));
  left.push(pid);
  return pid;
}

/** One that has had so much to start that it has a helper; gives that one's pid. */
async function busy(times: Partial<typeof patient> = {}): Promise<[Starter, number]> {
  const starter = new Starter({ ...patient, ...times });
  for (let i = 0; i < 2; i++) await startLasting(starter);
  const helper = await eventually(() => starter.helperPid, { what: "there is a helper" });
  left.push(helper);
  return [starter, helper];
}

test("who is first is started here, and what follows by a helper", async () => {
  const starter = new Starter(patient);
  const first = await startLasting(starter);
  expect(readProcess(first)?.ppid).toBe(process.pid);
  expect(starter.helperPid).toBeUndefined();
  await startLasting(starter);
  const helper = await eventually(() => starter.helperPid, { what: "there is a helper" });
  left.push(helper);
  expect(readProcess(helper)?.ppid).toBe(process.pid);

  // The daemon alone ends it.
  for (const name of ["SIGHUP", "SIGINT", "SIGTERM"] as const) signal(helper, name);
  const third = await startLasting(starter, "third");
  expect(readProcess(third)?.ppid).toBe(helper);
  // A login session and a group of its own.
  const [, , group, session] = statFields(third).map(Number);
  expect([group, session]).toEqual([third, third]);
  await eventually(() => readFileSync(join(dir, "log"), "utf8").includes(`third yes ${dir}\n`), {
    what: "it says in its log what it was given",
  });
});

test("starts that are far apart take no helper", async () => {
  const starter = new Starter({ ...patient, burstMs: 0 });
  for (let i = 0; i < 3; i++) await startLasting(starter);
  await new Promise((resolve) => setImmediate(resolve));
  expect(starter.helperPid).toBeUndefined();
});

test.each(["the daemon", "a helper"])("%s tells how it ended, and what it said", async (who) => {
  const starter = who === "a helper" ? (await busy())[0] : new Starter({ ...patient, burstMs: 0 });
  const ended = async (line: string) => (await starter.start(passing(line))).ended;
  expect(await ended("read -r line; echo $line >&2; exit 3")).toEqual({
    code: 3,
    signal: null,
    said: "told\n",
  });
  expect(await ended("kill -9 $$")).toMatchObject({ code: null, signal: "SIGKILL" });
  const none = await starter.start({ ...passing(""), program: ["/no/such/program"] });
  expect(none.identity).toBeUndefined();
  expect(await none.ended).toMatchObject({ error: expect.stringContaining("ENOENT") });
  const impossible = await starter.start({ ...passing(""), program: ["/bin/echo", "\0"] });
  expect(await impossible.ended).toMatchObject({ error: expect.stringContaining("null bytes") });
});

test("a helper that is killed takes nothing with it, and is followed by another", async () => {
  const [starter, helper] = await busy();
  const pid = await startLasting(starter);
  const waited = await starter.start(passing("exec sleep 600"));
  left.push(waited.identity!.pid);
  signal(helper, "SIGKILL");
  await expect(waited.ended).rejects.toThrow(HelperLost);
  expect(isRunning(pid)).toBe(true);
  const here = await startLasting(starter);
  expect(readProcess(here)?.ppid).toBe(process.pid);
  left.push(await eventually(() => starter.helperPid, { what: "there is another" }));
});

test("one that hangs is given up, and what was ordered of it is in doubt", async () => {
  const [starter, helper] = await busy({ answerMs: 1 });
  signal(helper, "SIGSTOP");
  await expect(starter.start(lasting())).rejects.toThrow(HelperLost);
  await whenGone(helper);
});

test("one that has nothing to do ends, but not while something is waited for", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const [starter, helper] = await busy({ idleMs: 1_000 });
  const { ended, identity } = await starter.start(passing("exec sleep 600"));
  const pid = await startLasting(starter);
  vi.advanceTimersByTime(1_000);
  expect(starter.helperPid).toBe(helper);
  signal(identity!.pid, "SIGKILL");
  expect(await ended).toMatchObject({ signal: "SIGKILL" });
  expect(readProcess(pid)?.ppid).toBe(helper);
  vi.advanceTimersByTime(1_000);
  expect(starter.helperPid).toBeUndefined();
  await whenGone(helper);
  expect(isRunning(pid)).toBe(true);
});

test.each([true, false])("one starts what its own daemon orders: %s", async (own) => {
  const daemonPid = own ? process.pid : process.ppid;
  const helper = fork(join(root, "dist/starter.cjs"), [String(daemonPid)]);
  helper.send({ id: 1, order: { ...lasting(), program: ["/bin/true"] } });
  // Orders are read in their order, and the end of the channel after them.
  helper.disconnect();
  await once(helper, "exit");
  expect(existsSync(join(dir, "log"))).toBe(own);
});

test("where there is no helper to be had, the daemon goes on without", async () => {
  vi.stubEnv("HACS_SESSION_DIST", dir);
  const starter = new Starter(patient);
  for (let i = 0; i < 3; i++) {
    const pid = await startLasting(starter);
    expect(readProcess(pid)?.ppid).toBe(process.pid);
  }
});
