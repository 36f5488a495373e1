/** Another user of the machine: refused on every socket, whatever the socket's own mode. */
import { execFileSync } from "node:child_process";
import { chmodSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn } from "../../support/port.ts";
import { runProgram } from "../../support/program.ts";
import { createSession } from "../../support/sessions.ts";

/** Only root can become somebody else. */
const unable = process.getuid?.() !== 0 ? "needs root" : hasSetpriv() ? undefined : "needs setpriv";
if (unable !== undefined) console.warn(`other-user.test.ts is skipped: it ${unable}.`);

const nobody = "65534";

function hasSetpriv(): boolean {
  try {
    execFileSync("setpriv", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.close());

/** How a connection ends that nobody, or root, makes: `connected`, or the error's code. */
async function connectAs(uid: string, path: string): Promise<string> {
  const script = `require("node:net").connect(${JSON.stringify(path)})
    .on("connect", () => { console.log("connected"); process.exit(); })
    .on("error", (error) => console.log(error.code));`;
  const args = [
    `--reuid=${uid}`,
    `--regid=${uid}`,
    "--clear-groups",
    process.execPath,
    "-e",
    script,
  ];
  const { stdout } = await runProgram("setpriv", args, { cwd: "/" });
  return stdout.trim();
}

test.skipIf(unable !== undefined)("a second uid gets into no socket", async () => {
  const url = await listenOn(home);
  await createSession(home, await home.connect(), { name: "bot" });
  const { codexSocket } = await home.show("bot");
  // What is above our own directory is not ours to count on.
  chmodSync(home.dir, 0o755);
  const agent = await home.agentSocket("bot");
  const sockets = [home.socket, codexSocket!, agent, realpathSync(agent)];
  for (const socket of sockets) {
    expect(await connectAs("0", socket)).toBe("connected");
    expect(await connectAs(nobody, socket)).toBe("EACCES");
    chmodSync(socket, 0o777);
    expect(await connectAs(nobody, socket)).toBe("EACCES");
  }
  for (const directory of ["run", "state", "state/default"])
    expect(await connectAs(nobody, join(home.dir, directory))).not.toBe("connected");
  // The port is there for all of the machine, and lets in by token alone.
  expect((await ask(url, "/v1/sessions")).status).toBe(401);
});
