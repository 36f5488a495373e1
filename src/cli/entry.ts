/**
 * What `bin/hacs-session` runs: turns on Node's compile cache and loads the command line, which
 * then need not be compiled anew each time; that is a fifth of a short command's wall time. What
 * is in the cache is run, so it is used only in a directory that nobody else can write.
 */
import { lstatSync, mkdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

function cacheDirectory(): string {
  const { HACS_SESSION_HOME: home, XDG_CACHE_HOME: given } = process.env;
  if (home) return join(home, "cache");
  const base = given !== undefined && isAbsolute(given) ? given : join(homedir(), ".cache");
  return join(base, "hacs-session");
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(
    `hacs-session: Node 22.13 or newer is needed; this is ${process.versions.node}.\nUpdate it, or run npm ci in a clone, which brings its own.\n`,
  );
  process.exit(1);
}

try {
  const directory = cacheDirectory();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = lstatSync(directory);
  const isPrivate =
    stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
  if (isPrivate) enableCompileCache(directory);
} catch {
  // A home that can't be written: it works without a cache as well.
}
require("./cli-main.cjs");
