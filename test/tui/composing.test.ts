/** The composer and the queue in real terminals, on a real daemon and a real codex. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createScreens, readQuestion, say } from "../support/screens.ts";

const { home, attach } = await createScreens();

async function records(name: string): Promise<unknown[]> {
  const connection = await home.connect();
  return (await connection.call("session/history", { name })).records;
}

test("a queued message is taken back with Up, mended, and sent once", async () => {
  await home.ok(["new", "queue", "-d"]);
  const terminal = await attach("queue");
  const phone = await attach("queue", { cols: 36, rows: 20 });
  say(terminal, "gated hold");
  await terminal.waitFor("• before hold");
  say(terminal, "say wrogn");
  await Promise.all([terminal, phone].map((one) => one.waitFor(/› say wrogn\s+queued/)));
  terminal.press("up");
  await terminal.waitFor(/› say wrogn\n/);
  await phone.waitFor("a queued message was taken back");
  terminal.press("ctrl-w");
  say(terminal, "right");
  await phone.waitFor(/› say right\s+queued/);
  home.model.release("hold");
  await phone.waitFor("• right");
  expect(home.model.texts()).not.toContain("say wrogn");
  expect(home.model.texts().filter((text) => text === "say right")).toHaveLength(1);
});

test("Tab makes Enter steer, and the message joins the running turn", async () => {
  await home.ok(["new", "steer", "-d"]);
  const terminal = await attach("steer");
  say(terminal, "gated wheel");
  await terminal.waitFor("Enter queues · Tab: steer");
  terminal.press("tab");
  await terminal.waitFor("Enter steers");
  say(terminal, "say steered");
  await terminal.waitFor("• steered");
  expect((await home.show("steer")).messages.map(({ turnId }) => turnId)).toHaveLength(2);
  expect(new Set((await home.show("steer")).messages.map(({ turnId }) => turnId)).size).toBe(1);
});

test("what is being written appears on the other device, and survives detach and daemon", async () => {
  await home.ok(["new", "draft", "-d"]);
  const desktop = await attach("draft", { cols: 120, rows: 40 });
  const phone = await attach("draft", { cols: 36, rows: 20 });
  desktop.type("say from the desk");
  await phone.waitFor("› say from the desk");
  phone.type(", and the phone");
  await desktop.waitFor("› say from the desk, and the phone");
  desktop.press("ctrl-b", "d");
  await desktop.waitFor("[detached (from session draft)]");
  phone.type("!");
  phone.press("ctrl-b", "d");
  await phone.waitFor("[detached (from session draft)]");
  await home.killDaemon();
  const again = await attach("draft");
  const other = await attach("draft", { cols: 50, rows: 20 });
  await Promise.all([again, other].map((one) => one.waitFor("and the phone!")));
  again.press("enter");
  await again.waitFor("• from the desk, and the phone!");
  await other.waitFor((lines) => lines.at(-2)?.trim() === "›");
});

test("what was written to another session is there with Up", async () => {
  await home.ok(["new", "past", "-d"]);
  const terminal = await attach("past");
  say(terminal, "say something memorable");
  await terminal.waitFor("• something memorable");
  await home.ok(["new", "present", "-d"]);
  const other = await attach("present");
  const recalled = () => {
    if (other.text().includes("› say something memorable")) return true;
    other.press("down", "down", "up");
    return false;
  };
  await eventually(recalled, { what: "the other session's message is recalled", everyMs: 200 });
});

test("@ finds files, $ skills and / commands, as codex answers", async () => {
  mkdirSync(join(home.work, "deep/er"), { recursive: true });
  writeFileSync(join(home.work, "deep/er/needle.txt"), "x");
  mkdirSync(join(home.codexHome, "skills/tidy"), { recursive: true });
  const skill = "---\nname: tidy\ndescription: tidies up\n---\nTidy.";
  writeFileSync(join(home.codexHome, "skills/tidy/SKILL.md"), skill);
  await home.ok(["new", "lists", "-d"]);
  const terminal = await attach("lists", { cols: 36, rows: 20 });
  terminal.type("say @needl");
  await terminal.waitFor("▸ deep/er/needle.txt");
  terminal.press("tab");
  terminal.type("and $tid");
  await terminal.waitFor("▸ $tidy");
  terminal.press("enter");
  await terminal.waitFor("and $tidy");
  terminal.press("enter");
  await terminal.waitFor("• deep/er/needle.txt");
  expect(home.model.texts()).toContain("say deep/er/needle.txt and $tidy ");
  await terminal.waitFor("[lists] idle");
  terminal.type("/stat");
  await terminal.waitFor("▸ /status");
  terminal.press("tab", "enter");
  await terminal.waitFor(/session\s+lists \(idle\)/);
  terminal.press("escape");
  await terminal.waitFor("• deep/er/needle.txt");
});

test("a dropped image goes along, and one that is gone comes back to be mended", async () => {
  await home.ok(["new", "image", "-d"]);
  const terminal = await attach("image");
  const file = join(home.work, "my dot.png");
  const dot =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  writeFileSync(file, Buffer.from(dot, "base64"));
  terminal.type("say seen ");
  await terminal.waitFor("› say seen");
  terminal.paste(`'${file}'`);
  await terminal.waitFor(`[image ${file}]`);
  terminal.press("enter");
  await terminal.waitFor("• seen");
  const sent = JSON.stringify(await records("image"));
  expect(sent).toMatch(/"type":"localImage",[^}]*"path":"[^"]*my dot\.png"/);
  terminal.paste("/nowhere/x.png");
  await terminal.waitFor("› [image /nowhere/x.png]");
  terminal.press("enter");
  await terminal.waitFor("is none there");
  await terminal.waitFor("› [image /nowhere/x.png]");
});

test("codex's controls: a shell command, a model, an effort, permissions, undo, export", async () => {
  await home.ok(["new", "controls", "-d"]);
  const terminal = await attach("controls", { cols: 80, rows: 30 });
  say(terminal, "say to be forgotten");
  await terminal.waitFor("• to be forgotten");
  terminal.type("!echo from-$((40+2))");
  await terminal.waitFor("outside the sandbox");
  terminal.press("enter");
  await terminal.waitFor("from-42");
  await terminal.waitFor(/\[controls\] idle/);

  say(terminal, "/model");
  await terminal.waitFor("▸ ");
  await terminal.waitFor("Enter takes it");
  terminal.press("enter");
  await terminal.waitFor("Reasoning effort");
  await terminal.waitFor("Enter takes it");
  terminal.press("enter");
  await terminal.waitFor("effort: ");
  const thread = await home
    .connect()
    .then((connection) =>
      connection.call("session/call", { name: "controls", method: "thread/read", params: {} }),
    );
  expect(JSON.stringify(thread)).not.toContain('"model":"fake-model"');

  say(terminal, "/permissions");
  await terminal.waitFor("approvals: never");
  terminal.press("enter");
  await terminal.waitFor("── sandbox: ");

  say(terminal, "/mcp");
  await terminal.waitFor("none is configured");
  terminal.press("escape");
  await terminal.waitFor("• to be forgotten");
  say(terminal, "/undo");
  await readQuestion(terminal, "Yes, forget it");
  terminal.press("down", "enter");
  await terminal.waitFor("the turn is forgotten");

  say(terminal, "/export out.md");
  await terminal.waitFor("written to");
  expect(readFileSync(join(home.work, "out.md"), "utf8")).toContain("> say to be forgotten");
  say(terminal, "/export out.md");
  await terminal.waitFor("can't be written");
  say(terminal, "/rename steered-well");
  await terminal.waitFor("[steered-well] idle");
});

test("/undo says that there is nothing to forget in a new session", async () => {
  await home.ok(["new", "fresh", "-d"]);
  const terminal = await attach("fresh");
  say(terminal, "/undo");
  await terminal.waitFor("there is no turn to forget yet");
});

test("codex's controls: changes without a remote, a fork, a goal, a review, a shorter context", async () => {
  await home.ok(["new", "more", "-d"]);
  const terminal = await attach("more", { cols: 80, rows: 30 });
  say(terminal, "say to be kept");
  await terminal.waitFor("• to be kept");
  say(terminal, "/diff");
  await terminal.waitFor("is in no git repository");
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: home.work });
  git("init", "-q");
  git("commit", "-q", "--allow-empty", "-m", "first");
  writeFileSync(join(home.work, "brand new.txt"), "untracked line\n");
  say(terminal, "/diff");
  await terminal.waitFor("since the last commit; there is no remote");
  await terminal.waitFor("+untracked line");
  terminal.press("q");
  await terminal.waitFor("• to be kept");

  say(terminal, "/who");
  await terminal.waitFor(/Attached[\s\S]*\(tui, pid \d+\), you/);
  terminal.press("q");
  await terminal.waitFor("• to be kept");
  say(terminal, "/goal ship it");
  await terminal.waitFor("the goal is set");
  await terminal.waitFor("[more] idle");
  say(terminal, "/goal");
  await terminal.waitFor(/Goal[\s\S]*ship it/);
  terminal.press("q");
  await terminal.waitFor("[more] idle");
  say(terminal, "/goal clear");
  await terminal.waitFor("the goal is dropped");
  await terminal.waitFor("[more] idle");
  say(terminal, "/review the names");
  await terminal.waitFor(/review/);
  await terminal.waitFor("[more] idle");
  say(terminal, "/compact");
  await terminal.waitFor("the context was compacted");
  await terminal.waitFor("[more] idle");
  say(terminal, "/fork");
  await terminal.waitFor("[more-2]");
  await terminal.waitFor("forked as more-2");
  say(terminal, "say in the copy");
  await terminal.waitFor("• in the copy");
  expect((await home.show("more")).state).toBe("idle");
});
