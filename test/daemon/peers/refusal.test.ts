/** What a peer refuses, and what its daemon goes through, as it is told here. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Connection } from "../../../src/client/connection.ts";
import { readError } from "../../../src/daemon/peers/refusal.ts";
import { HacsError } from "../../../src/protocol/errors.ts";
import { errorOf } from "../../support/sessions.ts";

test("a link that breaks is a peer that is away, and nobody is told to start its daemon", async () => {
  const stream = new PassThrough();
  const call = errorOf(new Connection(stream).call("session/list", {}));
  stream.destroy(new Error("The link is down: the other side closed the link."));
  expect(readError("desk", await call)).toMatchObject({
    code: "peer-unreachable",
    message: expect.stringMatching(/^desk: .*the other side closed the link\.$/),
    next: expect.stringMatching(/peer ls$/),
  });
});

test("what it does not allow is its own error, with its name before the message", () => {
  const refused = new HacsError("not-allowed", "No.", "Ask.");
  expect(readError("desk", refused)).toMatchObject({
    code: "not-allowed",
    message: "desk: No.",
    next: "Ask.",
  });
});
