/** What the config's hooks may be, and that what is wrong is said without their secrets. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/protocol/messages.ts";
import { type HookConfig, hookName, wrongHooks } from "../../src/system/hook-config.ts";
import { root } from "../support/codex.ts";

const on = ["turn.completed"];

test.each([
  [[{ on, run: "echo" }]],
  [
    [
      {
        on: ["approval.requested", "session.crashed"],
        run: ["notify", "x"],
        sessions: "web*,docs",
      },
    ],
  ],
  [[{ on, post: "http://127.0.0.1:1/x", secretFile: "/k", tokenFile: "/t", timeout: "5s" }]],
  [[{ on, post: "https://x.example", headers: { Title: "x" }, body: { text: "{{type}}" } }]],
  [[]],
])("%j is taken", (hooks) => {
  expect(wrongHooks(hooks)).toBeUndefined();
});

const secret = "https://hooks.example/T0/SECRET";

test.each<[Json, string]>([
  [{}, "is a list of hooks"],
  [Array(33).fill({ on, run: "x" }), "at most 32"],
  [["x"], "[0] is an object"],
  [[{ on }], "[0] has either run or post"],
  [[{ on, run: "x", post: secret }], "[0] has either run or post"],
  [[{ post: secret }], "[0] has no on"],
  [[{ on: ["turn.done"], post: secret }], "[0].on is a list of one or more of session.created"],
  [[{ on: [], post: secret }], "[0].on is a list"],
  [[{ on, run: [] }], "[0].run is a program"],
  [[{ on, run: ["x", "\0"] }], "[0].run is a program"],
  [[{ on, post: `ftp${secret}` }], "[0].post is a URL"],
  [[{ on, post: "https://anna:SECRET@x.example/" }], "[0].post is a URL"],
  [[{ on, post: secret, headers: { "webhook-id": "SECRET" } }], "[0].headers is an object"],
  [[{ on, post: secret, headers: { a: "SECRET\r\nb: c" } }], "[0].headers is an object"],
  [[{ on, post: secret, secretFile: "SECRET" }], "[0].secretFile is an absolute path"],
  [[{ on, run: "x", secretFile: "/SECRET" }], '[0] has no member "secretFile"'],
  [[{ on, run: "x", timeout: "11m" }], "[0].timeout is a time as 30s"],
  [[{ on, run: "x", sessions: "a b" }], "[0].sessions is none"],
  [[{ on, run: "x", name: "no/name" }], "[0].name is a name"],
  [
    [
      { on, run: "x" },
      { on, run: "x" },
    ],
    "two hooks that go by",
  ],
])("%j is refused", (hooks, why) => {
  const wrong = wrongHooks(hooks);
  expect(wrong).toContain(why);
  expect(wrong).not.toContain("SECRET");
});

test("a hook without a name goes by what it does, wherever it stands", () => {
  const hook: HookConfig = { on: ["turn.completed", "turn.failed"], post: secret };
  const name = hookName(hook);
  expect(name).toMatch(/^[0-9a-f]{8}$/);
  expect(hookName({ ...hook, on: ["turn.failed", "turn.completed"], timeout: "1s" })).toBe(name);
  expect(hookName({ ...hook, sessions: "web" })).not.toBe(name);
  expect(hookName({ ...hook, name: "slack" })).toBe("slack");
});

describe("docs/hooks.md", () => {
  const text = readFileSync(join(root, "docs/hooks.md"), "utf8");
  const examples = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = ""]) => json);

  test.each(examples)("has an example that is right: %s", (json) => {
    const { hooks, ...rest } = JSON.parse(json);
    expect(rest).toEqual({});
    expect(wrongHooks(hooks)).toBeUndefined();
  });

  test("has examples for ntfy, Slack and the desktop", () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
    for (const name of ["ntfy", "slack", "desktop"])
      expect(examples.some((json) => json.includes(`"name": "${name}"`))).toBe(true);
  });
});
