/**
 * Finds the codex to run: the one that was named, else the one on PATH, else the npm package
 * beside this program. The native binary is wanted, since npm's launcher is a Node process of
 * 44 MB that would stay alive beside every agent.
 */
import {
  accessSync,
  closeSync,
  constants,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import { openPlainFile } from "./plain-file.ts";
import { spawnAs } from "./spawn-as.ts";
import { asUser, type UnixUser } from "./unix-user.ts";

export interface CodexBinary {
  path: string;
  version: string;
  /** Another one when the file was replaced, by the same version too. */
  stamp: string;
}

/** The oldest codex whose app-server has what is needed here (measured; older ones were not). */
export const codexVersionMin = "0.169.0";
const versionTimeoutMs = 20_000;
const sayingCharsMax = 4_096;
const install = "Install it with: npm install -g @openai/codex";
const correct = `Correct --codex or "codex" in the config file, or leave it out. ${install}`;

interface Wanted {
  given?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** Who is to run it: it is found, and asked for its version, as that user. */
  user?: UnixUser | undefined;
}

/** Throws `codex-missing` or `codex-too-old`, each with the command that mends it. */
export async function locateCodex(wanted: Wanted): Promise<CodexBinary> {
  const found = findCodex(wanted);
  const next = wanted.given === undefined ? install : correct;
  const binary = { ...found, version: await versionOf(found, wanted, next) };
  if (compareVersions(binary.version, codexVersionMin) < 0) {
    throw new HacsError(
      "codex-too-old",
      `codex ${codexVersionMin} or newer is needed; ${quote(binary.path)} is ${binary.version}.`,
      "Update it with: npm install -g @openai/codex@latest",
    );
  }
  return binary;
}

/** The same without asking it for its version: a few looks at the disk. Throws `codex-missing`. */
export function findCodex({ given, env, user }: Wanted): Omit<CodexBinary, "version"> {
  return asUser(user, () => {
    const found = given === undefined ? search(env) : checkGiven(given, env);
    if (found === undefined) {
      throw new HacsError(
        "codex-missing",
        "There is no codex on PATH, and none beside hacs-session.",
        install,
      );
    }
    const path = nativeBinary(found) ?? found;
    return { path, stamp: stampOf(statSync(path)) };
  });
}

export function stampOf({ dev, ino, size, mtimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs}`;
}

/** Negative when `a` is the older of two `x.y.z` versions; what follows the numbers is ignored. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/).slice(0, 3).map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function checkGiven(given: string, env: NodeJS.ProcessEnv): string {
  const path = given.includes("/") ? resolve(given) : fromPath(given, env);
  if (path !== undefined && isExecutable(path)) return path;
  throw new HacsError(
    "codex-missing",
    `The codex that was chosen, ${quote(given)}, is not a file that can be run.`,
    correct,
  );
}

function search(env: NodeJS.ProcessEnv): string | undefined {
  const found = fromPath("codex", env);
  if (found !== undefined) return found;
  // The bundle lies in dist/, a source file in src/system/: the package is found from either.
  const here = typeof __dirname === "string" ? __dirname : process.cwd();
  for (let dir = process.env.HACS_SESSION_DIST ?? here; ; dir = dirname(dir)) {
    const binary = fromPackage(join(dir, "node_modules", "@openai", "codex"));
    if (binary !== undefined) return binary;
    if (dir === dirname(dir)) return undefined;
  }
}

function fromPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  for (const dir of (env.PATH ?? "").split(delimiter)) {
    if (!isAbsolute(dir)) continue;
    const path = join(dir, name);
    if (isExecutable(path)) return path;
  }
  return undefined;
}

/** The binary behind npm's launcher; undefined when `path` is a binary already, or unlike it. */
function nativeBinary(path: string): string | undefined {
  const real = realpathSync(path);
  if (!isScript(real)) return undefined;
  return real.endsWith(join("codex", "bin", "codex.js"))
    ? fromPackage(dirname(dirname(real)))
    : undefined;
}

/** `codexPackage` is the folder of @openai/codex; its platform package is its sibling or child. */
function fromPackage(codexPackage: string): string | undefined {
  const name = `codex-${process.platform}-${process.arch}`;
  const places = [
    join(codexPackage, "node_modules", "@openai", name),
    join(dirname(codexPackage), name),
  ];
  for (const place of places) {
    for (const triple of entriesOf(join(place, "vendor"))) {
      const binary = join(place, "vendor", triple, "bin", "codex");
      if (isExecutable(binary)) return binary;
    }
  }
  return undefined;
}

const versions = new Map<string, string>();

/** `next` is what to do when it is no codex. */
async function versionOf(
  { path, stamp }: Omit<CodexBinary, "version">,
  wanted: Wanted,
  next: string,
): Promise<string> {
  // What one user could run another may not be able to.
  const key = `${wanted.user?.uid ?? ""} ${path} ${stamp}`;
  const known = versions.get(key);
  if (known !== undefined) return known;
  try {
    const said = await sayVersion(path, wanted);
    const version = /\d+\.\d+\.\d+\S*/.exec(said)?.[0];
    if (version === undefined) throw new Error(`it printed ${quote(said.trim())}`);
    versions.set(key, version);
    return version;
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new HacsError(
      "codex-missing",
      `${quote(path)} is no codex that tells its version: ${why}`,
      next,
    );
  }
}

function sayVersion(path: string, { env, user }: Wanted): Promise<string> {
  const set = Object.entries(env).filter((one): one is [string, string] => one[1] !== undefined);
  const child = spawnAs(user, path, ["--version"], {
    cwd: user === undefined ? process.cwd() : "/",
    env: Object.fromEntries(set),
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
        if (said[name].length < sayingCharsMax) said[name] += chunk;
      });
    }
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`it said nothing within ${versionTimeoutMs / 1000} s`));
    }, versionTimeoutMs);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const last = said.stderr.trim().split("\n").at(-1) ?? "";
      if (code === 0) resolve(said.stdout);
      else reject(new Error(`it ended with ${signal ?? code}${last === "" ? "" : `: ${last}`}`));
    });
  });
}

function isScript(path: string): boolean {
  const file = openPlainFile(path);
  if (file === undefined) return false;
  try {
    const magic = Buffer.alloc(2);
    readSync(file, magic, 0, 2, 0);
    return magic.toString("latin1") === "#!";
  } finally {
    closeSync(file);
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function entriesOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
