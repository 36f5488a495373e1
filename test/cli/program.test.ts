import { describe, expect, test } from "vitest";
import { verbs } from "../../src/cli/commands.ts";
import { loadable, loadVerb } from "../../src/cli/load-verb.ts";
import { parse } from "../../src/cli/program.ts";
import { parseQuickly } from "../../src/cli/quick.ts";
import { HacsError } from "../../src/protocol/errors.ts";

function read(line: string) {
  const parsed = parse(line.split(" ").filter((word) => word !== ""));
  if (parsed.kind !== "verb") return parsed;
  const { verb, args, options, globals } = parsed;
  return { verb: verb.name, args, options, globals };
}

function failure(line: string): HacsError {
  try {
    read(line);
  } catch (error) {
    if (error instanceof HacsError) return error;
    throw error;
  }
  throw new Error(`"${line}" is taken`);
}

describe("a command line", () => {
  test.each([
    ["ls", "ls", [], {}],
    ["list -a", "ls", [], { all: true }],
    ["a", "attach", [], {}],
    ["attach fix -r", "attach", ["fix"], { readOnly: true }],
    ["send fix hello there --wait", "send", ["fix", "hello", "there"], { wait: true }],
    ["send fix -", "send", ["fix", "-"], {}],
    ["send fix -- --wait", "send", ["fix", "--wait"], {}],
    ["send fix x -i a.png -i b.png", "send", ["fix", "x"], { image: ["a.png", "b.png"] }],
    ["send fix x -w -t 10m", "send", ["fix", "x"], { wait: true, timeout: 600_000 }],
    ["tail fix -n 5 -f", "tail", ["fix"], { lines: 5, follow: true }],
    ["wait fix --for turn", "wait", ["fix"], { for: "turn" }],
    ["kill a b c", "kill", ["a", "b", "c"], {}],
    ["approve fix 12 --for-session", "approve", ["fix", "12"], { forSession: true }],
    ["approve fix --answer q=a=b", "approve", ["fix"], { answer: [["q", "a=b"]] }],
    [
      "new -d -e A=1 -e B= -c x=1",
      "new",
      [],
      {
        detach: true,
        env: [
          ["A", "1"],
          ["B", ""],
        ],
        config: ["x=1"],
      },
    ],
    ["daemon stop --end", "stop", [], { end: true }],
  ])("%s", (line, verb, args, options) => {
    expect(read(line)).toMatchObject({ verb, args, options });
  });

  test.each([
    "-L work --json ls",
    "ls -L work --json",
    "--json ls --label work",
    "-L play ls -L work --json",
  ])("has its global options anywhere: %s", (line) => {
    expect(read(line)).toMatchObject({
      verb: "ls",
      options: {},
      globals: { label: "work", json: true },
    });
  });

  test("keeps global options out of a daemon verb's own", () => {
    expect(read("-S /s daemon --no-color status")).toMatchObject({
      verb: "status",
      options: {},
      globals: { socket: "/s", color: false },
    });
  });

  test("without a verb is none, with or without options", () => {
    expect(read("")).toMatchObject({ kind: "none" });
    expect(read("-L work")).toMatchObject({ kind: "none", globals: { label: "work" } });
  });

  test.each([
    ["help nosuch", 'There is no verb "nosuch".', "hacs-session help"],
    ["help daemon nosuch", 'There is no verb "daemon nosuch".', "start, stop"],
    ["sned fix", "Unknown command 'sned'.", "Did you mean send?"],
    ["ls --jsn", "Unknown option '--jsn'.", "Did you mean --json?"],
    ["send", "Missing required argument 'session'.", "hacs-session help send"],
    ["ls x", "Too many arguments", "hacs-session help ls"],
    ["daemon", "daemon takes one of: start, stop", "hacs-session help daemon"],
    ["daemon stat", "Unknown command 'stat'.", "start"],
    ["wait x --for ever", "Allowed choices are idle, approval, turn.", "help wait"],
    ["wait x -t soon", "A duration is", "10m"],
    ["tail x -n few", "-n takes a whole number", undefined],
    ["tail x -n 1 --since 2", "cannot be used with option", "help tail"],
    ["new --full-auto -s read-only", "cannot be used with option", "help new"],
    ["new -e A", "-e takes KEY=VALUE", "-e DEBUG=1"],
    ["-S /s ls -L l", "--socket and --label exclude each other.", "one of the two"],
    ["completion tcsh", "Allowed choices are bash, zsh, fish.", "help completion"],
    ["token new --scope all", "Allowed choices are observe", "hacs-session help token new"],
    ["send x y --id a~b", "A message id is", "Leave --id out"],
  ])("that is wrong says so: %s", (line, message, next) => {
    const error = failure(line);
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(message);
    if (next) expect(error.next).toContain(next);
  });
});

describe("the quick reading", () => {
  test.each([
    "ls",
    "ls --json -a",
    "list --no-color",
    "a",
    "send fix hello - there --wait --through-approvals",
    "tail fix -f --deltas",
    "kill a b",
    "rm -f a",
    "new -d name prompt",
    "approve fix",
    "doctor",
    "new --last",
  ])("is commander's: %s", async (line) => {
    const argv = line.split(" ");
    expect(await parseQuickly(argv)).toEqual(parse(argv));
  });

  test.each([
    "",
    "-q ls",
    "lss",
    "ls x",
    "send",
    "ls --jsn",
    "ls -aq",
    "ls -q -v",
    "send x y --id 1",
    "send x -- -y",
    "ls --help",
    "daemon status",
    "completion bash",
    "send x y --steer --queue",
    "deny x 1 2",
  ])("leaves to commander what is not plain: %s", async (line) => {
    expect(await parseQuickly(line.split(" ").filter((word) => word !== ""))).toBeUndefined();
  });

  test("loads every verb of the table by its names, and no other", async () => {
    const names = verbs.flatMap(({ name, alias }) => [name, ...(alias ? [alias] : [])]);
    expect([...loadable].sort()).toEqual(names.sort());
    for (const verb of verbs) {
      expect(await loadVerb(verb.name)).toBe(verb);
      if (verb.alias) expect(await loadVerb(verb.alias)).toBe(verb);
    }
    expect(loadVerb("constructor")).toBeUndefined();
  });
});

describe("help", () => {
  const text = (line: string) => {
    const parsed = parse(line.split(" "));
    return parsed.kind === "text" ? parsed.text : "";
  };

  test("has a line for every verb, and the exit codes", () => {
    for (const line of ["help", "--help", "-h"]) {
      for (const { name } of verbs) expect(text(line)).toMatch(new RegExp(`^  ${name}[ ,]`, "m"));
      expect(text(line)).toContain("124 timed out");
    }
  });

  test.each(verbs.flatMap((verb) => [verb, ...(verb.verbs ?? [])]))(
    "of $name has examples",
    (verb) => {
      const parent = verbs.find(({ verbs: below }) => below?.includes(verb));
      const help = text([parent?.name, verb.name, "--help"].filter(Boolean).join(" "));
      expect(help).toContain("Usage: hacs-session ");
      expect(help).toContain("Examples:\n");
      expect(help).toContain("--json");
    },
  );

  test("of a verb is what `help verb` prints", () => {
    expect(text("help send")).toBe(text("send --help"));
    expect(text("help daemon stop")).toBe(text("daemon stop --help"));
    expect(text("help send").indexOf("Options:")).toBeLessThan(
      text("help send").indexOf("Options for every verb:"),
    );
  });

  test.each([40, 64, 80])("fits %i columns, except for commands to copy", (columns) => {
    for (const line of ["", ...verbs.map(({ name }) => name), "daemon stop"]) {
      const parsed = parse(["help", ...line.split(" ").filter(Boolean)], columns);
      const lines = parsed.kind === "text" ? parsed.text.split("\n") : [];
      const prose = lines.filter((one) => !/^ {2}\S/.test(one));
      expect(prose.filter((one) => one.length > columns)).toEqual([]);
    }
  });

  test("-V is the version alone", () => {
    expect(text("-V")).toMatch(/^\d+\.\d+\.\d+/);
  });
});
