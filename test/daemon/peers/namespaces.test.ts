/**
 * Three daemons, each in a network of its own, in a chain over TLS, and a cable that is cut: nothing
 * is closed by that, so what is noticed is noticed by the heartbeats alone.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Certificate, makeCertificate } from "../../support/certificate.ts";
import { eventually } from "../../support/eventually.ts";
import { clientIdsIn, historyOf } from "../../support/history.ts";
import { createHome, type Home, program } from "../../support/home.ts";
import { createModel, type TestModel } from "../../support/model.ts";
import { type Cable, Namespaces, whyNoNamespaces } from "../../support/namespaces.ts";
import { type Program, runProgram, startProgram } from "../../support/program.ts";
import { watch } from "../../support/watcher.ts";

const whyNot = whyNoNamespaces();
if (whyNot !== undefined) console.warn(`Skipped: daemons in networks of their own: ${whyNot}`);
/** What a dead link may take to be noticed, and a little for a machine that is busy. */
const noticedMs = 10_000 + 2_000;

describe.skipIf(whyNot !== undefined)("daemons in networks of their own", () => {
  const address = { a: "198.18.0.1", b: "198.18.0.2", b2: "198.18.0.5", c: "198.18.0.6" };
  const networks = new Namespaces();
  let homes: Record<"a" | "b" | "c", Home>;
  let cables: Record<"near" | "far", Cable>;
  let model: TestModel;
  let door: net.Server;
  let farDoor: Program;
  let dir: string;
  let tls: Certificate;

  beforeAll(async () => {
    for (const name of ["a", "b", "c"]) networks.add(name);
    cables = {
      near: networks.connect(["a", address.a], ["b", address.b]),
      far: networks.connect(["b", address.b2], ["c", address.c]),
    };
    model = await createModel();
    dir = mkdtempSync("/tmp/hs-");
    await openDoors();
    // One for both that listen, and all trust it.
    tls = makeCertificate(dir, { names: [`IP:${address.b}`, `IP:${address.c}`] });
    const env = { NODE_EXTRA_CA_CERTS: tls.cert };
    const make = (name: string) => createHome({ model, config: { name }, env });
    homes = { a: await make("a"), b: await make("b"), c: await make("c") };
    await start("c", ["--listen", `${address.c}:9100`]);
    await start("b", ["--listen", `${address.b}:9100`]);
    await start("a", []);
    await know("b", "c", address.c);
    await know("a", "b", address.b);
    await homes.c.ok(["new", "bot", "-d"]);
  });
  afterAll(async () => {
    for (const home of Object.values(homes ?? {})) await home.close();
    farDoor?.kill();
    await farDoor?.ended;
    networks.close();
    door?.close();
    await model?.close();
    if (dir !== undefined) rmSync(dir, { recursive: true });
  });

  /** The model is in the test's own network; in c's, its address leads there over a socket file. */
  async function openDoors(): Promise<void> {
    const { port } = new URL(model.baseUrl);
    const path = join(dir, "model.sock");
    door = net.createServer((socket) => pass(socket, net.connect(Number(port), "127.0.0.1")));
    await new Promise<void>((resolve) => door.listen(path, resolve));
    const script = `const net = require("node:net"); ${pass}
      net.createServer((socket) => pass(socket, net.connect("${path}")))
        .listen(${port}, "127.0.0.1", () => console.log("open"));`;
    const [command = "", ...before] = networks.inside("c");
    farDoor = startProgram(command, [...before, process.execPath, "-e", script]);
    await farDoor.waitFor("open");
  }

  async function start(name: "a" | "b" | "c", args: string[]): Promise<void> {
    const { env, work } = homes[name];
    const [command = "", ...before] = networks.inside(name);
    const whole = [...before, program, "daemon", "start", ...args, ...tls.args];
    const outcome = await runProgram(command, whole, { env, cwd: work });
    expect(outcome).toMatchObject({ code: 0 });
  }

  async function know(near: "a" | "b", far: "b" | "c", at: string): Promise<void> {
    const { token } = JSON.parse(
      await homes[far].ok(["token", "new", "--scope", "admin", "--json"]),
    );
    const file = join(homes[near].dir, "peer.token");
    writeFileSync(file, token, { mode: 0o600 });
    const way = [`wss://${at}:9100`, "--token-file", file];
    expect(await homes[near].cliJson(["peer", "add", far, ...way])).toMatchObject({
      state: "connected",
    });
  }

  test.each(["far", "near"] as const)(
    "the %s cable is cut: it is noticed within 10 s, and clients go on from where they were",
    async (which) => {
      const { a, c } = homes;
      const session = async () =>
        (await a.cliJson(["ls"])).find(({ name }: { name: string }) => name === "b/c/bot");
      await eventually(async () => (await session())?.state === "idle", { what: "it is known" });
      const from = (await c.show("bot")).seq;
      const client = await watch(a, "b/c/bot", { after: from });
      await a.ok(["send", "b/c/bot", "--wait", "--id", `${which}-1`, "say before"]);
      await client.message(`${which}-1`, "finished");
      const cutAt = Date.now();
      cables[which].cut();
      try {
        await client.until("it is told", ({ method, params }) => {
          const { state } = (params.session ?? {}) as { state?: string };
          return method === "session/state" && state === "unreachable";
        });
        expect(Date.now() - cutAt).toBeLessThan(noticedMs);
        expect(await session()).toMatchObject({ state: "unreachable" });
        // What goes on there meanwhile, and what is sent from here, is not lost.
        await c.ok(["send", "bot", "--wait", "--id", `${which}-2`, "say meanwhile"]);
        await a.ok(["send", "b/c/bot", "--store", "--id", `${which}-3`, "say stored"]);
      } finally {
        cables[which].mend();
      }
      await client.message(`${which}-3`, "finished");
      client.stop();
      const records = (await historyOf(c, "bot")).filter(({ seq }) => seq > from);
      expect(clientIdsIn(records)).toEqual([1, 2, 3].map((n) => `${which}-${n}`));
      const seqs = client.records().map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, i) => from + 1 + i));
    },
  );
});

function pass(socket: net.Socket, inside: net.Socket): void {
  socket.on("error", () => inside.destroy()).pipe(inside);
  inside.on("error", () => socket.destroy()).pipe(socket);
}
