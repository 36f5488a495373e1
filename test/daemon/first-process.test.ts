/** `daemon run` as PID 1, as in a container: in a PID namespace of its own. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home, program } from "../support/home.ts";
import { asFirstProcess, membersOf, noNamespace } from "../support/namespace.ts";
import { type Program, startProgram } from "../support/program.ts";
import { say } from "../support/sessions.ts";

const unable = noNamespace();
if (unable !== undefined) console.warn(`first-process.test.ts is left out: ${unable}.`);

let home: Home;
let container: Program;
beforeEach(async () => {
  home = await createHome();
});
afterEach(async () => {
  container.kill();
  await home.close();
});

async function begin(...command: string[]): Promise<void> {
  container = startProgram("unshare", [...asFirstProcess, ...command], { env: home.env });
  await eventually(() => container.stderr().includes('"listening"'), { what: "it listens" });
}

const first = () => membersOf(container.pid).find(({ inside }) => inside === 1)!;
const free = ["-s", "danger-full-access", "-a", "never"];
/** The shell ends at once, and what it leaves behind a moment later. */
const leaveOrphan = "run (setsid sleep 0.2 &) ; true";

/** Ends PID 1 and gives how. */
async function terminate() {
  process.kill(first().pid, "SIGTERM");
  return container.ended;
}

describe.skipIf(unable !== undefined)("daemon run as PID 1", () => {
  test("buries what loses its parent", async () => {
    await begin(program, "daemon", "run");
    await home.ok(["new", "bot", "-d", ...free]);
    const connection = await home.connect();
    for (let i = 0; i < 3; i++) await say(connection, "bot", leaveOrphan);
    await eventually(
      () => {
        const members = membersOf(container.pid);
        const asleep = members.filter(({ parent, inside }) => parent === first().pid && inside > 1);
        // The daemon alone is left, and its agent below it.
        return members.every(({ zombie }) => !zombie) && asleep.length === 1;
      },
      { what: "no zombie and no orphan is left" },
    );
    expect(await terminate()).toMatchObject({ code: 0 });
  });

  test("a Node that is PID 1 itself buries nothing, which is why a shell is", async () => {
    await begin(process.execPath, join(root, "dist/daemon.cjs"), "--foreground");
    await home.ok(["new", "bot", "-d", ...free]);
    await say(await home.connect(), "bot", leaveOrphan);
    await eventually(() => membersOf(container.pid).some(({ zombie }) => zombie), {
      what: "a zombie stays",
    });
  });

  test("SIGTERM ends it in time: agents are put to sleep, a turn is told as interrupted", async () => {
    await begin(program, "daemon", "run");
    await home.ok(["new", "idle", "-d"]);
    await home.ok(["new", "busy", "-d"]);
    await home.ok(["send", "idle", "--wait", "say hello"]);
    const id = (await home.ok(["send", "busy", "gated k never"])).trim();
    await home.model.reached("k");
    const before = Date.now();
    expect(await terminate()).toMatchObject({ code: 0 });
    // What docker stop and Kubernetes give at least.
    expect(Date.now() - before).toBeLessThan(10_000);
    expect(home.processes().filter(({ argv }) => argv.includes("app-server"))).toEqual([]);

    await begin(program, "daemon", "run");
    const states = await home.cliJson(["ls"]);
    expect(states.map(({ state }: { state: string }) => state)).toEqual(["asleep", "asleep"]);
    const connection = await home.connect();
    expect(await connection.call("session/receipt", { name: "busy", id })).toMatchObject({
      turnStatus: "interrupted",
    });
    expect((await say(connection, "busy", "say again")).text).toBe("again");
    for (const name of ["idle", "busy"]) await expectWhole(home, name);
    expect(await terminate()).toMatchObject({ code: 0 });
  });

  test("SIGKILL, as when the time is up: the next one has all, and believes no pid", async () => {
    await begin(program, "daemon", "run");
    await home.ok(["new", "bot", "-d"]);
    const id = (await home.ok(["send", "bot", "gated k never"])).trim();
    await home.model.reached("k");
    process.kill(first().pid, "SIGKILL");
    await container.ended;
    await begin(program, "daemon", "run");
    const connection = await home.connect();
    await eventually(
      async () =>
        (await connection.call("session/receipt", { name: "bot", id })).turnStatus ===
        "interrupted",
      { what: "the turn is told as interrupted" },
    );
    expect((await say(connection, "bot", "say again")).text).toBe("again");
    await expectWhole(home, "bot");
  });

  test("how it failed is PID 1's exit code, too", async () => {
    home.configure({ logLevel: "loud" });
    container = startProgram("unshare", [...asFirstProcess, program, "daemon", "run"], {
      env: home.env,
    });
    const { code, stderr } = await container.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("logLevel");
  });
});
