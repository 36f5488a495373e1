/** Keys that a slow line brings in parts, through Ink, with a clock that is turned by hand. */
import { createConnection, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { type Instance, render, useInput, usePaste } from "ink";
import { createElement } from "react";
import { afterEach, expect, test } from "vitest";
import { strokesOf } from "../../src/tui/terminal/keystrokes.ts";
import { afterReading } from "../../src/tui/terminal/quiet.ts";
import { altMs, keyMs, ReportFilter, withoutReports } from "../../src/tui/terminal/reports.ts";
import { TestClock } from "../support/clock.ts";

const screens: Instance[] = [];
afterEach(() => {
  for (const screen of screens.splice(0)) screen.unmount();
});

/** What strikes when these parts come; a number is how long nothing does. */
async function struck(...parts: (string | number)[]): Promise<string[]> {
  const got: string[] = [];
  const clock = new TestClock();
  const Ear = () => {
    useInput((input, key) => {
      got.push(...strokesOf(input, key).map((one) => ("key" in one ? one.key : one.text)));
    });
    usePaste((text) => got.push(`pasted ${text}`));
    return null;
  };
  const terminal = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => terminal,
    ref: () => terminal,
    unref: () => terminal,
  }) as unknown as NodeJS.ReadStream & PassThrough;
  const after = (ms: number, then: () => void) => clock.after(ms, then);
  const stdin = withoutReports(
    terminal,
    () => got.push("pointed"),
    () => got.push("coloured"),
    after,
  );
  const stdout = Object.assign(new PassThrough(), { columns: 80, rows: 24 }).resume();
  const stream = stdout as unknown as NodeJS.WriteStream;
  const screen = render(createElement(Ear), {
    stdin,
    stdout: stream,
    patchConsole: false,
    exitOnCtrlC: false,
    interactive: false,
  });
  screens.push(screen);
  // Ink listens once its effects have run.
  await until(() => terminal.listenerCount("readable") > 0);
  for (const part of [...parts, keyMs]) {
    if (typeof part === "number") clock.pass(part);
    else {
      terminal.write(part);
      await until(() => terminal.readableLength === 0);
    }
  }
  return got;
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise(setImmediate);
}

test("a key that comes in parts is that key, and no Escape", async () => {
  for (const [whole, name] of [
    ["\u001b[A", "up"],
    ["\u001bOA", "up"],
    ["\u001b[1;5D", "ctrl-left"],
    ["\u001b[3~", "delete"],
  ] as const) {
    for (let at = 1; at < whole.length; at++) {
      const parts = [whole.slice(0, at), keyMs - 1, whole.slice(at)];
      expect([whole, at, await struck(...parts)]).toEqual([whole, at, [name]]);
    }
  }
  expect(await struck("\u001b", keyMs - 1, "[<64;1;1M")).toEqual(["pointed"]);
  expect(await struck("\u001b", keyMs - 1, "]11;rgb:00/00/00\u0007")).toEqual(["coloured"]);
  expect(await struck("\u001b", altMs - 1, "f")).toEqual(["alt-f"]);
});

test("Escape alone is Escape, after a moment or when somebody types on", async () => {
  expect(await struck("\u001b")).toEqual(["escape"]);
  expect(await struck("\u001b", altMs, "yes")).toEqual(["escape", "yes"]);
  expect(await struck("\u001b", altMs, "O")).toEqual(["escape", "O"]);
  expect(await struck("\u001b", altMs, "\r")).toEqual(["escape", "enter"]);
  expect(await struck("\u001b", altMs, "\u001b")).toEqual(["escape", "escape"]);
  expect(await struck("\u001b\u001b")).toEqual(["escape", "escape"]);
});

test("an Escape that a moment made a key is none of the next key's", async () => {
  expect(await struck("\u001b", keyMs, "\u001b[A")).toEqual(["escape", "up"]);
  expect(await struck("\u001b", keyMs, "[200~a\rb\u001b[201~")).toEqual(["escape", "pasted a\rb"]);
});

test("a moment in the middle of a paste changes nothing in it", () => {
  const filter = new ReportFilter();
  const parts = ["\u001b[200~a\u001b", "b\u001b", "[201~"].map((part) => {
    const { rest } = filter.take(part);
    return rest + filter.waited(altMs) + filter.waited(keyMs);
  });
  expect(parts.join("")).toBe("\u001b[200~a\u001bb\u001b[201~");
});

test("a process that was busy reads what has come before it takes the time for over", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const near = createConnection((server.address() as { port: number }).port, "127.0.0.1");
  const far = await accepted;
  const order: string[] = [];
  near.on("data", (chunk) => order.push(String(chunk)));
  await new Promise<void>((resolve) => {
    afterReading(1, () => {
      order.push("time");
      resolve();
    });
    far.write("rest");
    // Nothing else runs meanwhile, and the kernel has what was written.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  });
  expect(order).toEqual(["rest", "time"]);
  near.destroy();
  far.destroy();
  server.close();
});
