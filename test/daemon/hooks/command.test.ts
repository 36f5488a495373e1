/** A hook's command: what it is given, and that it ends. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { run } from "../../../src/daemon/hooks/command.ts";
import { sampleOf } from "../../../src/daemon/hooks/hook-event.ts";
import { isAlive } from "../../../src/system/process-identity.ts";
import { eventually } from "../../support/eventually.ts";

const dir = mkdtempSync(join(tmpdir(), "hs-hook-"));
const file = (name: string) => join(dir, name);
afterAll(() => rmSync(dir, { recursive: true }));

const session = { id: "5f0c", name: "web", cwd: "/", model: null };
const event = sampleOf("turn.failed", "evt-1", session);
const start = (command: string | string[], timeout?: string) =>
  run(
    { on: ["turn.failed"], run: command, ...(timeout === undefined ? {} : { timeout }) },
    event,
    "/s",
  );

test("it reads the event on stdin, and knows the session and the daemon", async () => {
  const told = file("told");
  const line = `cat > ${told}; echo "$HACS_SESSION $HACS_SESSION_EVENT $HACS_SESSION_SOCKET $PWD" >> ${told}`;
  expect(await start(line).ended).toEqual({ outcome: "done", detail: "exit code 0" });
  const [json = "", said] = readFileSync(told, "utf8").split("\n");
  expect(JSON.parse(json)).toEqual(event);
  expect(said).toBe(`web turn.failed /s ${homedir()}`);
});

test("a list goes to no shell", async () => {
  const made = file("made");
  expect(await start(["/bin/echo", `$(touch ${made})`, `; touch ${made}`]).ended).toMatchObject({
    outcome: "done",
  });
  expect(existsSync(made)).toBe(false);
});

test("what goes wrong is told with its last words", async () => {
  expect(await start("echo one >&2; echo two >&2; exit 3").ended).toEqual({
    outcome: "failed",
    detail: "exit code 3: two",
  });
  expect(await start(["/no/such/program"]).ended).toMatchObject({
    outcome: "failed",
    detail: expect.stringContaining("ENOENT"),
  });
  expect(await start("kill -9 $$").ended).toMatchObject({ detail: "signal SIGKILL" });
});

test("one that does not read, or says without end, is no matter", async () => {
  const big = { ...event, data: { ...event.data, text: "x".repeat(1_000_000) } };
  const hook = { on: ["turn.failed" as const], run: "head -c 10000000 /dev/zero | tr '\\0' x >&2" };
  expect(await run(hook, big, "/s").ended).toMatchObject({ outcome: "done" });
});

test("its time over, it is ended with all that it started", async () => {
  const child = file("child");
  const line = `trap '' TERM; sleep 1000 & echo $! > ${child}; wait; sleep 1000`;
  const running = start(line, "300ms");
  expect(await running.ended).toMatchObject({
    outcome: "failed",
    detail: expect.stringContaining("not done within 0.3 s"),
  });
  const identity = await running.identity;
  expect(identity && isAlive(identity)).toBe(false);
  const pid = Number(readFileSync(child, "utf8"));
  await eventually(() => !existsSync(`/proc/${pid}`) || stateOf(pid) === "Z", {
    what: "what it started is gone",
  });
});

function stateOf(pid: number): string | undefined {
  return / ([A-Z]) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
}
