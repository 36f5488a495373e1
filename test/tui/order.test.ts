import { expect, test } from "vitest";
import { readLine, wordsOf } from "../../src/tui/sessions/order.ts";
import fc from "../support/property.ts";
import { modelWith, sessionInfo } from "./events.ts";

const sessions = [
  sessionInfo(),
  sessionInfo({ id: "s2", name: "web" }),
  sessionInfo({ id: "s3", name: "web-2" }),
];
const model = { ...modelWith(), around: { ...modelWith().around, sessions, home: "/home/ann" } };

test("a line says what the command line's verbs say, and leaves out the session that is shown", () => {
  const orders: [string, object][] = [
    ["rename new", { verb: "rename", session: "s1", to: "new" }],
    ["rename web new", { verb: "rename", session: "s2", to: "new" }],
    ["kill", { verb: "kill", session: "s1" }],
    ["kill web-2", { verb: "kill", session: "s3" }],
    ["interrupt 1", { verb: "interrupt", session: "s2" }],
    ["sleep", { verb: "sleep", session: "s1" }],
    ["wake web", { verb: "wake", session: "s2" }],
    ["restart -f", { verb: "restart", session: "s1", force: true }],
    ["restart web", { verb: "restart", session: "s2", force: false }],
    ["fork api-2", { verb: "fork", session: "s1", to: "api-2" }],
    ["send web 'two  words' more", { verb: "send", session: "s2", text: "two  words more" }],
    [
      "new x -C .. -d",
      { verb: "new", params: { name: "x", spec: { cwd: "/work" } }, shows: false },
    ],
    [
      "new -m gpt-5 -s read-only -C ~/a/./b x go on",
      {
        verb: "new",
        params: {
          name: "x",
          spec: { cwd: "/home/ann/a/b", model: "gpt-5", sandbox: "read-only" },
          prompt: { text: "go on" },
        },
        shows: true,
      },
    ],
  ];
  for (const [line, order] of orders) {
    expect([line, readLine(model, line)]).toEqual([line, { kind: "order", order }]);
  }
  const others: [string, object][] = [
    ["attach web", { kind: "attach", id: "s2" }],
    ["a 2", { kind: "attach", id: "s3" }],
    ["switch ap", { kind: "attach", id: "s1" }],
    ["attach", { kind: "ls" }],
    ["ls", { kind: "ls" }],
    ["new", { kind: "form" }],
    ["detach", { kind: "detach" }],
  ];
  for (const [line, meant] of others) expect([line, readLine(model, line)]).toEqual([line, meant]);
});

test("what is not understood is said, and never taken for something else", () => {
  const table: [string, string][] = [
    ["", "no command"],
    ["constructor", "no command constructor"],
    ["kill we", "no session we"],
    ["kill web api", "kill takes"],
    ["rename", "rename takes"],
    ["send web", "send takes"],
    ["restart 9", "no session 9"],
    ["new x --yolo", "no --yolo"],
    ["new -m", "-m takes a value"],
    ["new x -s everything", "-s takes one of"],
  ];
  for (const [line, why] of table) {
    const meant = readLine(model, line);
    expect([line, meant.kind]).toEqual([line, "wrong"]);
    expect(meant.kind === "wrong" && meant.why).toContain(why);
  }
});

test("words are parted as a shell does, and quoting any words gives them back", () => {
  expect(wordsOf(`a "b c" d\\ e 'f "g'h "\\"i"`)).toEqual(["a", "b c", "d e", 'f "gh', '"i']);
  expect(wordsOf("  ")).toEqual([]);
  expect(wordsOf(`open "to the end`)).toEqual(["open", "to the end"]);
  const quoted = (word: string) => `"${word.replace(/["\\]/g, "\\$&")}"`;
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      expect(wordsOf(words.map(quoted).join(" "))).toEqual(words);
    }),
  );
});
