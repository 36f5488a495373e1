/** The composer and the queue in real terminals, on a real daemon and a real codex. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import type { TestTerminal } from "../support/terminal.ts";

let home: Home;
const terminals: TestTerminal[] = [];
beforeAll(async () => {
  home = await createHome();
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) await terminal.close();
});
afterAll(() => home.close());

async function attach(name: string, { cols = 80, rows = 24 } = {}): Promise<TestTerminal> {
  const terminal = home.terminal(["attach", name], { cols, rows });
  terminals.push(terminal);
  await terminal.waitFor(`[${name}]`);
  return terminal;
}

function say(terminal: TestTerminal, text: string): void {
  terminal.type(text);
  terminal.press("enter");
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
