/**
 * Finds the codex to run: the one that was named, else the one on PATH, else the npm package
 * beside this program. The native binary is wanted, since npm's launcher is a Node process of
 * 44 MB that would stay alive beside every agent.
 */
import { execFile } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { promisify } from "node:util";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";

export interface CodexBinary {
  path: string;
  version: string;
}

/** The oldest codex whose app-server has what is needed here (measured; older ones were not). */
export const codexVersionMin = "0.169.0";
const versionTimeoutMs = 20_000;
const install = "Install it with: npm install -g @openai/codex";
const correct = `Correct --codex or "codex" in the config file, or leave it out. ${install}`;

/** Throws `codex-missing` or `codex-too-old`, each with the command that mends it. */
export async function locateCodex(options: {
  given?: string | undefined;
  env: NodeJS.ProcessEnv;
}): Promise<CodexBinary> {
  const path =
    options.given === undefined ? search(options.env) : checkGiven(options.given, options.env);
  if (path === undefined) {
    throw new HacsError(
      "codex-missing",
      "There is no codex on PATH, and none beside hacs-session.",
      install,
    );
  }
  const binary = { path: nativeBinary(path) ?? path, version: "" };
  const given = options.given !== undefined;
  binary.version = await versionOf(binary.path, options.env, given ? correct : install);
  if (compareVersions(binary.version, codexVersionMin) < 0) {
    throw new HacsError(
      "codex-too-old",
      `codex ${codexVersionMin} or newer is needed; ${quote(binary.path)} is ${binary.version}.`,
      "Update it with: npm install -g @openai/codex@latest",
    );
  }
  return binary;
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
async function versionOf(path: string, env: NodeJS.ProcessEnv, next: string): Promise<string> {
  const { mtimeMs, size } = statSync(path);
  const key = `${path} ${mtimeMs} ${size}`;
  const known = versions.get(key);
  if (known !== undefined) return known;
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], {
      env,
      timeout: versionTimeoutMs,
    });
    const version = /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0];
    if (version === undefined) throw new Error(`it printed ${quote(stdout.trim())}`);
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

function isScript(path: string): boolean {
  const file = openSync(path, "r");
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
