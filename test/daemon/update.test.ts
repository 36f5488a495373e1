/** What is changed of a session after it was made: how its agent is run. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { ResourceSupport } from "../../src/protocol/session.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, finished } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
let support: ResourceSupport;
beforeAll(async () => {
  home = await createHome({ config: { memory: "8G" } });
  connection = await home.connect();
  support = (await connection.call("daemon/status", {})).resources;
});
afterAll(() => home.close());

const GiB = 2 ** 30;

test("memory and CPU count from the agent's next start, and update says so", async () => {
  await createSession(home, connection, { name: "web" });
  const pid = await home.agentPid("web");
  const { stderr } = await home.cli(["update", "web", "--memory", "2G", "--cpus", "1.5"]);
  expect(stderr).toMatch(/memory 2.0 GiB, 1.5 CPUs; counts from its agent's next start/);
  expect(stderr).toContain("hacs-session restart web");
  if (!support.cpus) expect(stderr).toContain("CPU can't be limited on this machine");
  expect(await home.agentPid("web")).toBe(pid);
  expect(await home.ok(["show", "web"])).toContain("counts from its agent's next start");
  await home.killDaemon();
  await home.ok(["restart", "web"]);
  const { resources, agentPid } = await home.show("web");
  expect(resources).toMatchObject({ memoryBytes: 2 * GiB, cpus: 1.5, by: support.by });
  expect(resources?.note ?? "").not.toContain("next start");
  if (support.by === "rlimit")
    expect(readFileSync(`/proc/${agentPid}/limits`, "utf8")).toMatch(
      new RegExp(`Max data size +${2 * GiB} `),
    );
  connection = await home.connect();
});

test("none lifts the config's limit, default has it back, and what is left out stays", async () => {
  await createSession(home, connection, { name: "free" });
  expect((await home.cli(["update", "free", "--memory", "none"])).stderr).toContain(
    "Limits of free's agent: none; counts from its agent's next start",
  );
  await home.ok(["restart", "free"]);
  expect((await home.show("free")).resources).toBeNull();
  await home.ok(["update", "free", "--cpus", "2"]);
  expect((await home.show("free")).spec).toMatchObject({ memoryBytes: 0, cpus: 2 });
  await home.ok(["update", "free", "--memory", "default", "--cpus", "none"]);
  expect((await home.show("free")).resources).toMatchObject({ memoryBytes: 8 * GiB, cpus: null });
});

test("on-crash counts for the turn that runs", async () => {
  await createSession(home, connection, { name: "on" });
  const content = { text: "gated crash" };
  const { messageId } = await connection.call("session/send", { name: "on", content });
  await home.model.reached("crash");
  expect((await home.cli(["update", "on", "--on-crash", "continue"])).stderr).toBe(
    "After a crash in a turn on's agent is asked to go on.\n",
  );
  await home.killAgent("on");
  await finished(connection, "on", messageId);
  const { messages } = await home.show("on");
  expect(messages.filter((message) => message.messageId.startsWith("go-on-"))).toHaveLength(1);
  await home.ok(["update", "on", "--on-crash", "default"]);
  expect((await home.show("on")).spec).not.toHaveProperty("onCrash");
});

test("what can't be is refused with the rule, and the audit has what was changed", async () => {
  await createSession(home, connection, { name: "strict" });
  for (const args of [["--memory", "1M"], ["--cpus", "0"], ["--on-crash", "perhaps"], []])
    expect((await home.cli(["update", "strict", ...args])).code).toBe(2);
  for (const run of [{ memoryBytes: 1 }, { cpus: -1 }, { onCrash: "perhaps" }, { cwd: "/" }]) {
    const params = { name: "strict", run } as never;
    expect((await errorOf(connection.call("session/update", params))).code).toBe("invalid-params");
  }
  await home.ok(["update", "strict", "--memory", "1G"]);
  expect(await home.ok(["audit", "strict"])).toContain(`run={"memoryBytes":${GiB}}`);
  expect((await home.show("strict")).spec).toMatchObject({ memoryBytes: GiB, cwd: home.work });
});
