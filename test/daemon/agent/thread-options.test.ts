import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  codexHomeOf,
  parseOverride,
  threadOptions,
} from "../../../src/daemon/agent/thread-options.ts";
import { HacsError } from "../../../src/protocol/errors.ts";
import type { Json } from "../../../src/protocol/messages.ts";

describe("an override is key=value", () => {
  test.each<[string, string, Json]>([
    ["model=gpt-5", "model", "gpt-5"],
    ['model="gpt-5"', "model", "gpt-5"],
    ["model='gpt-5'", "model", "gpt-5"],
    ["a.b.c=1", "a.b.c", 1],
    ["a=1.5", "a", 1.5],
    ["a=true", "a", true],
    ['a=["x", "y"]', "a", ["x", "y"]],
    ['a={b = 1, c = "d"}', "a", { b: 1, c: "d" }],
    [" spaced = out ", "spaced", "out"],
    ["a=b=c", "a", "b=c"],
    ["a=", "a", ""],
    ["path=/usr/bin:/bin", "path", "/usr/bin:/bin"],
    ["text=two words", "text", "two words"],
    ['projects."/a b".trust_level="trusted"', 'projects."/a b".trust_level', "trusted"],
  ])("%s", (override, key, value) => {
    expect(parseOverride(override)).toEqual({ [key]: value });
  });

  test.each([
    "",
    "=",
    "=x",
    "novalue",
    "a b",
    ".a=1",
    "a;b=1",
    'a="open',
    "a=[1, 2",
    "a={b",
    'a="x" "y"',
  ])("%j is not one", (override) => {
    expect(() => parseOverride(override)).toThrow(HacsError);
    expect(() => parseOverride(override)).toThrow(
      expect.objectContaining({ code: "invalid-override" }),
    );
  });

  test("a value cannot smuggle in another key", () => {
    expect(() => parseOverride('a=1\nsandbox_mode = "danger-full-access"')).toThrow(
      "one TOML value",
    );
    expect(() => parseOverride("a=plain\nb = 1")).toThrow("one TOML value");
  });
});

describe("a thread's options", () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "hs-"));
    writeFileSync(join(home, "careful.config.toml"), 'model = "m"\n[tools]\nweb = true\n');
    writeFileSync(join(home, "broken.config.toml"), "model = \n");
  });
  afterAll(() => rmSync(home, { recursive: true }));
  const demo = { port: 7, catalog: "/c.json" };
  const options = (spec: object, given?: typeof demo) =>
    threadOptions({ cwd: "/w", ...spec }, home, given);

  test("what is left out is codex's own default", () => {
    expect(options({})).toEqual({ cwd: "/w" });
  });

  test("all that can be given", () => {
    const spec = {
      model: "x",
      provider: "p",
      sandbox: "read-only",
      approval: "never",
      overrides: ["a=1", "b.c=2", "a=3"],
    };
    expect(options(spec)).toEqual({
      cwd: "/w",
      model: "x",
      modelProvider: "p",
      sandbox: "read-only",
      approvalPolicy: "never",
      config: { a: 3, "b.c": 2 },
    });
  });

  test("a profile gives way to overrides", () => {
    expect(options({ profile: "careful", overrides: ["model=mine"] })).toEqual({
      cwd: "/w",
      config: { model: "mine", tools: { web: true } },
    });
  });

  test("the demo's model is only a default", () => {
    const provider = { base_url: "http://127.0.0.1:7/v1" };
    expect(options({ provider: "demo" }, demo)).toMatchObject({
      model: "demo",
      modelProvider: "demo",
      config: { "model_providers.demo": provider, model_catalog_json: "/c.json" },
    });
    expect(options({ provider: "demo", model: "x" }, demo).model).toBe("x");
  });

  test.each(["absent", "broken", "../careful", "a/b", "", "."])(
    "profile %j can't be read",
    (profile) => {
      const read = () => options({ profile });
      expect(read).toThrow(
        expect.objectContaining({
          code: "profile-missing",
          message: expect.stringContaining(profile),
        }),
      );
    },
  );
});

test.each([
  [{ codexHome: "/spec" }, { CODEX_HOME: "/env", HOME: "/h" }, "/spec"],
  [{}, { CODEX_HOME: "/env", HOME: "/h" }, "/env"],
  [{}, { HOME: "/h" }, "/h/.codex"],
])("CODEX_HOME of %j in %j", (spec, env, expected) => {
  expect(codexHomeOf({ cwd: "/", ...spec }, env)).toBe(expected);
});
