/**
 * The service that `daemon install` makes of a daemon: what it is called and where its file lies,
 * for who writes it and for who starts a daemon that has one.
 */
import { homedir } from "node:os";
import { basename, delimiter, isAbsolute, join, resolve } from "node:path";
import { absoluteVariables, type DaemonChoice, pathsFor, shortHash } from "./paths.ts";

export interface ServicePlace {
  manager: "systemd" | "launchd";
  /** As the manager knows it. */
  name: string;
  file: string;
  /** The machine's own, run by root, and not the user's. */
  system: boolean;
}

export function servicePlace(
  choice: DaemonChoice,
  system: boolean,
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): ServicePlace {
  const which = daemonName(choice, env);
  if (platform === "darwin") {
    const name = `io.hacs-session${which}`;
    const directory = system
      ? "/Library/LaunchDaemons"
      : join(env.HOME ?? homedir(), "Library/LaunchAgents");
    return { manager: "launchd", name, file: join(directory, `${name}.plist`), system };
  }
  const name = `hacs-session${which}.service`;
  const directory = system ? "/etc/systemd/system" : join(configDirectory(env), "systemd/user");
  return { manager: "systemd", name, file: join(directory, name), system };
}

/** Nothing for the default daemon; each other one has a service of its own. */
function daemonName(choice: DaemonChoice, env: NodeJS.ProcessEnv): string {
  const state = basename(pathsFor(choice, env).stateDir);
  const home = env.HACS_SESSION_HOME ? `-home-${shortHash(resolve(env.HACS_SESSION_HOME))}` : "";
  return `${home}${state === "default" ? "" : `-${state}`}`;
}

function configDirectory(env: NodeJS.ProcessEnv): string {
  const given = env.XDG_CONFIG_HOME;
  return given && isAbsolute(given) ? given : join(env.HOME ?? homedir(), ".config");
}

/** Each of these as the shell has it that installs: the service is to find the same files. */
const variables = [
  "PATH",
  "LANG",
  "CODEX_HOME",
  "HACS_SESSION_HOME",
  "HACS_SESSION_REMOTE",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "XDG_CACHE_HOME",
];

export function serviceEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const { HACS_SESSION_HOME } = absoluteVariables(env);
  // What is below the shell's directory is not below the service's.
  const PATH = (env.PATH ?? "").split(delimiter).filter(isAbsolute).join(delimiter);
  const given: NodeJS.ProcessEnv = { ...env, PATH, HACS_SESSION_HOME };
  return Object.fromEntries(
    variables.flatMap((name) => (given[name] ? [[name, given[name]] as [string, string]] : [])),
  );
}
