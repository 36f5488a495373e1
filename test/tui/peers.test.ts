/** A peer's session in a real terminal: attached, its link cut, chosen from the list, made beside. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { CuttingProxy } from "../support/cutting-proxy.ts";
import { createHome, type Home } from "../support/home.ts";
import { createModel, type TestModel } from "../support/model.ts";
import type { TestTerminal } from "../support/terminal.ts";

let model: TestModel;
let near: Home;
let far: Home;
let proxy: CuttingProxy;
let terminal: TestTerminal;
beforeAll(async () => {
  model = await createModel();
  near = await createHome({ model });
  far = await createHome({ model });
  await far.ok(["new", "bot", "-d"]);
  await near.ok(["new", "own", "-d"]);
  proxy = new CuttingProxy(far.socket);
  await proxy.open();
  await near.ok(["peer", "add", "laptop", proxy.url]);
  terminal = near.terminal(["attach", "laptop/bot"], { cols: 100, rows: 30 });
});
afterAll(async () => {
  await terminal.close();
  await near.close();
  await far.close();
  await proxy.close();
  await model.close();
});

test("is written to and answers, by its name behind the peer's", async () => {
  await terminal.waitFor("[laptop/bot] idle");
  terminal.type("say hello from afar");
  await terminal.waitFor("say hello from afar");
  terminal.press("enter");
  await terminal.waitFor("• hello from afar");
});

test("asks for an approval, which is given here", async () => {
  terminal.type("ask echo allowed");
  await terminal.waitFor("ask echo allowed");
  terminal.press("enter");
  await terminal.waitFor("needs-approval");
  await near.ok(["approve", "laptop/bot"]);
  await terminal.waitFor(/output: [\s\S]*allowed/);
});

test("is unreachable while its link is down, and what is sent meanwhile is sent once", async () => {
  await proxy.shut();
  await terminal.waitFor("[laptop/bot] unreachable");
  terminal.type("say once only");
  await terminal.waitFor("say once only");
  terminal.press("enter");
  await far.ok(["send", "bot", "--wait", "say meanwhile"]);
  await proxy.open();
  await terminal.waitFor("• meanwhile");
  await terminal.waitFor("• once only");
  await terminal.waitFor("[laptop/bot] idle");
  const sent = model.texts().filter((text) => text === "say once only");
  expect(sent).toHaveLength(1);
});

test("stands below its peer in the list of sessions, and another is made beside it", async () => {
  terminal.press("ctrl-b", "s");
  await terminal.waitFor(/laptop\/\n.*1\s+bot\s+idle/);
  await proxy.shut();
  await terminal.waitFor(/laptop\/\n.*1\s+bot\s+unreachable since/);
  await proxy.open();
  await terminal.waitFor(/laptop\/\n.*1\s+bot\s+idle/);
  terminal.press("q");
  terminal.press("ctrl-b", ":");
  terminal.type("new beside");
  await terminal.waitFor("new beside");
  terminal.press("enter");
  await terminal.waitFor("[laptop/beside] idle");
  expect(await far.show("beside")).toMatchObject({ cwd: far.work });
});

test("says who is attached over there, and which of them is you", async () => {
  terminal.type("/who");
  await terminal.waitFor("› /who");
  terminal.press("enter");
  await terminal.waitFor(/Attached[\s\S]*\(tui, .*\), you/);
  terminal.press("q");
});
