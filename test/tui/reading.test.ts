/** Reading back in a real terminal: searching, the wheel, copying, and the end of each. */
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createScreens, sizes } from "../support/screens.ts";
import { say } from "../support/sessions.ts";

const { home, attach, open } = await createScreens();

/** A session with more records than attach brings. */
async function longSession(name: string, turns: number): Promise<void> {
  await home.ok(["new", name, "-d"]);
  const connection = await home.connect();
  await say(connection, name, "say the needle in the hay");
  for (let turn = 0; turn < turns; turn++) await say(connection, name, `say straw ${turn}`);
  connection.close();
}

const wheelUp = "\u001b[<64;10;5M";
const wheelDown = "\u001b[<65;10;5M";

test("a search finds what attach did not bring, and marks it; the end is the end again", async () => {
  await longSession("hay", 40);
  for (const { cols, rows } of sizes) {
    const terminal = await attach("hay", { cols, rows });
    await terminal.waitFor("• straw 39");
    expect(terminal.text()).not.toContain("needle");
    terminal.type("/find the needle");
    terminal.press("enter");
    await terminal.waitFor("• the needle in the hay");
    await terminal.waitFor("more below");
    terminal.press("n");
    await terminal.waitFor("› say the needle in the hay");
    terminal.press("/");
    terminal.type("straw 17");
    await terminal.waitFor("/straw 17▏");
    terminal.press("escape");
    await terminal.waitFor((lines) => !lines.some((line) => line.includes("straw 17▏")));
    terminal.press("G");
    await terminal.waitFor("• straw 39");
    terminal.press("ctrl-b", "d");
    await terminal.exited;
  }
});

test("the wheel scrolls while attached, and is the terminal's again after", async () => {
  await home.ok(["new", "wheel", "-d"]);
  const terminal = await attach("wheel", { cols: 60, rows: 16 });
  const text = Array.from({ length: 40 }, (_, line) => `- row ${line}.`).join("\n");
  terminal.paste(`say ${text}`);
  terminal.press("enter");
  await terminal.waitFor(/• row 39\.[\s\S]*\[wheel\] idle/);
  terminal.type(wheelUp.repeat(4));
  await terminal.waitFor((lines) => !lines.some((line) => line.includes("row 39.")));
  await terminal.waitFor("more below");
  terminal.type(wheelDown.repeat(4));
  await terminal.waitFor("row 39.");
  terminal.press("home");
  await terminal.waitFor("› say - row 0.");
  terminal.press("end");
  await terminal.waitFor("row 39.");
  terminal.press("ctrl-b", "d");
  await terminal.exited;
  const raw = terminal.raw();
  expect(raw.indexOf("\u001b[?1000h\u001b[?1006h")).toBeGreaterThan(-1);
  expect(raw.lastIndexOf("\u001b[?1000l")).toBeGreaterThan(raw.lastIndexOf("\u001b[?1000h"));
  expect(raw.lastIndexOf("\u001b[?1006l")).toBeGreaterThan(raw.lastIndexOf("\u001b[?1006h"));
});

test("a signal gives the wheel back too, and /mouse does while attached", async () => {
  await home.ok(["new", "signals", "-d"]);
  const terminal = await attach("signals");
  terminal.type("/mouse");
  terminal.press("enter");
  await terminal.waitFor("the mouse is the terminal's");
  expect(terminal.raw().lastIndexOf("\u001b[?1000l")).toBeGreaterThan(
    terminal.raw().lastIndexOf("\u001b[?1000h"),
  );
  const other = await attach("signals");
  process.kill(other.pid, "SIGTERM");
  await other.exited;
  expect(other.raw().lastIndexOf("\u001b[?1000l")).toBeGreaterThan(
    other.raw().lastIndexOf("\u001b[?1000h"),
  );
});

test("suspended, the wheel is the shell's; in front again, it is the client's", async () => {
  await home.ok(["new", "stops", "-d"]);
  const shell = open({
    command: "bash",
    args: ["--norc", "--noprofile", "-i"],
    env: { ...home.env, PS1: "ready> " },
    cwd: home.work,
  });
  const isOn = () =>
    shell.raw().lastIndexOf("\u001b[?1000h") > shell.raw().lastIndexOf("\u001b[?1000l");
  await shell.waitFor("ready>");
  shell.type(`${process.cwd()}/bin/hacs-session attach stops\r`);
  await shell.waitFor("[stops]");
  expect(isOn()).toBe(true);
  shell.press("ctrl-b", "ctrl-z");
  await shell.waitFor(/Stopped[\s\S]*ready>/);
  expect(isOn()).toBe(false);
  shell.type("fg\r");
  await shell.waitFor("[stops]");
  await eventually(isOn, { what: "the wheel is reported again" });
  shell.press("ctrl-b", "d");
  await shell.waitFor("[detached (from session stops)]");
  expect(isOn()).toBe(false);
});

test("a message and its code are copied by key, and by nothing that a model says", async () => {
  await home.ok(["new", "copies", "-d"]);
  const terminal = await attach("copies");
  terminal.paste("say \u001b]52;c;aGFja2Vk\u0007 run\n```sh\nmake it\n```");
  terminal.press("enter");
  await terminal.waitFor(/• [\s\S]*make it[\s\S]*\[copies\] idle/);
  expect(terminal.raw()).not.toContain("\u001b]52");
  terminal.press("ctrl-b", "[", "Y");
  await terminal.waitFor("copied code block (7 characters): make it");
  const copied = `\u001b]52;c;${Buffer.from("make it").toString("base64")}\u0007`;
  await eventually(() => terminal.raw().includes(copied), {
    what: "the terminal is given the text",
  });
  terminal.press("y");
  await terminal.waitFor(/copied answer \(4 lines\)/);
  expect(terminal.raw().match(/\u001b\]52/g)).toHaveLength(2);
});
