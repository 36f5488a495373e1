/** Several sessions in one terminal, on a real daemon and a real codex. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createScreens, readQuestion, say } from "../support/screens.ts";

const { home, attach, newSessions } = await createScreens({ cols: 100 });
afterEach(async () => {
  for (const { name } of await home.cliJson(["ls"])) await home.ok(["kill", name]);
});

test("sessions are changed with tmux's keys, and each keeps its draft", async () => {
  await newSessions("api", "web", "docs");
  const terminal = await attach("api");
  await terminal.waitFor("0 api*  1 web  2 docs");
  say(terminal, "say from api");
  await terminal.waitFor("• from api");
  // What is typed behind the key, and crosses the line with it, is for the next session.
  terminal.type("half a word");
  terminal.type("\u0002nsay to web\r");
  await terminal.waitFor("• to web");
  expect(terminal.text()).toContain("[web]");
  expect(terminal.text()).not.toContain("from api");
  terminal.press("ctrl-b", "2");
  await terminal.waitFor("[docs]");
  await terminal.waitFor("0 api  1 web-  2 docs*");
  terminal.press("ctrl-b", "l");
  await terminal.waitFor("• to web");
  terminal.press("ctrl-b", "p");
  await terminal.waitFor("› half a word");
  await terminal.waitFor("• from api");
  terminal.press("ctrl-u");
  say(terminal, "/switch do");
  await terminal.waitFor("[docs]");
  // What was being written there is handed over first.
  const left = async () => (await home.show("api")).clients === 0;
  await eventually(left, { what: "the session that was left has no client" });
  expect(home.model.texts().filter((text) => text === "say to web")).toHaveLength(1);
  terminal.press("ctrl-b", "d");
  await terminal.waitFor("[detached (from session docs)]");
});

test("one that waits for an approval stands out elsewhere, wide and narrow, and rings", async () => {
  await newSessions("here", "there");
  const wide = await attach("here");
  const phone = await attach("here", { cols: 40, rows: 20 });
  await wide.waitFor("1 there");
  await home.ok(["send", "there", "ask echo hi"]);
  await Promise.all([wide.waitFor("1 there!"), phone.waitFor("there!")]);
  const ring = "\u0007\u001b]9;hacs-session: there waits for an approval\u001b\\";
  expect(wide.raw()).toContain(ring);
  await home.ok(["approve", "there"]);
  await wide.waitFor((lines) => !lines.join("\n").includes("there!"));
});

test("a turn's end rings when the terminal has lost the focus, and not while it has it", async () => {
  await newSessions("rings");
  const terminal = await attach("rings");
  await terminal.waitFor(() => terminal.raw().includes("\u001b[?1004h"));
  terminal.type("\u001b[I");
  say(terminal, "say seen");
  await terminal.waitFor("• seen");
  await terminal.waitFor(/\[rings\] idle/);
  expect(home.model.texts()).toContain("say seen");
  terminal.type("[O");
  await terminal.waitFor("› [O");
  terminal.press("ctrl-u");
  expect(terminal.raw()).not.toContain("\u001b]9;");
  say(terminal, "gated unseen");
  await terminal.waitFor("• before unseen");
  // What is typed behind it shows that it was read.
  terminal.type("\u001b[Oaway");
  await terminal.waitFor("› away");
  home.model.release("unseen");
  await terminal.waitFor(/\[rings\] idle/);
  await terminal.waitFor(() =>
    terminal.raw().includes("\u001b]9;hacs-session: rings finished its turn\u001b\\"),
  );
  terminal.press("ctrl-b", "d");
  await terminal.exited;
  expect(terminal.raw()).toContain("\u001b[?1004l");
});

test("the chooser shows what goes on in the others, and attaches, renames and kills", async () => {
  await newSessions("main", "busy", "spare");
  const terminal = await attach("main", { cols: 80, rows: 24 });
  await home.ok(["send", "busy", "gated peek and more"]);
  await terminal.waitFor("1 busy#");
  terminal.press("ctrl-b", "s");
  await terminal.waitFor("Enter shows");
  terminal.press("down");
  await terminal.waitFor("• before peek");
  home.model.release("peek");
  await terminal.waitFor("• before peek and more");
  expect((await home.show("busy")).clients).toBe(0);
  terminal.press("down", "x");
  await terminal.waitFor("kill session spare?");
  terminal.press("n");
  await terminal.waitFor("[main]");
  expect((await home.show("spare")).state).not.toBe("ended");
  terminal.press("x");
  await readQuestion(terminal, "kill session spare?");
  terminal.press("y");
  await terminal.waitFor("killed spare");
  await terminal.waitFor((lines) => lines[0] === "Sessions  2");
  terminal.press("j", "r");
  await terminal.waitFor("rename to busy");
  terminal.press("ctrl-u");
  say(terminal, "quiet");
  await terminal.waitFor("renamed to quiet");
  terminal.press("1");
  await terminal.waitFor("[quiet]");
  await terminal.waitFor("• before peek and more");
});

test("on a phone without Ctrl: new, rename, sessions and kill as words", async () => {
  await newSessions("first");
  const phone = await attach("first", { cols: 40, rows: 20 });
  say(phone, "/new second -s read-only");
  await phone.waitFor("[second]");
  expect((await home.show("second")).spec.sandbox).toBe("read-only");
  say(phone, "/rename other");
  await phone.waitFor("[other]");
  say(phone, "/command send first say hello over there");
  await phone.waitFor("sent to first");
  say(phone, "/sessions");
  await phone.waitFor("Sessions  2");
  phone.type("k");
  await phone.waitFor("• hello over there");
  phone.type("q");
  say(phone, "/kill");
  await readQuestion(phone, "kill session other?");
  phone.type("y");
  await phone.waitFor("[first]");
  await phone.waitFor("killed other");
  // What is typed with the command is no answer to what it asks.
  phone.type("/kill\ry");
  await phone.waitFor("this question is new");
  expect((await home.show("first")).state).not.toBe("ended");
  await readQuestion(phone, "kill session first? Its history stays.");
  phone.type("y");
  await phone.waitFor("[ended]");
});

test("a new session from the form, and a command line that says what it can't do", async () => {
  await newSessions("old");
  const terminal = await attach("old");
  terminal.press("ctrl-b", "c");
  await terminal.waitFor("New session");
  terminal.type("made");
  terminal.press("tab", "ctrl-u");
  terminal.type("..");
  terminal.press("tab", "tab", "space");
  await terminal.waitFor("Sandbox    read-only");
  terminal.press("enter");
  await terminal.waitFor("[made]");
  const { spec } = await home.show("made");
  expect(spec).toMatchObject({ cwd: join(home.work, ".."), sandbox: "read-only" });
  terminal.press("ctrl-b", ":");
  terminal.type("fly away");
  await terminal.waitFor(":fly away");
  terminal.press("enter");
  await terminal.waitFor("no command fly");
  terminal.press("ctrl-b", ":");
  say(terminal, "rename old ancient");
  await terminal.waitFor("renamed to ancient");
  terminal.press("ctrl-b", ":");
  say(terminal, "rename ancient made");
  await terminal.waitFor(/already|taken/);
  expect(await home.cliJson(["ls"])).toHaveLength(2);
});

test("after the daemon was killed, sessions change as before", async () => {
  await newSessions("one", "two");
  const terminal = await attach("one");
  await terminal.waitFor("1 two");
  await home.killDaemon();
  await terminal.waitFor("reconnecting");
  await terminal.waitFor(/\[one\] (idle|asleep)/);
  await home.ok(["send", "two", "ask echo hi"]);
  await terminal.waitFor("1 two!");
  terminal.press("ctrl-b", "s", "j");
  await terminal.waitFor(/\? .*echo hi/);
  terminal.press("q", "ctrl-b", "alt-n");
  await terminal.waitFor("Run this command?");
  await terminal.waitFor("[two] needs-approval");
  expect(terminal.text()).toContain("0 one-  1 two!*");
});

test("the config file chooses the prefix and the silence", async () => {
  await newSessions("conf", "noisy");
  const file = join(home.dir, "config/config.json");
  const before = readFileSync(file, "utf8");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(before), prefix: "C-a", notify: false }));
  await home.killDaemon();
  const terminal = await attach("conf");
  await terminal.waitFor("1 noisy");
  await home.ok(["send", "noisy", "ask echo hi"]);
  await terminal.waitFor("1 noisy!");
  expect(terminal.raw()).not.toContain("\u001b]9;");
  terminal.press("ctrl-a", "n");
  await terminal.waitFor("[noisy]");
  terminal.press("ctrl-a", "?");
  await terminal.waitFor("Ctrl-a d");
  terminal.press("q", "ctrl-a", "d");
  await terminal.waitFor("[detached (from session noisy)]");
  writeFileSync(file, before);
});
