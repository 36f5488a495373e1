import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { candidates } from "../../src/cli/completion/candidates.ts";
import { completionScript, SHELLS } from "../../src/cli/completion/scripts.ts";
import { root } from "../support/codex.ts";
import { approvalOf, sessionOf } from "./fake.ts";

const names = {
  sessions: async (choice: object, all: boolean) => [
    sessionOf(),
    sessionOf({ name: "review", state: "needs-approval" }),
    ...(all ? [sessionOf({ name: "old", state: "ended" })] : []),
    ...(JSON.stringify(choice) === '{"label":"work"}' ? [sessionOf({ name: "at-work" })] : []),
  ],
  approvals: async (_choice: object, session: string) => [approvalOf({ id: `of-${session}` })],
};

/** The words of a line; its last one is the one that is typed. */
async function completed(line: string) {
  const { values, paths } = await candidates(line.split(" "), names);
  return paths ?? values.map(({ value }) => value);
}

describe("a line goes on with", () => {
  test.each([
    ["app", ["approvals", "approve"]],
    ["daemon st", ["start", "stop", "status"]],
    ["help at", ["attach"]],
    ["send ", ["fix", "review"]],
    ["send re", ["review"]],
    ["send --wait re", ["review"]],
    ["send --id x re", ["review"]],
    ["send fix ", []],
    ["kill fix ", ["review"]],
    ["tail o", ["old"]],
    ["rename fix ", []],
    ["new ", []],
    ["approve fix ", ["of-fix"]],
    ["approve fix of-fix ", []],
    ["-L work send at", ["at-work"]],
    ["send --label work at", ["at-work"]],
    ["send --th", ["--through-approvals"]],
    ["ls --js", ["--json"]],
    [
      "daemon stop --",
      [
        "--end",
        "--keep",
        "--socket",
        "--label",
        "--host",
        "--json",
        "--quiet",
        "--verbose",
        "--no-color",
        "--help",
      ],
    ],
    ["wait fix --for ", ["idle", "approval", "turn"]],
    ["wait fix --for=t", ["--for=turn"]],
    ["wait fix --for = t", ["turn"]],
    ["wait fix --for =", ["idle", "approval", "turn"]],
    ["new -s work", ["workspace-write"]],
    ["new -m ", []],
    ["new -C ", "directories"],
    ["send fix --image ./", "files"],
    ["completion ", ["bash", "zsh", "fish"]],
    ["send fix -- --w", []],
    ["nonsense ", []],
  ])("%s", async (line, expected) => {
    expect(await completed(line)).toEqual(expected);
  });

  test("nothing where there is no daemon to ask", async () => {
    const none = async () => Promise.reject(new Error("no daemon"));
    await expect(candidates(["send", ""], { sessions: none, approvals: none })).rejects.toThrow();
    expect((await candidates(["sen"], { sessions: none, approvals: none })).values).toHaveLength(1);
  });
});

test.each(SHELLS)("completions/ has the script for %s as it is printed", (shell) => {
  const file = { bash: "hacs-session.bash", zsh: "_hacs-session", fish: "hacs-session.fish" }[
    shell
  ];
  expect(readFileSync(join(root, "completions", file), "utf8")).toBe(completionScript(shell));
});

/** Shells that are there run the script against a stand-in that prints what it was asked. */
describe("a real shell", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "hs-shell-"));
    const program = `#!/bin/sh
printf '%s\\n' "$@" > "${dir}/asked"
case "$*" in
  *--image*) echo :files ;;
  *) printf 'review\\tneeds-approval, /x\\nreport\\tidle: /y\\n' ;;
esac
`;
    writeFileSync(join(dir, "hacs-session"), program);
    chmodSync(join(dir, "hacs-session"), 0o755);
    writeFileSync(join(dir, "a picture.png"), "");
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const inShell = (shell: string, script: string) => {
    const env = { PATH: `${dir}:${process.env.PATH}`, HOME: dir };
    const result = spawnSync(shell, ["-c", script], { env, cwd: dir, encoding: "utf8" });
    expect(result.stderr).toBe("");
    return result.stdout.trim().split("\n");
  };
  const asked = () => readFileSync(join(dir, "asked"), "utf8").split("\n").slice(0, -1);
  const has = (shell: string) => spawnSync(shell, ["-c", "exit"]).status === 0;
  const bash = (words: string[]) => `source ${join(root, "completions/hacs-session.bash")}
    complete -p hacs-session
    compopt() { echo "compopt $*"; }
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
    _hacs_session
    printf '%s\\n' "\${COMPREPLY[@]}"`;

  test("bash offers what it is told", () => {
    const printed = inShell("bash", bash(["hacs-session", "send", "--wait", "re"]));
    expect(printed).toEqual(["complete -F _hacs_session hacs-session", "review", "report"]);
    expect(asked()).toEqual(["__complete", "send", "--wait", "re"]);
  });

  test("bash completes paths itself, spaces and all", () => {
    const printed = inShell("bash", bash(["hacs-session", "send", "x", "--image", "a"]));
    expect(printed[1]).toBe("compopt -o filenames");
    expect(printed.slice(2).toSorted()).toEqual(["a picture.png", "asked"]);
  });

  test("bash asks for the word after an equals sign", () => {
    inShell("bash", bash(["hacs-session", "wait", "x", "--for", "="]));
    expect(asked()).toEqual(["__complete", "wait", "x", "--for", "="]);
  });

  test.skipIf(!has("zsh"))("zsh reads its script, and describes what it is told", () => {
    const printed = inShell(
      "zsh",
      `compdef() { :; }; _describe() { print -l -- "\${(P@)2}"; }
       source ${join(root, "completions/_hacs-session")}
       words=(hacs-session send re); CURRENT=3; _hacs-session`,
    );
    expect(printed).toEqual(["review:needs-approval, /x", "report:idle: /y"]);
    expect(asked()).toEqual(["__complete", "send", "re"]);
  });

  test.skipIf(!has("fish"))("fish offers what it is told", () => {
    const printed = inShell(
      "fish",
      `source ${join(root, "completions/hacs-session.fish")}; complete -C 'hacs-session send re'`,
    );
    expect(printed.toSorted()).toEqual(["report\tidle: /y", "review\tneeds-approval, /x"]);
    expect(asked()).toEqual(["__complete", "send", "re"]);
  });
});
