/** A real nginx in front, with the example that docs/ has. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../support/codex.ts";
import { programOf } from "../../support/debian.ts";
import { eventually } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn, makeToken, openEvents, openWeb } from "../../support/port.ts";
import { type Program, startProgram } from "../../support/program.ts";
import { createSession, finished } from "../../support/sessions.ts";

const nginx = programOf("nginx", "nginx-light");

describe.skipIf(nginx === undefined)("behind nginx", () => {
  let home: Home;
  let dir: string;
  let proxy: Program;
  let url: string;
  let token: string;

  beforeAll(async () => {
    home = await createHome({
      config: { behindProxy: ["127.0.0.1"], allowedHosts: ["agents.example"] },
    });
    const daemon = await listenOn(home);
    ({ token } = await makeToken(home, { label: "phone" }));
    await createSession(home, await home.connect(), { name: "bot" });
    dir = mkdtempSync(join(tmpdir(), "hs-nginx-"));
    const port = await freePort();
    const example = readFileSync(join(root, "docs/nginx.conf"), "utf8");
    // As shipped, but for the ports and for TLS, which is nginx's own affair.
    const site = example
      .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
      .replace(/^\s*ssl_certificate.*$/gm, "")
      .replace("http://127.0.0.1:9100", daemon);
    expect(site).toContain(daemon);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    writeFileSync(
      join(dir, "nginx.conf"),
      `daemon off; ${process.getuid?.() === 0 ? "user root;" : ""} worker_processes 1; pid ${dir}/nginx.pid; error_log stderr;
      events { worker_connections 256; }
      http { access_log ${dir}/access.log;
      ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join("\n")}
      ${site} }`,
    );
    proxy = startProgram(nginx!, ["-c", join(dir, "nginx.conf"), "-p", dir]);
    url = `http://127.0.0.1:${port}`;
    await eventually(async () => (await ask(url, "/healthz", { headers })).status === 200, {
      what: `nginx answers: ${proxy.stderr()}`,
    });
  });
  afterAll(async () => {
    proxy?.kill("SIGTERM");
    await proxy?.ended;
    if (dir) rmSync(dir, { recursive: true });
    await home?.close();
  });

  const headers = { host: "agents.example" };

  test("a WebSocket goes through, both ways", async () => {
    const client = await openWeb(url, { token, headers });
    await client.hello();
    await client.call("session/attach", { name: "bot", after: 0 });
    await client.call("session/send", { name: "bot", content: { text: "say over nginx" } });
    await client.until("the answer", ({ params }) => params?.params?.delta === "over nginx");
    client.close();
  });

  test("events come as they happen, and go on by Last-Event-ID", async () => {
    const stream = await openEvents(url, "/v1/sessions/bot/events?after=0", { token, headers });
    await stream.until("live", ({ data }) => data.method === "session/live");
    const connection = await home.connect();
    const { messageId } = await connection.call("session/send", {
      name: "bot",
      content: { text: "gated nginx end" },
    });
    // It is held in the middle, so nothing that comes was pushed along by an end.
    await stream.until("the beginning", ({ data }) => data.params?.delta === "before nginx ");
    stream.close();
    const ids = stream.events.flatMap(({ id }) => id ?? []);
    home.model.release("nginx");
    await finished(connection, "bot", messageId);
    const again = await openEvents(url, "/v1/sessions/bot/events", {
      token,
      headers: { ...headers, "last-event-id": ids.at(-1) ?? "" },
    });
    await again.until("live", ({ data }) => data.method === "session/live");
    const all = [...ids, ...again.events.flatMap(({ id }) => id ?? [])].map(Number);
    expect(all).toEqual(Array.from({ length: (await home.show("bot")).seq }, (_, i) => i + 1));
    again.close();
  });

  test("what is done is attributed to who asked nginx, not to what they say of themselves", async () => {
    const sent = await ask(url, "/v1/sessions/bot/messages", {
      method: "POST",
      token,
      headers: { ...headers, "x-forwarded-for": "203.0.113.66" },
      body: { text: "say who", id: "who" },
    });
    expect(sent.status).toBe(202);
    const connection = await home.connect();
    const { records } = await connection.call("session/history", { name: "bot" });
    const by = records.find(({ params }) => params.id === "who")?.params.by;
    expect(by).toMatchObject({
      kind: "http",
      user: "phone",
      from: expect.stringMatching(/^127\.0\.0\.1, token/),
    });
  });

  test("another Host, a page and who has no token stay outside", async () => {
    expect(
      (await ask(url, "/v1/sessions", { token, headers: { host: "evil.example" } })).status,
    ).toBe(421);
    expect((await ask(url, "/v1/sessions", { headers })).status).toBe(401);
    const origin = "https://evil.example";
    expect(
      (await ask(url, "/v1/sessions", { token, headers: { ...headers, origin } })).status,
    ).toBe(403);
    await expect(openWeb(url, { token, headers: { ...headers, origin } })).rejects.toThrow("403");
    await expect(openWeb(url, { headers })).rejects.toThrow("401");
  });

  test("a name with a slash arrives as it is, and nginx's log holds no token", async () => {
    const path = "/v1/sessions/peer%2Fbot";
    const { json } = await ask(url, path, { token, headers });
    expect(json.detail).toContain('"peer/bot"');
    // nginx writes its line when the answer has gone out.
    const log = await eventually(
      () => {
        const written = readFileSync(join(dir, "access.log"), "utf8");
        return written.includes(path) && written;
      },
      { what: "nginx's log has the request" },
    );
    expect(log).not.toContain(token.slice(-20));
  });
});

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
