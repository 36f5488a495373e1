/**
 * What an agent is run with and history is not to hold, since it may be secret: the environment
 * of the client that created the session, and the values of its overrides. Each lies in a file
 * that only the owner can read, in the session's own directory.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { ensurePrivateDirectory } from "../../system/paths.ts";

/**
 * Who asks over HTTP has no environment to bring along, and what is set on another machine means
 * nothing on this one. Nothing runs without these of the daemon's own; the rest may be secret.
 */
const basics = [
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR", "CODEX_HOME"],
  ...["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"],
  "HACS_SESSION_HOME",
];

export function basicEnvironment(): Record<string, string> {
  return Object.fromEntries(
    basics.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
}

export function writeEnvironment(directory: string, env: Record<string, string>): void {
  write(directory, "env.json", env);
}

export function readEnvironment(directory: string): Record<string, string> {
  return read(directory, "env.json") as Record<string, string>;
}

export function writeOverrides(directory: string, overrides: string[]): void {
  if (overrides.length > 0) write(directory, "overrides.json", overrides);
}

export function readOverrides(directory: string): string[] {
  return existsSync(join(directory, "overrides.json"))
    ? (read(directory, "overrides.json") as string[])
    : [];
}

/** `key=…`: what may be known of an override. */
export function withoutValue(override: string): string {
  return `${override.split("=", 1)[0]}=…`;
}

export function removeSessionDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/**
 * Removes what creations left that ended before their sessions were stored. Where an agent ever ran
 * there is its log, and that stays: the history may only have been moved away.
 */
export function sweepDirectories(directory: string, known: (id: string) => boolean): void {
  if (!existsSync(directory)) return;
  for (const id of readdirSync(directory)) {
    const left = join(directory, id);
    if (!/^[0-9a-f]{16}$/.test(id) || known(id)) continue;
    if (readdirSync(left).every((name) => /^(env|overrides)\.json(\.new)?$/.test(name)))
      removeSessionDirectory(left);
  }
}

function write(directory: string, name: string, value: unknown): void {
  const file = join(directory, name);
  try {
    ensurePrivateDirectory(directory);
    // A new file takes the old one's place in one step, so that a crash leaves one of the two.
    writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    if (error instanceof HacsError) throw error;
    throw new HacsError(
      "state-unwritable",
      `What the session's agent is run with can't be written to ${file}: ${messageOf(error)}.`,
      "Check the directory's owner, mode and free space, or set HACS_SESSION_HOME.",
    );
  }
}

function read(directory: string, name: string): unknown {
  const file = join(directory, name);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new HacsError(
      "state-damaged",
      `What the session's agent is run with can't be read from ${file}: ${messageOf(error)}.`,
      "Give it the environment of this shell with: hacs-session restart --update-env NAME",
    );
  }
}
