/** Messages and environments that can't be, and messages that are sent twice. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { limits } from "../../../src/protocol/methods.ts";
import { createHome, type Home } from "../../support/home.ts";
import { createSession, errorOf, finished } from "../../support/sessions.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
});
afterAll(() => home.close());

test("an environment that no process can have is refused, and the old one stays", async () => {
  for (const env of [{ "": "x" }, { "A=B": "x" }, { A: "x\0y" }, { "A\0": "x" }]) {
    const wake = connection.call("session/wake", { name: "bot", env });
    expect((await errorOf(wake)).code).toBe("invalid-params");
  }
  for (const spec of [
    { cwd: "/tmp\0" },
    { cwd: "/", codexHome: "/x\0" },
    { cwd: "/", codex: "/x\0" },
  ]) {
    expect((await errorOf(connection.call("session/new", { spec, env: {} }))).code).toBe(
      "invalid-params",
    );
  }
});

test("an empty and a too large message are refused, and nothing of them is kept", async () => {
  const { seq } = await home.show("bot");
  const send = (text: string, more = {}) =>
    connection.call("session/send", { name: "bot", content: { text, ...more } });
  for (const text of ["", "  \n\t "])
    expect((await errorOf(send(text))).code).toBe("empty-message");
  expect((await errorOf(send("", { images: [] }))).code).toBe("empty-message");
  const error = await errorOf(send("x".repeat(limits.messageBytesMax + 1)));
  expect(error).toMatchObject({
    code: "message-too-large",
    message: expect.stringContaining(String(limits.messageBytesMax + 1)),
  });
  // Bytes count, not characters.
  expect((await errorOf(send("ü".repeat(limits.messageBytesMax / 2 + 1)))).code).toBe(
    "message-too-large",
  );
  expect((await home.show("bot")).seq).toBe(seq);
});

test("the same id with the same text is the same message; with another it is a conflict", async () => {
  const send = (text: string) =>
    connection.call("session/send", { name: "bot", id: "once", content: { text } });
  const first = await send("say once");
  const repeated = await Promise.all([send("say once"), send("say once")]);
  for (const again of repeated)
    expect(again).toMatchObject({ messageId: "once", createdAt: first.createdAt });
  expect((await errorOf(send("say twice"))).code).toBe("id-conflict");
  await finished(connection, "bot", "once");
  expect(await send("say once")).toMatchObject({ status: "finished", text: "once" });
  expect(home.model.texts().filter((text) => text === "say once")).toHaveLength(1);
});

test.each(["", " ", "-x", "a b", "a\n", "x".repeat(129), "ü", "\u202e"])(
  "the message id %j is refused",
  async (id) => {
    const call = connection.call("session/send", { name: "bot", id, content: { text: "say no" } });
    expect((await errorOf(call)).code).toBe("invalid-id");
  },
);

test("an image that is none on this machine is refused, by whatever way it came, and no file told", async () => {
  const { seq } = await home.show("bot");
  const image = (path: string) =>
    errorOf(
      connection.call("session/send", { name: "bot", content: { text: "", images: [path] } }),
    );
  const png = join(home.dir, "dot.png");
  const pipe = join(home.dir, "pipe.png");
  const words = join(home.dir, "words.png");
  writeFileSync(words, "no image");
  execFileSync("mkfifo", [pipe]);
  const told = await Promise.all([png, pipe, words, home.dir, "/etc/shadow", "dot.png"].map(image));
  for (const [i, { code, message }] of told.entries())
    expect([i, code, message.replace(/"[^"]*"/, "PATH")]).toEqual([
      i,
      "image-unreadable",
      told[0]?.message.replace(/"[^"]*"/, "PATH"),
    ]);
  expect((await home.show("bot")).seq).toBe(seq);
  writeFileSync(png, Buffer.from("89504e470d0a1a0a00000000", "hex"));
  const content = { text: "say seen", images: [png] };
  const send = () => connection.call("session/send", { name: "bot", id: "image", content });
  await send();
  // Once it is accepted, the file is nobody's condition any more.
  rmSync(png);
  expect(await send()).toMatchObject({ messageId: "image" });
});
