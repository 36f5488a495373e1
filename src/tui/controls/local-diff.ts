/**
 * What was changed in a directory whose repository has no remote: codex's own diff is against a
 * remote alone. git is run by codex, in its sandbox and read-only, since the session's directory
 * is codex's to see and may be on another machine than this terminal.
 */
import { HacsError } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import { text } from "./control-answers.ts";

type Codex = (method: string, params: JsonObject) => Promise<Json>;

const diffCharsMax = 4 * 1024 * 1024;
const timeoutMs = 20_000;

/** Before the first commit everything is compared with an empty tree. */
const script = `
git rev-parse --is-inside-work-tree >/dev/null 2>&1 || exit 3
base=HEAD
git rev-parse --verify -q HEAD >/dev/null || base=$(git hash-object -t tree /dev/null)
show() { git -c core.fsmonitor=false --no-pager diff --no-ext-diff --no-textconv --no-color "$@"; }
show "$base" -- .
git ls-files --others --exclude-standard -z -- . |
  xargs -0 -n 1 sh -c 'test -z "$1" || git --no-pager diff --no-color --no-index -- /dev/null "$1"' -
exit 0
`;

export async function localDiff(cwd: string, codex: Codex): Promise<string[]> {
  const answer = await codex("command/exec", {
    command: ["/bin/sh", "-c", script],
    cwd,
    timeoutMs,
    outputBytesCap: diffCharsMax,
    sandboxPolicy: { type: "readOnly" },
  });
  const { exitCode, stdout, stderr } = isObject(answer) ? answer : {};
  if (exitCode === 0) return diffPage("since the last commit; there is no remote", text(stdout));
  const why =
    exitCode === 3
      ? `${cwd} is in no git repository, so there is nothing to compare it with.`
      : `git could not compare: ${text(stderr).trim() || `it ended with ${String(exitCode)}`}`;
  throw new HacsError("invalid-usage", why);
}

/** The page of a diff: what it is against, then the diff. */
export function diffPage(against: string, diff: string): string[] {
  if (diff.trim() === "") return [`nothing was changed ${against}`];
  const lines = diff.slice(0, diffCharsMax).replace(/\n$/, "").split("\n");
  const rest = diff.length > diffCharsMax ? ["… the rest is left out"] : [];
  return [against, "", ...lines, ...rest];
}
