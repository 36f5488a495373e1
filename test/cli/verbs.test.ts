/** What each verb asks of the daemon, and what it makes of the answer; the daemon is a table. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { configuredProvider } from "../../src/cli/codex-login.ts";
import { nameAndPrompt } from "../../src/cli/verbs/new.ts";
import { choose, sessionName } from "../../src/cli/verbs/start.ts";
import { HacsError } from "../../src/protocol/errors.ts";
import { approvalOf, FakeContext, runLine, sessionOf } from "./fake.ts";

const session = sessionOf();
const env = { HOME: "/home/ann", PATH: "/bin" };
const answers = {
  "session/new": { session, receipt: null },
  "session/list": { sessions: [session] },
  "session/show": { session },
  "session/send": { messageId: "m1", status: "accepted" },
  "session/approvals": { approvals: [approvalOf()] },
  "session/answer": { approval: approvalOf(), decision: "accept" },
  "session/interrupt": { turnId: "t1" },
  "session/sleep": { session },
  "session/wake": { session },
  "session/restart": { session },
  "session/kill": { session, cancelled: 2 },
  "session/remove": { records: 7 },
  "session/rename": { session: sessionOf({ name: "tests" }) },
  "session/fork": { session: sessionOf({ name: "fix-2" }) },
};

describe("the calls of", () => {
  const cwd = "/home/ann/app";
  test.each<[string, [method: string, params: unknown][]]>([
    ["new", [["session/new", { spec: { cwd }, env }]]],
    ["new fix -d", [["session/new", { name: "fix", spec: { cwd }, env }]]],
    [
      "new fix say hello",
      [["session/new", { name: "fix", prompt: { text: "say hello" }, spec: { cwd }, env }]],
    ],
    [
      "new -C ../lib --codex-home ch",
      [["session/new", { spec: { cwd: "/home/ann/lib", codexHome: "/home/ann/app/ch" }, env }]],
    ],
    [
      "new --codex bin/codex",
      [["session/new", { spec: { cwd, codex: "/home/ann/app/bin/codex" }, env }]],
    ],
    ["new --codex codex-next", [["session/new", { spec: { cwd, codex: "codex-next" }, env }]]],
    [
      "new -m m -p p --provider o -s read-only -a never -c a=1 -c b=2",
      [
        [
          "session/new",
          {
            spec: {
              cwd,
              model: "m",
              profile: "p",
              provider: "o",
              sandbox: "read-only",
              approval: "never",
              overrides: ["a=1", "b=2"],
            },
            env,
          },
        ],
      ],
    ],
    [
      "new --full-auto",
      [["session/new", { spec: { cwd, sandbox: "workspace-write", approval: "on-request" }, env }]],
    ],
    [
      "new -e X=1 -e PATH=/x",
      [["session/new", { spec: { cwd }, env: { ...env, X: "1", PATH: "/x" } }]],
    ],
    ["new --resume T", [["session/new", { spec: { cwd }, env, resume: { threadId: "T" } }]]],
    ["new --last", [["session/new", { spec: { cwd }, env, resume: { last: true } }]]],
    ["ls", [["session/list", {}]]],
    ["ls -a", [["session/list", { all: true }]]],
    [
      "send fix a b --id m1 --steer",
      [["session/send", { name: "fix", id: "m1", content: { text: "a b" }, mode: "steer" }]],
    ],
    ["approvals", [["session/approvals", {}]]],
    ["approvals fix", [["session/approvals", { name: "fix" }]]],
    ["approve fix", [["session/answer", { name: "fix", answer: { decision: "accept" } }]]],
    [
      "approve fix a1 --for-session",
      [["session/answer", { name: "fix", id: "a1", answer: { decision: "acceptForSession" } }]],
    ],
    ["approve fix --decision d", [["session/answer", { name: "fix", answer: { decision: "d" } }]]],
    [
      'approve fix --response {"a":1}',
      [["session/answer", { name: "fix", answer: { response: { a: 1 } } }]],
    ],
    [
      "approve fix --answer q=a --answer q=b --answer r=c",
      [
        [
          "session/answer",
          {
            name: "fix",
            answer: {
              response: { answers: { q: { answers: ["a", "b"] }, r: { answers: ["c"] } } },
            },
          },
        ],
      ],
    ],
    ["deny fix", [["session/answer", { name: "fix", answer: { decision: "decline" } }]]],
    [
      "deny fix a1 --abort",
      [["session/answer", { name: "fix", id: "a1", answer: { decision: "cancel" } }]],
    ],
    ["interrupt fix", [["session/interrupt", { name: "fix" }]]],
    ["sleep fix -f", [["session/sleep", { name: "fix", force: true }]]],
    ["wake fix", [["session/wake", { name: "fix" }]]],
    ["restart fix --update-env", [["session/restart", { name: "fix", env }]]],
    [
      "kill a b",
      [
        ["session/kill", { name: "a" }],
        ["session/kill", { name: "b" }],
      ],
    ],
    ["rename fix tests", [["session/rename", { name: "fix", to: "tests" }]]],
    ["fork fix fix-2", [["session/fork", { name: "fix", to: "fix-2", env }]]],
    ["show fix", [["session/show", { name: "fix" }]]],
    [
      "rm -f fix",
      [
        ["session/show", { name: "fix" }],
        ["session/kill", { name: session.id }],
        ["session/remove", { name: session.id }],
      ],
    ],
  ])("%s", async (line, calls) => {
    const context = new FakeContext(answers);
    expect(await runLine(context, line.split(" "))).toBe(0);
    expect(context.calls.map(({ method, params }) => [method, params])).toEqual(calls);
  });
});

describe("new", () => {
  test.each([
    [[], {}],
    [["fix"], { name: "fix" }],
    [["make it work"], { prompt: "make it work" }],
    [["fix", "make it work"], { name: "fix", prompt: "make it work" }],
    [["fix", "make", "it", "work"], { name: "fix", prompt: "make it work" }],
    // A slip of the pen is a wrong name, not a message to a model.
    [["my/app"], { name: "my/app" }],
  ])("reads %j", (words, expected) => {
    expect(nameAndPrompt(words)).toEqual(expected);
  });

  test("prints the name with -d, and without a terminal says how to attach", async () => {
    const context = new FakeContext(answers);
    await runLine(context, ["new", "-d", "--provider", "demo"]);
    expect([context.out, context.err]).toEqual(["fix\n", ""]);
    await runLine(context, ["new"]);
    expect(context.err).toContain("hacs-session attach fix");
  });

  test("says when words were taken for a message, and when codex has no login", async () => {
    const context = new FakeContext(answers, { env: { ...env, CODEX_HOME: tmpdir() } });
    await runLine(context, ["new", "-d", "bad name!"]);
    expect(context.out).toBe("fix\n");
    expect(context.err).toBe(
      '"bad name!" can\'t be a name, so it is the first message of fix.\n' +
        "Not signed in to Codex: codex login, or use --provider demo.\n",
    );
  });
});

describe("send", () => {
  test("makes an id, and prints the one that was stored", async () => {
    const context = new FakeContext(answers);
    await runLine(context, ["send", "fix", "hello"]);
    expect(context.out).toBe("m1\n");
    expect(context.calls[0]?.params).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test.each([
    [["send", "fix", ""], "empty-message"],
    [["send", "fix", "x", "--timeout", "1s"], "invalid-usage"],
    [["send", "fix", "x", "--image", "/nowhere.png"], "image-unreadable"],
    [["send", "fix", "x", "--image", "/etc/passwd"], "image-unreadable"],
  ])("%j is refused before anyone is asked", async (argv, code) => {
    const context = new FakeContext(answers);
    await expect(runLine(context, argv)).rejects.toMatchObject({ code });
    expect(context.calls).toEqual([]);
  });

  test("takes images of every kind by what they hold", async () => {
    const dir = mkdtempSync(join(tmpdir(), "hs-images-"));
    const heads = {
      png: Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1"),
      jpeg: Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
      gif: Buffer.from("GIF89a"),
      webp: Buffer.from("RIFF0000WEBP"),
    };
    const files = Object.entries(heads).map(([name, head]) => {
      writeFileSync(join(dir, name), head);
      return join(dir, name);
    });
    const context = new FakeContext(answers);
    await runLine(context, ["send", "fix", ...files.flatMap((file) => ["-i", file])]);
    expect(context.calls[0]?.params).toMatchObject({ content: { text: "", images: files } });
    rmSync(dir, { recursive: true });
  });
});

describe("output", () => {
  const said = async (line: string, options = {}) => {
    const context = new FakeContext(answers, options);
    await runLine(context, line.split(" "));
    return context;
  };

  test("approve says what it allowed", async () => {
    expect((await said("approve fix")).out).toBe(
      "accept: command a1b2c3 in fix\n  $ rm -rf build\n  in /home/ann/app\n  reason: to start afresh\n",
    );
  });

  test("approvals --json has the contract's fields alone", async () => {
    const [approval] = JSON.parse((await said("approvals", { json: true })).out);
    expect(Object.keys(approval)).toEqual([
      "id",
      "session",
      "kind",
      "command",
      "cwd",
      "reason",
      "decisions",
      "createdAt",
    ]);
  });

  test("kill says what was lost", async () => {
    expect((await said("kill fix")).err).toBe("Ended fix. Messages that were not delivered: 2.\n");
  });

  test("ls of nothing is a line on stderr, and [] for machines", async () => {
    const empty = { "session/list": { sessions: [] } };
    const text = new FakeContext(empty);
    await runLine(text, ["ls"]);
    expect([text.out, text.err]).toEqual(["", expect.stringContaining("hacs-session new")]);
    const json = new FakeContext(empty, { json: true });
    await runLine(json, ["ls"]);
    expect(json.out).toBe("[]\n");
  });

  test("show says how far each message came, and what came of it", async () => {
    const receipt = { messageId: "m1", status: "finished", turnStatus: "completed" };
    const messages = [{ ...receipt, text: `a\n${"long ".repeat(30)}`, error: null }];
    const context = new FakeContext({
      "session/show": { session: sessionOf({ messages: messages as never }) },
    });
    await runLine(context, ["show", "fix"]);
    expect(context.out).toMatch(/^messages {4}m1 finished, turn completed: a long [long ]*…$/m);
  });

  test.each(["show fix", "approvals", "doctor"])("%s fits a phone", async (line) => {
    const context = await said(line, { terminal: { out: true, columns: 40 } });
    // A single word that is longer is left whole, and so is a command.
    for (const one of context.out.split("\n").filter((text) => text.trim().includes(" ")))
      expect(one.length <= 40 || /\S{36}|^ +\S+$/.test(one), one).toBe(true);
  });

  test("show prints what is known, and leaves out what is not", async () => {
    const { out } = await said("show fix");
    expect(out).toContain("directory   ~/app\n");
    expect(out).not.toContain("null");
    expect(out).not.toContain("profile");
  });
});

describe("an answer that codex does not offer", () => {
  const refused = {
    ...answers,
    "session/answer": new HacsError("invalid-decision", "This approval takes accept."),
  };

  test("is named by its option, with what there is", async () => {
    await expect(
      runLine(new FakeContext(refused), ["approve", "fix", "--for-session"]),
    ).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^--for-session is not offered .*accept \(Yes, this once\)/),
      next: "This once: hacs-session approve fix",
    });
  });

  test("as a plain no stops the turn, and the result says so", async () => {
    const stopped = {
      ...answers,
      "session/answer": { approval: approvalOf(), decision: "cancel" },
    };
    const context = new FakeContext(stopped);
    await runLine(context, ["deny", "fix"]);
    expect(context.out).toContain("The turn is stopped: codex offered no other way to say no.\n");
  });
});

test("attach to a session that was ended says how to read it", async () => {
  const context = new FakeContext(
    { "session/show": { session: sessionOf({ state: "ended" }) } },
    { terminal: { in: true, out: true } },
  );
  await expect(runLine(context, ["attach", "fix"])).rejects.toMatchObject({
    exitCode: 3,
    next: "Read it with: hacs-session tail fix",
  });
});

test("one session that can't be ended does not keep the others from it", async () => {
  const context = new FakeContext(answers);
  const call = context.call.bind(context);
  context.call = (async (method: never, params: { name: string }) => {
    if (params.name === "b") throw new HacsError("session-not-found", 'There is no session "b".');
    return call(method, params as never);
  }) as typeof context.call;
  await expect(runLine(context, ["kill", "a", "b", "c"])).rejects.toMatchObject({
    code: "session-not-found",
  });
  expect(context.calls.map(({ params }) => params)).toEqual([{ name: "a" }, { name: "c" }]);
});

test("rm of a session that lives asks for -f", async () => {
  const context = new FakeContext(answers);
  await expect(runLine(context, ["rm", "fix"])).rejects.toMatchObject({ code: "session-busy" });
  expect(context.calls.map(({ method }) => method)).toEqual(["session/show"]);
});

test("attach without a terminal says what else there is", async () => {
  await expect(runLine(new FakeContext(answers), ["attach"])).rejects.toMatchObject({
    code: "invalid-usage",
    next: expect.stringContaining("tail NAME -f"),
  });
});

test.each([
  ['model_provider = "fake"', "fake"],
  ["model = 'x'\n  model_provider='openai' # mine", "openai"],
  ['# model_provider = "no"', undefined],
  ['[profiles.x]\nmodel_provider = "no"', undefined],
  ["", undefined],
])("the provider in %j is %s", (config, provider) => {
  expect(configuredProvider(config)).toBe(provider);
});

describe("start", () => {
  test("names the session after the directory", () => {
    expect(sessionName("/home/ann/my app", false)).toBe("my-app");
    expect(sessionName(`/${"x".repeat(60)}`, true)).toBe(`${"x".repeat(43)}-demo`);
  });

  test("uses the one that is there, and not one of another directory or model", () => {
    const here = sessionOf({ name: "app" });
    expect(choose("app", here.cwd, false, [here])).toEqual({ name: "app", known: here });
    expect(choose("app", "/srv/app", false, [here])).toEqual({ name: "app-2" });
    expect(choose("app", here.cwd, true, [here])).toEqual({ name: "app-2" });
    expect(choose("app", here.cwd, false, [{ ...here, state: "ended" }])).toEqual({ name: "app" });
  });
});
