import { describe, expect, test } from "vitest";
import { fromRpcError, HacsError, toRpcError } from "../../src/protocol/errors.ts";
import {
  decode,
  encodeFailure,
  encodeNotification,
  encodeRequest,
  encodeResult,
} from "../../src/protocol/messages.ts";
import fc from "../support/property.ts";

describe("a frame becomes a message", () => {
  test.each<[string, object]>([
    [
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1}}',
      { kind: "request", id: 1, params: { a: 1 } },
    ],
    ['{"id":"x","method":"m"}', { kind: "request", id: "x", method: "m", params: {} }],
    ['{"id":0,"method":"m","params":null}', { kind: "request", id: 0, params: {} }],
    ['{"method":"m","params":{}}', { kind: "notification", method: "m" }],
    [
      '{"method":"m","emittedAtMs":5,"params":{"b":[]}}',
      { kind: "notification", params: { b: [] } },
    ],
    ['{"id":1,"result":{}}', { kind: "response", id: 1, result: {} }],
    ['{"id":1,"result":null}', { kind: "response", id: 1, result: null }],
    ['{"id":1,"result":false}', { kind: "response", id: 1, result: false }],
    ['{"id":1,"error":{"code":-1,"message":"m"}}', { kind: "failure", id: 1 }],
    ['{"id":null,"error":{"code":-1,"message":"m"}}', { kind: "failure", id: null }],
  ])("%s", (frame, message) => {
    expect(decode(frame)).toMatchObject(message);
  });
});

describe("anything else is refused as an invalid frame", () => {
  test.each([
    "",
    " ",
    "{",
    "null",
    "1",
    '"text"',
    "[]",
    '[{"id":1,"method":"m"}]',
    "{}",
    '{"id":1}',
    '{"id":null,"method":"m"}',
    '{"id":{},"method":"m"}',
    '{"id":1,"method":"m","params":[]}',
    '{"id":1,"method":"m","params":"x"}',
    '{"method":5}',
    '{"result":1}',
    '{"error":{"code":-1,"message":"m"}}',
    '{"id":true,"result":1}',
  ])("%s", (frame) => {
    expect(() => decode(frame)).toThrow(expect.objectContaining({ code: "frame-invalid" }));
  });
});

test("what is encoded is decoded to the same, in one line", () => {
  const id = fc.oneof(fc.integer(), fc.string());
  const params = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(id, fc.string(), params, fc.jsonValue(), (id, method, params, result) => {
      const given = JSON.parse(JSON.stringify(params));
      const same = (frame: string, message: object) => {
        expect(frame).not.toContain("\n");
        expect(decode(frame)).toEqual(message);
      };
      same(encodeRequest(id, method, params), { kind: "request", id, method, params: given });
      same(encodeNotification(method, params), { kind: "notification", method, params: given });
      const back = JSON.parse(JSON.stringify(result));
      same(encodeResult(id, result), { kind: "response", id, result: back });
      const error = { code: -32000, message: method };
      same(encodeFailure(id, error), { kind: "failure", id, error });
    }),
  );
});

test("no frame whatever makes the decoder fail in another way", () => {
  const member = fc.constantFrom(
    "id",
    "method",
    "params",
    "result",
    "error",
    "jsonrpc",
    "__proto__",
  );
  const almost = fc.dictionary(member, fc.jsonValue()).map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json(), almost), (frame) => {
      try {
        const message = decode(frame);
        // Whatever a peer calls an error can be shown as one of ours.
        if (message.kind === "failure")
          expect(fromRpcError(message.error).exitCode).toBeTypeOf("number");
      } catch (error) {
        expect(error).toBeInstanceOf(HacsError);
        expect((error as HacsError).code).toBe("frame-invalid");
      }
    }),
    { numRuns: 1000 },
  );
});

describe("an error crosses the wire", () => {
  test("with its code, message, next step and details", () => {
    const error = new HacsError("id-conflict", "it differs", "Leave it out.", { id: "a", at: 3 });
    const arrived = fromRpcError(JSON.parse(JSON.stringify(toRpcError(error))));
    expect(arrived).toMatchObject({
      code: "id-conflict",
      message: "it differs",
      next: "Leave it out.",
      details: { id: "a", at: 3 },
      exitCode: 2,
    });
  });

  test("and a bug's message stays inside", () => {
    const sent = JSON.stringify(toRpcError(new Error("secret /home/me")));
    expect(sent).not.toContain("secret");
    expect(fromRpcError(JSON.parse(sent)).code).toBe("internal");
  });

  test.each(["toString", "__proto__", "constructor", "no-such-code", "", 5, null])(
    "and an unknown code %j becomes internal",
    (code) => {
      const error = { code: -32000, message: "m", data: { code } } as never;
      expect(fromRpcError(error)).toMatchObject({ code: "internal", exitCode: 1 });
    },
  );
});
