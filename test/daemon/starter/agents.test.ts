/** Agents that a helper of the daemon's started: theirs is the same life as that of all others. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { eventually } from "../../support/eventually.ts";
import { expectWhole } from "../../support/history-check.ts";
import { createHome, type Home } from "../../support/home.ts";
import { isRunning, readProcess, signal, whenGone } from "../../support/processes.ts";
import { createSession, say } from "../../support/sessions.ts";

let home: Home;
let connection: Connection;
beforeEach(async () => {
  home = await createHome();
  connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
});
afterEach(() => home.close());

const isHelper = ({ argv }: { argv: string[] }) => argv.some((arg) => arg.endsWith("/starter.cjs"));

/** Has the agent die until the next one is a helper's; gives that agent and the helper. */
async function crashOften(): Promise<{ agent: number; helper: number }> {
  return eventually(
    async () => {
      const agent = home.agentPids()[0]!;
      const helper = readProcess(readProcess(agent)!.ppid);
      if (helper !== null && isHelper(helper)) return { agent, helper: helper.pid };
      signal(agent, "SIGKILL");
      await whenGone(agent);
      await connection.call("session/wake", { name: "bot" });
      return null;
    },
    { what: "a helper has started the agent" },
  );
}

test("one lives on when the daemon is killed, and the helper does not", async () => {
  const { agent, helper } = await crashOften();
  await home.killDaemon();
  await whenGone(helper);
  expect(isRunning(agent)).toBe(true);
  connection = await home.connect();
  await eventually(async () => (await home.show("bot")).agentPid === agent, {
    what: "the next daemon has it",
  });
  expect((await say(connection, "bot", "say hello")).text).toBe("hello");
  await expectWhole(home, "bot");
});

test("one crashes, is started again, and is ended", async () => {
  const { agent, helper } = await crashOften();
  signal(agent, "SIGKILL");
  await eventually(async () => ![null, agent].includes((await home.show("bot")).agentPid), {
    what: "it is started again",
  });
  await eventually(async () => (await home.show("bot")).state === "idle", { what: "it is there" });
  signal(helper, "SIGKILL");
  await whenGone(helper);
  expect((await say(connection, "bot", "say hello")).text).toBe("hello");
  await home.ok(["sleep", "bot"]);
  expect(home.agentPids()).toEqual([]);
});

test("a panic leaves nothing of it", async () => {
  const { agent } = await crashOften();
  await home.ok(["panic", "--all"]);
  expect(isRunning(agent)).toBe(false);
  expect(home.agentPids()).toEqual([]);
});
