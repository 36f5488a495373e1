/** Real users of this machine, made for one test file and removed after it. Needs root. */
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codexConfig } from "./codex.ts";
import { programOf } from "./debian.ts";
import { eventually } from "./eventually.ts";
import { listProcesses, signal } from "./processes.ts";

export interface TestUser {
  name: string;
  uid: number;
  gid: number;
  /** The home directory, with mode 700. */
  home: string;
}

/** Why there can be none; undefined when they can be made. */
export function noUsers(): string | undefined {
  if (process.getuid?.() !== 0) return "other users need root";
  return programOf("useradd", "passwd") === undefined ? "there is no useradd" : undefined;
}

/** With a CODEX_HOME that points at a model, and in the groups given, which are made too. */
export function addUser(name: string, baseUrl: string, groups: string[] = []): TestUser {
  const above = mkdtempSync("/tmp/hsu-");
  execFileSync("chmod", ["755", above]);
  const home = join(above, "home");
  for (const group of groups) run("groupadd", group);
  run("useradd", "-d", home, "-M", "-s", "/bin/bash", "-G", groups.join(","), name);
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    Number(execFileSync("id", [flag, name], { encoding: "utf8" })),
  ) as [number, number];
  const user = { name, uid, gid, home };
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(join(home, ".codex"), { mode: 0o700 });
  writeFileSync(join(home, ".codex/config.toml"), codexConfig({ baseUrl }));
  for (const path of ["", ".codex", ".codex/config.toml"])
    chownSync(join(home, path), user.uid, user.gid);
  return user;
}

/** Ends what runs as the user first, which userdel wants. */
export async function removeUser(user: TestUser, groups: string[] = []): Promise<void> {
  await eventually(
    () => {
      const left = listProcesses().filter(({ uid }) => uid === user.uid);
      for (const { pid } of left) signal(pid, "SIGKILL");
      return left.length === 0;
    },
    { what: `nothing of ${user.name}'s runs` },
  );
  run("userdel", user.name);
  for (const group of groups) run("groupdel", group);
  rmSync(join(user.home, ".."), { recursive: true, force: true });
  rmSync(`/tmp/codex-daemon-${user.uid}`, { recursive: true, force: true });
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
}
