import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { HacsError } from "../../src/protocol/errors.ts";
import { readConfig } from "../../src/system/config.ts";
import { readSettings } from "../../src/system/settings.ts";

const dir = mkdtempSync(join(tmpdir(), "settings-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("a file that is not there is the usual, and so is what the file does not say", () => {
  const usual = { settings: { prefix: "C-b", notify: true }, complaint: null };
  expect(readSettings(join(dir, "none.json"))).toEqual(usual);
  const file = join(dir, "config.json");
  writeFileSync(file, '{"logLevel":"warn"}');
  expect(readSettings(file)).toEqual(usual);
});

test("the terminal UI and the daemon take the same settings", () => {
  const file = join(dir, "config.json");
  const table: [object, boolean][] = [
    [{ prefix: "C-a" }, true],
    [{ prefix: "C-Space", notify: false }, true],
    [{ prefix: "M-x" }, true],
    [{ notify: true }, true],
    [{ prefix: "C-m" }, false],
    [{ prefix: "C-i" }, false],
    [{ prefix: "C-c" }, false],
    [{ prefix: "a" }, false],
    [{ prefix: "C-ab" }, false],
    [{ prefix: 7 }, false],
    [{ notify: "no" }, false],
  ];
  for (const [config, taken] of table) {
    writeFileSync(file, JSON.stringify(config));
    const { settings, complaint } = readSettings(file);
    expect([config, complaint === null]).toEqual([config, taken]);
    if (taken) {
      expect(settings).toMatchObject(config);
      expect(readConfig(file)).toEqual(config);
    } else {
      expect(settings).toEqual({ prefix: "C-b", notify: true });
      expect(() => readConfig(file)).toThrow(HacsError);
    }
  }
  for (const broken of ["[]", "{", "7"]) {
    writeFileSync(file, broken);
    expect(readSettings(file).complaint).toContain("it is no");
  }
});
