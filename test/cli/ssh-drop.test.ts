/** A daemon that was started in a login over ssh, when that login is cut off in the middle. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home, program } from "../support/home.ts";
import { listProcesses } from "../support/processes.ts";
import { startProgram } from "../support/program.ts";
import { finished } from "../support/sessions.ts";
import { hasSshd, type SshServer, startSshd } from "../support/ssh-server.ts";

let home: Home;
let sshd: SshServer;
/** What a shell over there calls. */
let remote: string;
beforeEach(async () => {
  home = await createHome();
  mkdirSync(join(home.dir, "ssh"), { mode: 0o700 });
  sshd = await startSshd(join(home.dir, "ssh"));
  remote = join(home.dir, "there");
  const set = Object.entries(home.env).map(([name, value]) => `export ${name}='${value}'`);
  writeFileSync(remote, `#!/bin/sh\n${set.join("\n")}\nexec ${program} "$@"\n`);
  chmodSync(remote, 0o755);
});
afterEach(async () => {
  await sshd.close();
  await home.close();
});

test.skipIf(!hasSshd())(
  "the link breaks: the daemon, the turn and the approval that it began go on",
  async () => {
    const line = [
      `${remote} new bot -d -C ${home.work}`,
      `${remote} new asks -d -C ${home.work}`,
      `${remote} send bot 'gated k and done'`,
      `${remote} send asks 'ask echo allowed'`,
      "echo all-sent; exec tail -f /dev/null --pid=$$",
    ].join(" && ");
    const login = startProgram(join(sshd.binDir, "ssh"), ["-tt", sshd.host, line]);
    const said = await login.waitFor("all-sent");
    const [working, asking] = said.split(/\s+/).filter((word) => /^[0-9a-f-]{16,}$/.test(word));
    await home.model.reached("k");
    const [daemon, agents] = [home.daemonPid(), home.agentPids().toSorted()];
    const ofTheLogin = () =>
      listProcesses().filter(({ argv }) => argv.join(" ").startsWith("tail -f /dev/null"));
    const [shell] = ofTheLogin();
    expect(shell).toBeDefined();

    // No FIN from a program that ends well: the client is killed, and sshd hangs the terminal up.
    login.kill("SIGKILL");
    await eventually(() => !ofTheLogin().some(({ pid }) => pid === shell!.pid), {
      what: "the login's own program ended with its terminal",
    });
    await sshd.stop();

    expect(home.daemonPid()).toBe(daemon);
    expect(home.agentPids().toSorted()).toEqual(agents);
    home.model.release("k");
    const connection = await home.connect();
    expect(await finished(connection, "bot", working!)).toMatchObject({
      turnStatus: "completed",
      text: expect.stringContaining("and done"),
    });
    await home.ok(["approve", "asks"]);
    expect(await finished(connection, "asks", asking!)).toMatchObject({ turnStatus: "completed" });
    expect(home.daemonPid()).toBe(daemon);
    for (const name of ["bot", "asks"]) await expectWhole(home, name);
  },
);
