import { expect, test } from "vitest";
import { follows } from "../../src/protocol/records.ts";

test("the next record is one further on, unless it stands for others that are gone", () => {
  const judged = (cursor: number, seq: number, method: string) => follows(cursor, { seq, method });
  expect(judged(4, 5, "turn/started")).toBe(true);
  expect(judged(4, 6, "turn/started")).toBe(false);
  expect(judged(4, 4, "turn/started")).toBe(false);
  expect(judged(4, 5, "session/trimmed")).toBe(true);
  expect(judged(4, 60, "session/trimmed")).toBe(true);
  expect(judged(4, 4, "session/trimmed")).toBe(false);
});
