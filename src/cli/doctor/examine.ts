/**
 * The checks of `doctor`, in the order in which things are needed. A check gives one finding and
 * does not throw: what it could not find out is what it found.
 */
import { existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { visible } from "../../protocol/address.ts";
import { formatSize } from "../../protocol/size.ts";
import { bytesPerAgent, maxAgentsFor, memoryBytes } from "../../system/agents-max.ts";
import { compareVersions, locateCodex } from "../../system/codex-binary.ts";
import { type Config, readConfig } from "../../system/config.ts";
import { type Paths, pathsFor, socketPathBytesMax } from "../../system/paths.ts";
import { version } from "../../system/version.ts";
import { codexHome, codexLogin, loginCommand } from "../codex-login.ts";
import type { Context } from "../context.ts";
import { shellWord } from "../text/shell.ts";
import { checkArchive } from "./archive.ts";
import { checkCertificate } from "./certificate.ts";
import { checkDirectories, checkRuntimeDirectory } from "./directories.ts";
import { type Finding, failed } from "./finding.ts";
import { checkLogout } from "./logout.ts";
import { checkResources } from "./resources.ts";

const nodeVersionMin = "22.13.0";
const freeBytesMin = 100 * 1024 * 1024;

export async function examine(context: Context, codexGiven?: string): Promise<Finding[]> {
  const findings: Finding[] = [checkNode(), ...(await checkCodex(context, codexGiven))];
  let paths: Paths;
  try {
    paths = pathsFor(context.choice, context.env);
  } catch (error) {
    return [...findings, failed("socket path", error)];
  }
  findings.push(
    checkSocketPath(paths),
    checkRuntimeDirectory(context.env),
    ...checkDirectories(paths),
    checkConfig(paths),
    checkAgents(paths),
    await checkDisk(paths),
    ...(await checkDaemon(context)),
    ...(await checkArchive(context)),
    checkLogout(context.env),
  );
  return findings;
}

function checkConfig({ configFile }: Paths): Finding {
  const check = "config";
  try {
    const { archive } = readConfig(configFile);
    if (archive !== undefined && hasPassword(archive) && isOpen(configFile)) {
      return {
        check,
        status: "warn",
        detail: `${configFile} has the archive's password, and others can read it`,
        mend: `Run: chmod 600 ${shellWord(configFile)}`,
      };
    }
  } catch (error) {
    return failed(check, error);
  }
  const detail = existsSync(configFile) ? configFile : `${configFile}, none (not needed)`;
  return { check, status: "ok", detail };
}

/** What it costs to run as many agents as may, on this machine. */
function checkAgents({ configFile }: Paths): Finding {
  const check = "agents";
  let config: Config = {};
  try {
    config = readConfig(configFile);
  } catch {
    // What is wrong with the file is said above.
  }
  const most = maxAgentsFor(config);
  const memory = memoryBytes();
  const source =
    config.maxAgents === undefined ? `from ${formatSize(memory)} of memory` : "maxAgents";
  const detail = `at most ${most} run at once (${source}); other sessions wait`;
  if (most * bytesPerAgent <= memory || config.maxAgents === undefined)
    return { check, status: "ok", detail };
  return {
    check,
    status: "warn",
    detail: `${detail}. There is memory for about ${Math.floor(memory / bytesPerAgent)}`,
    mend: "Lower maxAgents in the config file, or leave it out.",
  };
}

function hasPassword(url: string): boolean {
  return /^[^/]*\/\/[^/@]*:[^/@]+@/.test(url);
}

function isOpen(file: string): boolean {
  return (statSync(file).mode & 0o077) !== 0;
}

function checkNode(): Finding {
  const found = process.versions.node;
  const detail = `${found}, at ${process.execPath}`;
  if (compareVersions(found, nodeVersionMin) >= 0) return { check: "node", status: "ok", detail };
  return {
    check: "node",
    status: "fail",
    detail: `${detail}; ${nodeVersionMin} or newer is needed`,
    mend: "Install a newer Node, or run npm ci in a clone, which brings its own.",
  };
}

async function checkCodex(context: Context, given: string | undefined): Promise<Finding[]> {
  try {
    const codex = await locateCodex({ given, env: context.env });
    return [
      { check: "codex", status: "ok", detail: `${codex.version}, at ${codex.path}` },
      checkLogin(codex.path, context.env),
    ];
  } catch (error) {
    return [failed("codex", error)];
  }
}

function checkLogin(codexPath: string, env: NodeJS.ProcessEnv): Finding {
  const home = codexHome(env);
  // codex makes its default directory by itself, and no other.
  if (env.CODEX_HOME && !existsSync(home)) {
    return {
      check: "login",
      status: "fail",
      detail: `CODEX_HOME is ${visible(home)}, which does not exist; codex does not start so`,
      mend: `Correct it or unset it, or make it and sign in: mkdir -p ${shellWord(home)} && ${loginCommand(env)}`,
    };
  }
  const login = codexLogin(codexPath, env);
  if (login.signedIn) return { check: "login", status: "ok", detail: visible(login.how) };
  return {
    check: "login",
    status: "warn",
    detail: `${visible(login.why)} (CODEX_HOME is ${visible(home)})`,
    mend: `Run: ${loginCommand(env)}. Until then: hacs-session new --provider demo`,
  };
}

function checkSocketPath({ socket }: Paths): Finding {
  const bytes = Buffer.byteLength(socket);
  return {
    check: "socket path",
    status: "ok",
    detail: `${socket} (${bytes} of ${socketPathBytesMax} bytes)`,
  };
}

async function checkDisk({ stateDir }: Paths): Promise<Finding> {
  for (let dir = stateDir; ; dir = dirname(dir)) {
    try {
      const { bavail, bsize } = await statfs(dir);
      const free = bavail * bsize;
      const detail = `${Math.floor(free / 1024 / 1024).toString()} MB free for ${stateDir}`;
      if (free >= freeBytesMin) return { check: "disk", status: "ok", detail };
      return {
        check: "disk",
        status: "warn",
        detail,
        mend: "Free some space: without any, messages are refused since they can't be stored.",
      };
    } catch (error) {
      // A directory that is not there yet will be made on the disk of the one above it.
      if (dir === dirname(dir)) return failed("disk", error);
    }
  }
}

/** Like any other command this starts the daemon, since whether that works is the question. */
async function checkDaemon(context: Context): Promise<Finding[]> {
  try {
    const status = await context.call("daemon/status", {});
    const detail = `answers, pid ${status.pid}, version ${status.version}`;
    // An older daemon does not say.
    const resources = status.resources === undefined ? [] : [checkResources(status.resources)];
    const more = [...resources, ...(await checkCertificate(status))];
    if (status.version === version) return [{ check: "daemon", status: "ok", detail }, ...more];
    const other: Finding = {
      check: "daemon",
      status: "warn",
      detail: `${detail}; this command is ${version}`,
      mend: "Run: hacs-session daemon restart. Running turns go on.",
    };
    return [other, ...more];
  } catch (error) {
    return [failed("daemon", error)];
  }
}
