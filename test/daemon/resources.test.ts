/** What an agent may take of the machine, by whatever means this machine has. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { ResourceSupport } from "../../src/protocol/session.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, say } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
let support: ResourceSupport;
beforeAll(async () => {
  home = await createHome({ config: { memory: "8G" } });
  connection = await home.connect();
  support = (await connection.call("daemon/status", {})).resources;
});
afterAll(() => home.close());

const MiB = 2 ** 20;
const spec = (more: object) => ({ sandbox: "danger-full-access" as const, ...more });

test("what takes more memory than its session may have does not get it, and the session lives", async () => {
  await createSession(home, connection, {
    name: "small",
    spec: spec({ memoryBytes: 1024 * MiB }),
  });
  const node = process.execPath;
  const take = (mib: number) =>
    `run ${node} -e 'Buffer.alloc(${mib} * 2 ** 20, 1); console.log("got it")'`;
  expect((await say(connection, "small", take(100))).text).toContain("got it");
  expect((await say(connection, "small", take(2_000))).text).not.toContain("got it");
  const pid = await home.agentPid("small");
  expect((await say(connection, "small", "say alive")).text).toBe("alive");
  expect(await home.agentPid("small")).toBe(pid);
  const { session } = await connection.call("session/show", { name: "small" });
  expect(session.resources).toMatchObject({ memoryBytes: 1024 * MiB, by: support.by });
});

test("limits outlive the daemon, a restart of the agent and sleep; the config's are for all others", async () => {
  await createSession(home, connection, { name: "usual" });
  const held = async (name: string) => {
    const pid = await eventually(async () => (await home.show(name)).agentPid, { what: "it runs" });
    const { resources, agentPid } = await home.show(name);
    expect(agentPid).toBe(pid);
    if (support.by === "rlimit") {
      const table = readFileSync(`/proc/${agentPid}/limits`, "utf8");
      expect(table).toMatch(new RegExp(`Max data size +${resources?.memoryBytes} `));
    }
    return resources;
  };
  expect(await held("usual")).toMatchObject({ memoryBytes: 8192 * MiB, by: support.by });
  const pid = await home.agentPid("usual");
  await home.killDaemon();
  expect(await held("usual")).toMatchObject({ memoryBytes: 8192 * MiB, by: support.by });
  expect(await home.agentPid("usual")).toBe(pid);
  await home.ok(["restart", "usual"]);
  expect(await home.agentPid("usual")).not.toBe(pid);
  expect(await held("usual")).toMatchObject({ memoryBytes: 8192 * MiB, by: support.by });
  await home.ok(["sleep", "usual"]);
  expect((await home.show("usual")).resources).toMatchObject({ memoryBytes: 8192 * MiB, by: null });
  connection = await home.connect();
});

test("what can't be held is said where it is asked for, and by doctor", async () => {
  const args = ["new", "fast", "-d", "--memory", "2G", "--cpus", "1.5"];
  const { code, stderr } = await home.cli(args);
  expect(code).toBe(0);
  if (!support.cpus) expect(stderr).toContain("CPU can't be limited on this machine");
  if (support.memory === "each") expect(stderr).toContain("each process is held to the memory");
  expect(await home.ok(["show", "fast"])).toMatch(/limits +memory 2.0 GiB, 1.5 CPUs, by/);
  const doctor = await home.cli(["doctor"]);
  expect(doctor.stdout).toMatch(support.cpus ? /CPU is limited as well/ : /CPU can't be limited/);
});

test("a limit that is none is refused, with the rule", async () => {
  for (const args of [
    ["--memory", "lots"],
    ["--cpus", "0"],
    ["--cpus", "many"],
  ])
    expect((await home.cli(["new", "bad", "-d", ...args])).code).toBe(2);
  const error = await errorOf(
    createSession(home, connection, { name: "bad", spec: { memoryBytes: 1 } }),
  );
  expect(error.code).toBe("invalid-params");
  expect((await home.cli(["ls"])).stdout).not.toContain("bad");
});
