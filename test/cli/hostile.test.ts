/** Text of others on the user's terminal: shown, and in a command to be copied one word. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { complaint } from "../../src/cli/complain.ts";
import { toJson } from "../../src/cli/output.ts";
import { answerHint, approvalLines } from "../../src/cli/text/approval.ts";
import { entryLines } from "../../src/cli/text/history.ts";
import { shellWord } from "../../src/cli/text/shell.ts";
import { TextPrinter } from "../../src/cli/text-printer.ts";
import { HacsError } from "../../src/protocol/errors.ts";
import { approvalOf, FakeContext, sessionOf } from "./fake.ts";

const evil = "\u001b]0;title\u0007\u009b2J\u202e'; touch /tmp/owned; echo '";
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

const asked = approvalOf({
  id: evil,
  kind: evil,
  session: evil,
  command: evil,
  cwd: evil,
  reason: evil,
  decisions: [{ id: evil, label: evil }],
});
const question = approvalOf({
  kind: "question",
  command: null,
  params: { questions: [{ id: evil, question: evil, options: [{ label: evil }] }] },
});

describe("what codex asks with is shown, not obeyed", () => {
  test.each([
    ["approvals", () => [asked, question].flatMap((one) => approvalLines(one)).join("\n")],
    ["the hint", () => answerHint(asked) + answerHint(question)],
    [
      "tail",
      () => {
        const context = new FakeContext();
        new TextPrinter(context, sessionOf(), false).caughtUp(sessionOf(), [asked, question]);
        return context.out + context.err;
      },
    ],
    [
      "a lost approval",
      () => {
        const params = { status: "lost", kind: evil, reason: evil };
        return entryLines({ kind: "own", method: "session/approval", params } as never).join("");
      },
    ],
    ["an error", () => complaint(new HacsError("internal", evil, evil), {} as never)],
    ["JSON", () => toJson({ evil })],
  ])("in %s", (_, text) => {
    expect(text()).not.toMatch(obeyed);
  });
});

test("JSON that is made harmless reads as the same value", () => {
  expect(JSON.parse(toJson({ evil }))).toEqual({ evil });
});

test.each([evil, "; rm -rf ~", "a b", "$(id)", "`id`", "it's", "", "*", "~", "colour"])(
  "a shell takes %j for one word",
  (word) => {
    const { stdout } = spawnSync("sh", ["-c", `printf '<%s>' ${shellWord(word)}`]);
    expect(String(stdout)).toMatch(/^<[^<>]*(<U\+[0-9A-F]+>[^<>]*)*>$/);
    if (word !== evil) expect(String(stdout)).toBe(`<${word}>`);
  },
);
