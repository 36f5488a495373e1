import { expect, test } from "vitest";
import { activity } from "../../../src/daemon/methods/activity.ts";
import type { Caller } from "../../../src/daemon/methods/index.ts";

test("what a client does not see is not told of either", async () => {
  const live = () => ["web", "docs", "web-2"].map((name) => ({ name, activity: () => ({ name }) }));
  const access = { scope: "observe", sessions: "web*", token: "t" };
  const caller = { daemon: { sessions: { live } }, client: { identity: { access } } };
  const { sessions } = await activity(caller as unknown as Caller, {});
  expect(sessions).toEqual([{ name: "web" }, { name: "web-2" }]);
});
