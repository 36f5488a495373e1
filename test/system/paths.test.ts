import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  checkPrivateDirectory,
  checkSocketPath,
  ensurePrivateDirectory,
  pathsFor,
  socketPathBytesMax,
} from "../../src/system/paths.ts";

const withCode = (code: string) => expect.objectContaining({ code });

describe("where things are", () => {
  const xdg = {
    XDG_CONFIG_HOME: "/x/config",
    XDG_STATE_HOME: "/x/state",
    XDG_RUNTIME_DIR: "/x/run",
  };

  test("XDG decides", () => {
    expect(pathsFor({}, xdg)).toEqual({
      configFile: "/x/config/hacs-session/config.json",
      stateDir: "/x/state/hacs-session/default",
      historyFile: "/x/state/hacs-session/default/history.db",
      logFile: "/x/state/hacs-session/default/daemon.log",
      socket: "/x/run/hacs-session/default.sock",
      agentsDir: "/x/run/hacs-session/default.agents",
      codexDir: "/x/run/hacs-session/default.codex",
    });
  });

  test("without XDG it is the places that XDG names, and a directory of one's own in /tmp", () => {
    const paths = pathsFor({}, {});
    expect(paths.configFile).toBe(join(homedir(), ".config/hacs-session/config.json"));
    expect(paths.stateDir).toBe(join(homedir(), ".local/state/hacs-session/default"));
    expect(paths.socket).toBe(`/tmp/hacs-session-${process.getuid?.()}/default.sock`);
  });

  test("relative XDG paths are ignored, as XDG says", () => {
    const relative = { XDG_CONFIG_HOME: "a", XDG_STATE_HOME: "b", XDG_RUNTIME_DIR: "c" };
    expect(pathsFor({}, relative)).toEqual(pathsFor({}, {}));
  });

  test("HACS_SESSION_HOME puts everything under one directory, whatever XDG says", () => {
    const paths = pathsFor({}, { ...xdg, HACS_SESSION_HOME: "/h" });
    expect(Object.values(paths).every((path) => path.startsWith("/h/"))).toBe(true);
    expect(paths.socket).toBe("/h/run/default.sock");
    expect(pathsFor({}, { HACS_SESSION_HOME: "h" }).socket).toBe(
      join(process.cwd(), "h/run/default.sock"),
    );
  });

  test("daemons that are chosen differently share nothing but the config", () => {
    const choices = [{}, { label: "work" }, { socket: "/s/one.sock" }, { socket: "/s/two.sock" }];
    const all = choices.map((choice) => pathsFor(choice, xdg));
    for (const key of ["stateDir", "socket", "agentsDir", "codexDir"] as const)
      expect(new Set(all.map((paths) => paths[key])).size).toBe(all.length);
    expect(new Set(all.map((paths) => paths.configFile)).size).toBe(1);
  });

  test("the environment names a socket, an option outranks it", () => {
    const env = { ...xdg, HACS_SESSION_SOCKET: "/s/env.sock" };
    expect(pathsFor({}, env).socket).toBe("/s/env.sock");
    expect(pathsFor({ socket: "/s/given.sock" }, env).socket).toBe("/s/given.sock");
    expect(pathsFor({ label: "work" }, env).socket).toBe("/x/run/hacs-session/work.sock");
  });

  test.each(["", "../../etc", "a/b", "-x"])("the label %j is refused", (label) => {
    expect(() => pathsFor({ label }, xdg)).toThrow(withCode("invalid-name"));
  });
});

describe("a socket's path", () => {
  test("has at most 107 bytes, counted as bytes", () => {
    const fits = `/${"x".repeat(socketPathBytesMax - 1)}`;
    expect(checkSocketPath(fits)).toBe(fits);
    expect(() => checkSocketPath(`${fits}x`)).toThrow(withCode("socket-path-long"));
    expect(() => checkSocketPath(`/${"é".repeat(54)}`)).toThrow(/has 109/);
  });

  test("is checked for the default daemon too", () => {
    const env = { HACS_SESSION_HOME: `/${"x".repeat(100)}` };
    expect(() => pathsFor({}, env)).toThrow(withCode("socket-path-long"));
  });
});

describe("a private directory", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync("/tmp/hs-");
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const unsafe = withCode("directory-unsafe");

  test("is made with its parents, closed to others, and may be there already", () => {
    const path = join(dir, "a/b");
    ensurePrivateDirectory(path);
    ensurePrivateDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "a")).mode & 0o777).toBe(0o700);
  });

  test.each([0o755, 0o770, 0o701, 0o710, 0o777])("is refused with mode %o", (mode) => {
    const path = join(dir, "open");
    mkdirSync(path);
    chmodSync(path, mode);
    expect(() => ensurePrivateDirectory(path)).toThrow(unsafe);
    expect(() => checkPrivateDirectory(path)).toThrow(mode.toString(8));
  });

  test("is not a symlink, even to one that is private", () => {
    mkdirSync(join(dir, "real"), { mode: 0o700 });
    symlinkSync(join(dir, "real"), join(dir, "link"));
    expect(() => ensurePrivateDirectory(join(dir, "link"))).toThrow(unsafe);
    expect(() => checkPrivateDirectory(join(dir, "link"))).toThrow("symlink");
  });

  test("is not a file", () => {
    writeFileSync(join(dir, "file"), "");
    expect(() => checkPrivateDirectory(join(dir, "file"))).toThrow(unsafe);
    expect(() => ensurePrivateDirectory(join(dir, "file"))).toThrow(withCode("state-unwritable"));
    expect(() => ensurePrivateDirectory(join(dir, "file/in"))).toThrow(
      withCode("state-unwritable"),
    );
  });

  test("is nobody else's", () => {
    const isRoot = process.getuid?.() === 0;
    const foreign = isRoot ? join(dir, "foreign") : "/";
    if (isRoot) {
      mkdirSync(foreign, { mode: 0o700 });
      chownSync(foreign, 12_345, 12_345);
    }
    expect(() => checkPrivateDirectory(foreign)).toThrow(/belongs to uid \d+, not to you/);
  });
});
