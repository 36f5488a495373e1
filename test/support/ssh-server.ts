/**
 * Debian's sshd on a port of this machine, with keys and a config of its own: what `ssh` leads to
 * in tests. A wrapper named ssh, first on PATH, gives the client a config of its own too, since
 * ssh looks for one in the user's real home.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { killTree } from "./processes.ts";
import { type Program, runProgram, startProgram } from "./program.ts";

const sshdPath = "/usr/sbin/sshd";

export interface SshServer {
  /** For HACS_SESSION hosts: an alias of the client's config. */
  host: string;
  port: number;
  /** To be put before PATH. */
  binDir: string;
  /** Ends every connection, and takes no new ones until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** From now on it has this key of its own. */
  newHostKey(): Promise<void>;
  /** The client's list of known hosts has the key that there is now. */
  trustHostKey(): void;
  /** Lets nobody in any more. */
  refuse(): void;
  close(): Promise<void>;
}

export function hasSshd(): boolean {
  return existsSync(sshdPath);
}

/** `dir` is a private directory of the test's. */
export async function startSshd(dir: string): Promise<SshServer> {
  const at = (name: string) => join(dir, name);
  mkdirSync(at("bin"), { recursive: true });
  // Its privilege separation wants this, where no service made it.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const keygen = (file: string) =>
    runProgram("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  await keygen(at("host"));
  await keygen(at("user"));
  writeFileSync(at("authorized"), readFileSync(at("user.pub")), { mode: 0o600 });
  const port = await freePort();
  writeFileSync(
    at("sshd_config"),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${at("host")}
AuthorizedKeysFile ${at("authorized")}
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
PermitRootLogin yes
`,
  );
  const known = () =>
    writeFileSync(at("known"), `[127.0.0.1]:${port} ${readFileSync(at("host.pub"), "utf8")}`);
  known();
  const user = userInfo().username;
  writeFileSync(
    at("ssh_config"),
    `Host there
  HostName 127.0.0.1
  Port ${port}
  User ${user}
  IdentityFile ${at("user")}
  IdentitiesOnly yes
  UserKnownHostsFile ${at("known")}
  GlobalKnownHostsFile /dev/null
Host nowhere
  HostName 127.0.0.1
  Port 9
`,
  );
  writeFileSync(at("bin/ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F '${at("ssh_config")}' "$@"\n`);
  chmodSync(at("bin/ssh"), 0o755);
  let server: Program | undefined;
  const stop = async () => {
    // Its connections are processes of their own, and outlive it.
    if (server !== undefined) await killTree(server.pid);
    server = undefined;
  };
  const start = async () => {
    await stop();
    server = startProgram(sshdPath, ["-D", "-e", "-f", at("sshd_config")]);
    await eventually(() => answers(port), { what: "sshd listens" });
  };
  await start();
  return {
    host: "there",
    port,
    binDir: at("bin"),
    stop,
    start,
    newHostKey: async () => {
      await runProgram("rm", ["-f", at("host"), at("host.pub")]);
      await keygen(at("host"));
      await start();
    },
    trustHostKey: known,
    refuse: () => writeFileSync(at("authorized"), ""),
    close: stop,
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
