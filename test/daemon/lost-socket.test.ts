/** The sockets are removed under the daemon: by a cleaner of /tmp, or a logout without lingering. */
import { existsSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { signal } from "../support/processes.ts";
import { createSession, finished } from "../support/sessions.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.close());

for (const [what, path] of [
  ["its directory", () => dirname(home.socket)],
  ["its socket alone", () => home.socket],
] as const) {
  test(`the next command has ${what} made again, and nothing is lost`, async () => {
    const connection = await home.connect();
    const { agentPid } = await createSession(home, connection, { name: "web" });
    const content = { text: "gated turn then this" };
    const { messageId } = await connection.call("session/send", { name: "web", content });
    await home.model.reached("turn");
    const daemon = home.daemonPid();
    const { codexSocket } = await home.show("web");
    rmSync(path(), { recursive: true });

    const [session] = await home.cliJson(["ls"]);
    expect(session).toMatchObject({ name: "web", state: "working", agentPid });
    expect(home.daemonPids()).toEqual([daemon]);
    await eventually(() => existsSync(codexSocket!), { what: "codex's socket is there again" });
    home.model.release("turn");
    expect(await finished(connection, "web", messageId)).toMatchObject({
      text: expect.stringContaining("then this"),
    });
    // Its lock was taken again, too.
    const second = await home.cli(["daemon", "run"]);
    expect(second.stderr).toContain(`${home.socket}.lock`);
  });
}

test("without a socket the daemon is stopped as with one", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "web" });
  rmSync(dirname(home.socket), { recursive: true });
  expect((await home.cli(["daemon", "stop"])).stderr).toBe("The daemon has stopped.\n");
  expect(home.daemonPids()).toEqual([]);
});

test("one that does not heed it is named by its pid", async () => {
  await home.ok(["daemon", "start"]);
  const daemon = home.daemonPid();
  rmSync(home.socket);
  signal(daemon, "SIGSTOP");
  expect((await home.cli(["daemon", "status"])).stderr).toContain(`kill -9 ${daemon}`);
  signal(daemon, "SIGCONT");
  expect((await home.cliJson(["daemon", "status"])).pid).toBe(daemon);
});

test("the next daemon reaches an agent whose socket was removed, in the middle of its turn", async () => {
  const connection = await home.connect();
  const { agentPid } = await createSession(home, connection, { name: "web" });
  const content = { text: "gated turn then this" };
  const { messageId } = await connection.call("session/send", { name: "web", content });
  await home.model.reached("turn");
  signal(home.daemonPid(), "SIGKILL");
  rmSync(dirname(home.socket), { recursive: true });

  const next = await home.connect();
  home.model.release("turn");
  expect(await finished(next, "web", messageId)).toMatchObject({
    text: expect.stringContaining("then this"),
  });
  expect(await home.agentPid("web")).toBe(agentPid);
});

test("an agent that nobody can reach any more is ended, and another takes its place", async () => {
  const connection = await home.connect();
  const { agentPid } = await createSession(home, connection, { name: "web" });
  const content = { text: "gated turn" };
  const { messageId } = await connection.call("session/send", { name: "web", content });
  await home.model.reached("turn");
  const agents = join(dirname(home.socket), "default.agents");
  const link = join(agents, readdirSync(agents)[0]!);
  signal(home.daemonPid(), "SIGKILL");
  rmSync(readlinkSync(link));
  rmSync(dirname(home.socket), { recursive: true });

  const next = await home.connect();
  expect(await finished(next, "web", messageId)).toMatchObject({ turnStatus: "interrupted" });
  expect(await home.agentPid("web")).not.toBe(agentPid);
  expect(home.agentPids()).toHaveLength(1);
  home.model.release("turn");
});
