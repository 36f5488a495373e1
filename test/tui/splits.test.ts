/** Several sessions side by side in one real terminal, on a real daemon and a real codex. */
import { afterEach, expect, test } from "vitest";
import { createScreens, focusApproval, readQuestion, say } from "../support/screens.ts";
import type { TestTerminal } from "../support/terminal.ts";

const { home, attach: attachTo, newSessions } = await createScreens({ cols: 200, rows: 50 });
afterEach(async () => {
  for (const { name } of await home.cliJson(["ls"])) await home.ok(["kill", name]);
});

/** A terminal that shows the first of new sessions, and knows of the others. */
async function attach(
  [name, ...others]: [string, ...string[]],
  size: { cols?: number; rows?: number } = {},
): Promise<TestTerminal> {
  await newSessions(name, ...others);
  const terminal = await attachTo(name, size);
  // Narrow screens have no list of sessions; the chooser has one.
  terminal.press("ctrl-b", "s");
  await terminal.waitFor((lines) => lines[0] === `Sessions  ${1 + others.length}`);
  terminal.press("q");
  await terminal.waitFor("›");
  return terminal;
}

/** The columns on each side of the line between two panes. */
function sides(lines: string[]): [string, string] {
  const at = (lines[0] ?? "").indexOf("│");
  if (at === -1) return [lines.join("\n"), ""];
  return [
    lines.map((line) => line.slice(0, at)).join("\n"),
    lines.map((line) => line.slice(at + 1)).join("\n"),
  ];
}

/** True when the left side has all of the first texts and the right all of the second, and neither the other's. */
function apart(left: string[], right: string[]) {
  return (lines: string[]) => {
    const [a, b] = sides(lines);
    const has = (side: string, own: string[], others: string[]) =>
      own.every((text) => side.includes(text)) && !others.some((text) => side.includes(text));
    return has(a, left, right) && has(b, right, left);
  };
}

test("two sessions stream side by side, and each gets what is typed into its pane", async () => {
  const terminal = await attach(["left", "right"]);
  terminal.press("ctrl-b", "%");
  await terminal.waitFor(apart(["[left]"], ["[right]"]));
  say(terminal, "gated right-door and more for right");
  // The focus moves with the keys behind it, whatever the line brings together.
  terminal.type("\u0002ogated left-door and more for left\r");
  await terminal.waitFor(apart(["• before left-door"], ["• before right-door"]));
  terminal.type("words for left");
  terminal.press("ctrl-b", "right");
  terminal.type("words for right");
  await terminal.waitFor(apart(["› words for left"], ["› words for right"]));
  expect(terminal.cursor()).toEqual({ x: 101 + 2 + "words for right".length, y: 48 });
  home.model.release("left-door");
  home.model.release("right-door");
  await terminal.waitFor(
    apart(["and more for left", "[left] idle"], ["and more for right", "[right] idle"]),
  );
  terminal.press("ctrl-u");
  say(terminal, "say sent from the right");
  await terminal.waitFor(apart(["› words for left"], ["• sent from the right"]));
  terminal.press("ctrl-b", "z");
  await terminal.waitFor(
    (lines) => lines[0]?.includes("│") === false && !lines.join().includes("for left"),
  );
  expect(terminal.text()).toContain("[right] idle · +1 pane");
  terminal.press("ctrl-b", "z");
  await terminal.waitFor(apart(["› words for left"], ["• sent from the right"]));
  expect((await home.show("left")).clients).toBe(1);
  terminal.press("ctrl-b", "x");
  await terminal.waitFor((lines) => !lines.join().includes("[right]"));
  await terminal.waitFor("› words for left");
  terminal.press("ctrl-b", "x");
  await terminal.waitFor("this is the only pane; Ctrl-b d detaches");
  expect((await home.show("right")).state).toBe("idle");
  terminal.press("ctrl-b", "d");
  await terminal.waitFor("[detached (from session left)]");
  const sent = home.model.texts();
  for (const text of ["gated right-door and more for right", "say sent from the right"]) {
    expect(sent.filter((one) => one === text)).toHaveLength(1);
  }
});

test("an approval in the other pane is seen, takes no key, and is answered when one goes there", async () => {
  const terminal = await attach(["writes", "asks"]);
  terminal.press("ctrl-b", "%");
  await terminal.waitFor(apart(["[writes]"], ["[asks]"]));
  terminal.press("ctrl-b", ";");
  await home.ok(["send", "asks", "ask echo y-was-pressed"]);
  await terminal.waitFor(
    apart([], ["Run this command?", "Ctrl-b o (or /pane) comes here, to answer"]),
  );
  terminal.press("tab");
  say(terminal, "say yes");
  await terminal.waitFor("• yes");
  expect((await home.show("asks")).approvals).toBe(1);
  terminal.press("ctrl-b", "o");
  await terminal.waitFor(apart([], ["Tab or /answer; or /approve, /deny"]));
  await focusApproval(terminal);
  // Going away takes the keyboard from it again: what is typed after coming back is text.
  terminal.press("ctrl-b", "o", "ctrl-b", "o");
  terminal.type("yet");
  await terminal.waitFor(apart([], ["› yet"]));
  expect((await home.show("asks")).approvals).toBe(1);
  terminal.press("tab", "y");
  await terminal.waitFor(apart([], ["│ y-was-pressed", "› yet"]));
});

test("a resize in the middle of a stream leaves one pane, and with room again both", async () => {
  const terminal = await attach(["one", "two"]);
  terminal.press("ctrl-b", "%");
  await terminal.waitFor(apart(["[one]"], ["[two]"]));
  await home.ok(["send", "one", "gated one-door and the end of one"]);
  await home.ok(["send", "two", "gated two-door and the end of two"]);
  await terminal.waitFor(apart(["• before one-door"], ["• before two-door"]));
  terminal.resize(40, 20);
  await terminal.waitFor((lines) => lines[19]?.startsWith("[two] working · +1 pane") === true);
  expect(terminal.text()).not.toContain("one-door");
  home.model.release("two-door");
  await terminal.waitFor("the end of two");
  terminal.press("ctrl-b", "o");
  await terminal.waitFor("• before one-door");
  home.model.release("one-door");
  await terminal.waitFor("the end of one");
  terminal.resize(200, 50);
  await terminal.waitFor(apart(["the end of one", "[one] idle"], ["the end of two", "[two] idle"]));
  terminal.resize(80, 24);
  await terminal.waitFor(
    (lines) => apart(["[one] idle"], ["[two] idle"])(lines) && lines[0]?.[40] === "│",
  );
});

test("on a phone without Ctrl panes stand one above the other, and words move among them", async () => {
  const phone = await attach(["first", "second"], { cols: 40, rows: 20 });
  say(phone, "/vsplit");
  await phone.waitFor("no room for another pane");
  await phone.waitFor("/split");
  say(phone, "/split nobody");
  await phone.waitFor("no session nobody");
  say(phone, "/split sec");
  const stacked = (lines: string[]) =>
    lines[9]?.startsWith("[first]") && lines[19]?.startsWith("[second]");
  await phone.waitFor((lines) => stacked(lines) === true);
  say(phone, "say below");
  await phone.waitFor((lines) => lines.indexOf("• below") > 9);
  say(phone, "/pane up");
  say(phone, "say above");
  await phone.waitFor((lines) => [...Array(9).keys()].some((row) => lines[row] === "• above"));
  say(phone, "/zoom");
  await phone.waitFor((lines) => lines[19]?.startsWith("[first] idle · +1 pane") === true);
  say(phone, "/zoom");
  await phone.waitFor((lines) => stacked(lines) === true);
  say(phone, "/command pane");
  say(phone, "/close");
  await phone.waitFor((lines) => lines[19]?.startsWith("[first] idle") === true && lines[9] !== "");
  expect(phone.text()).not.toContain("[second]");
  say(phone, "/detach");
  await phone.waitFor("[detached (from session first)]");
});

test("a session is in one pane at most: whoever asks for it again is led there", async () => {
  const terminal = await attach(["here", "there", "third"]);
  say(terminal, "/vsplit there");
  await terminal.waitFor(apart(["[here]"], ["[there]"]));
  say(terminal, "/switch here");
  await terminal.waitFor(apart(["0 here*"], []));
  say(terminal, "/switch third");
  await terminal.waitFor(apart(["[third]"], ["[there]"]));
  terminal.press("ctrl-b", "%");
  await terminal.waitFor((lines) => lines[49]?.match(/\[(third|here|there)\]/g)?.length === 3);
  terminal.press("ctrl-b", '"');
  await terminal.waitFor("no other session; Ctrl-b c makes one");
  expect(
    await Promise.all(
      ["here", "there", "third"].map(async (name) => (await home.show(name)).clients),
    ),
  ).toEqual([1, 1, 1]);
});

test("a session that is killed takes its pane along, and the last one the screen", async () => {
  const terminal = await attach(["stays", "dies", "goes"]);
  terminal.press("ctrl-b", "%");
  await terminal.waitFor(/\[stays\].*\[dies\]/);
  terminal.press("ctrl-b", "left");
  await home.ok(["kill", "dies"]);
  await terminal.waitFor("dies has ended");
  await terminal.waitFor((lines) => lines[0]?.includes("│") === false);
  terminal.press("ctrl-b", '"');
  await terminal.waitFor(/\[stays\][\s\S]*\[goes\]/);
  terminal.press("ctrl-b", "&");
  await readQuestion(terminal, "kill session goes?");
  terminal.press("y");
  await terminal.waitFor("killed goes");
  await terminal.waitFor((lines) => !lines.join().includes("[goes]"));
  expect(terminal.text()).toContain("[stays]");
  await home.ok(["kill", "stays"]);
  await terminal.waitFor("[ended]");
});

test("both panes outlive the daemon, and what was written meanwhile is sent from each", async () => {
  const terminal = await attach(["a", "b"]);
  terminal.press("ctrl-b", "%");
  const attached = (lines: string[]) => sides(lines).every((side) => side.includes("created by"));
  await terminal.waitFor(attached);
  await home.killDaemon();
  say(terminal, "say from b");
  terminal.press("ctrl-b", "o");
  say(terminal, "say from a");
  await terminal.waitFor(apart(["• from a", "[a] idle"], ["• from b", "[b] idle"]));
  for (const text of ["say from a", "say from b"]) {
    expect(home.model.texts().filter((one) => one === text)).toHaveLength(1);
  }
});

test("the wheel turns the pane under it; a click focuses a pane, opens a card, shows a session", async () => {
  const terminal = await attach(["list", "other", "more"]);
  await home.ok(["send", "list", "run seq 1 80", "--wait"]);
  terminal.press("home");
  await terminal.waitFor(/lines more \(Ctrl-o shows all\)/);
  const mouse = (button: number, x: number, y: number) => {
    terminal.type(`\u001b[<${button};${x + 1};${y + 1}M\u001b[<${button};${x + 1};${y + 1}m`);
  };
  terminal.press("ctrl-b", "%");
  await terminal.waitFor(apart(["lines more"], ["[other]"]));
  const card = () => terminal.screen().findIndex((line) => line.includes("lines more"));
  mouse(0, 5, card());
  // The first click only gives the pane the keys.
  await terminal.waitFor(apart(["0 list*", "lines more"], []));
  mouse(0, 5, card());
  await terminal.waitFor((lines) => !sides(lines)[0].includes("lines more"));
  const row = (lines: string[]) => lines.findIndex((line) => /^ {2}│ 30\s/.test(line));
  await terminal.waitFor((lines) => row(lines) > 0);
  const at = row(terminal.screen());
  mouse(65, 5, 5);
  await terminal.waitFor((lines) => row(lines) === at - 3);
  terminal.press("ctrl-b", "right");
  await terminal.waitFor(apart([], ["1 other*"]));
  mouse(64, 5, 5);
  await terminal.waitFor((lines) => row(lines) === at);
  terminal.type("still for other");
  await terminal.waitFor(apart([], ["› still for other"]));
  mouse(0, (terminal.screen()[49] ?? "").indexOf("2 more"), 49);
  await terminal.waitFor(apart(["[list]"], ["[more]"]));
  say(terminal, "/mouse");
  await terminal.waitFor("the mouse is the terminal's");
  mouse(0, 5, 5);
  terminal.type("not moved");
  await terminal.waitFor(apart([], ["› not moved"]));
});
