/** Who may ask at all: the Host, the Origin, the token and where it stands. */
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { within } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn, makeToken, openWeb } from "../../support/port.ts";
import { createSession } from "../../support/sessions.ts";

let home: Home;
let url: string;
let port: string;
let token: string;
const allowed = "https://app.example";

beforeAll(async () => {
  home = await createHome({
    config: {
      allowedHosts: ["team.example", "other.example:8443"],
      allowedOrigins: [allowed, "http://127.0.0.1:3000"],
      behindProxy: ["127.0.0.2", "10.0.0.0/8"],
    },
  });
  url = await listenOn(home, "--listen", "127.0.0.1:0", "--listen", "[::1]:0");
  port = new URL(url).port;
  ({ token } = await makeToken(home, { label: "phone" }));
  await createSession(home, await home.connect(), { name: "bot" });
});
afterAll(() => home.close());

/** The status of a WebSocket's opening: 101 when it is one. */
async function upgradeStatus(headers: Record<string, string>, path = "/v1/ws"): Promise<number> {
  try {
    const client = await openWeb(url, { token, headers, path });
    client.close();
    return 101;
  } catch (error) {
    return Number(/refused (\d+)/.exec(String(error))?.[1]);
  }
}

describe("Host", () => {
  const cases: [string, boolean][] = [
    ["127.0.0.1:PORT", true],
    ["localhost:PORT", true],
    ["LOCALHOST:PORT", true],
    ["team.example", true],
    ["Team.Example", true],
    ["other.example:8443", true],
    ["127.0.0.1", false],
    ["127.0.0.1:1", false],
    ["localhost", false],
    ["localhost:80", false],
    ["localhost.:PORT", false],
    ["localhost.evil.example:PORT", false],
    ["evil.example", false],
    ["evil.example:PORT", false],
    ["127.0.0.1.evil.example:PORT", false],
    ["evil.example#127.0.0.1:PORT", false],
    ["evil.example@127.0.0.1:PORT", false],
    ["user:pass@127.0.0.1:PORT", false],
    ["127.0.0.1:PORT@evil.example", false],
    ["127.0.0.1:PORT, evil.example", false],
    ["127.0.0.1:PORT/", false],
    ["127.0.0.2:PORT", false],
    ["127.1:PORT", false],
    ["2130706433:PORT", false],
    ["0x7f000001:PORT", false],
    ["0.0.0.0:PORT", false],
    ["[::1]:PORT", false],
    ["[::ffff:127.0.0.1]:PORT", true],
    ["[::ffff:127.0.0.1", false],
    ["team.example:PORT", false],
    ["team.example.", false],
    ["team.example:443", false],
    ["xteam.example", false],
    ["team.example.evil.example", false],
    ["other.example", false],
  ];

  test.each(cases)("%j: %s", async (host, served) => {
    const given = host.replaceAll("PORT", port);
    const answer = await ask(url, "/v1/sessions", { token, headers: { host: given } });
    expect([200, 421, 400]).toContain(answer.status);
    expect(answer.status === 200).toBe(served);
    expect(await upgradeStatus({ host: given })).toBe(served ? 101 : answer.status);
    // What needs no token is no exception.
    expect((await ask(url, "/healthz", { headers: { host: given } })).status === 200).toBe(served);
    if (!served) expect(answer.text).not.toMatch(/team\.example|127\.0\.0\.1/);
  });

  test("none, two, or another in the path", async () => {
    const head = (lines: string[]) => rawStatus(lines, Number(port));
    const bearer = `Authorization: Bearer ${token}`;
    const own = `Host: 127.0.0.1:${port}`;
    expect(await head(["GET /v1/sessions HTTP/1.1", bearer])).toBe(400);
    expect(await head(["GET /v1/sessions HTTP/1.0", bearer])).toBe(400);
    expect(await head(["GET /v1/sessions HTTP/1.1", own, "Host: evil.example", bearer])).toBe(400);
    expect(await head(["GET /v1/sessions HTTP/1.1", "Host: evil.example", own, bearer])).toBe(400);
    expect(await head(["GET /v1/sessions HTTP/1.1", "Host:", bearer])).toBe(421);
    expect(await head(["GET /v1/sessions HTTP/1.1", own, own, bearer])).toBe(400);
    expect(await head(["GET http://evil.example/v1/sessions HTTP/1.1", own, bearer])).toBe(400);
    expect(await head(["GET //evil.example/v1/sessions HTTP/1.1", own, bearer])).toBe(404);
    expect(await head(["GET /v1/sessions HTTP/1.1", own, bearer])).toBe(200);
  });
});

/** The status that these lines are answered with, sent as they are. */
async function rawStatus(lines: string[], to: number): Promise<number> {
  const socket = net.connect(to, "127.0.0.1");
  socket.write(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  await within(new Promise((resolve) => socket.once("close", resolve)), { what: "the answer" });
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

describe("Origin", () => {
  test.each<[string, boolean]>([
    [allowed, true],
    ["http://127.0.0.1:3000", true],
    ["null", false],
    ["", false],
    ["https://evil.example", false],
    ["http://app.example", false],
    ["https://app.example:8443", false],
    ["https://app.example/", false],
    ["https://app.example.evil.example", false],
    ["https://APP.example", false],
    ["http://127.0.0.1:PORT", false],
    ["http://localhost:PORT", false],
    ["file://", false],
    ["chrome-extension://abcdefgh", false],
    ["https://app.example https://evil.example", false],
  ])("%j: %s", async (given, served) => {
    const origin = given.replaceAll("PORT", port);
    const answer = await ask(url, "/v1/sessions", { token, headers: { origin } });
    expect(answer.status).toBe(served ? 200 : 403);
    expect(answer.headers["access-control-allow-origin"]).toBe(served ? origin : undefined);
    expect(await upgradeStatus({ origin })).toBe(served ? 101 : 403);
    const preflight = await ask(url, "/v1/sessions", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(served ? 204 : 403);
    expect(preflight.headers["access-control-allow-headers"]).toBe(
      served ? "Authorization, Content-Type, Last-Event-ID" : undefined,
    );
  });

  test("its own is allowed for pairing alone, and in the clear only where nothing leaves the machine", async () => {
    const pair = async (origin: string, host = `127.0.0.1:${port}`, path = "/v1/pair") => {
      const headers = { host, origin, authorization: `Bearer ${token}` };
      const answer = await ask(url, path, { method: "POST", headers, body: {} });
      return answer.json.code;
    };
    // Through the gate: what is wrong is what it asks for.
    const through = "invalid-params";
    expect(await pair(`http://127.0.0.1:${port}`)).toBe(through);
    expect(await pair("https://team.example", "team.example")).toBe(through);
    expect(await pair("http://team.example", "team.example")).toBe("origin-refused");
    expect(await pair("https://team.example")).toBe("origin-refused");
    expect(await pair("https://evil.example", "evil.example")).toBe("host-refused");
    const own = `http://127.0.0.1:${port}`;
    expect(await pair(own, undefined, "/v1/tickets")).toBe("origin-refused");
  });

  test("without one, nothing is said of origins", async () => {
    const answer = await ask(url, "/v1/sessions", { token });
    expect(answer.status).toBe(200);
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  });
});

describe("the token", () => {
  test("stands in one Authorization header, and nowhere else", async () => {
    const status = async (headers: Record<string, string | string[]>, path = "/v1/sessions") =>
      (await ask(url, path, { headers })).status;
    expect(await status({ authorization: `Bearer ${token}` })).toBe(200);
    expect(await status({ authorization: `bearer  ${token}` })).toBe(200);
    const wrong = [
      {},
      { authorization: token },
      { authorization: `Basic ${Buffer.from(`x:${token}`).toString("base64")}` },
      { authorization: "Bearer" },
      { authorization: `Bearer ${token}x` },
      { authorization: `Bearer ${token.slice(0, -1)}` },
      { authorization: `Bearer ${token} ${token}` },
      { authorization: `Bearer ${token.toUpperCase()}` },
      { authorization: `Bearer hacs_${"0".repeat(12)}_${token.split("_")[2]}` },
      { authorization: "Bearer __proto__" },
      { authorization: "Bearer hacs__" },
      { cookie: `token=${token}` },
      { "x-token": token },
      { "sec-websocket-protocol": token },
    ];
    for (const headers of wrong) {
      expect([headers, await status(headers as Record<string, string>)]).toEqual([headers, 401]);
    }
    expect(await status({ authorization: [`Bearer ${token}`, "Bearer x"] })).toBe(401);
    for (const name of ["token", "access_token", "ticket", "authorization"])
      expect(await status({}, `/v1/sessions?${name}=${token}`)).toBe(401);
  });

  test("that is missing is told with how to show it, and nothing of the machine", async () => {
    for (const path of ["/v1/sessions", "/v1/nothing", "/v1/sessions/bot", "/v1/openapi.json"]) {
      const answer = await ask(url, path);
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer /);
      expect(answer.text).not.toContain(home.dir);
      expect(answer.text).not.toContain("bot");
    }
    await expect(openWeb(url)).rejects.toThrow("refused 401");
    await expect(openWeb(url, { path: `/v1/ws?token=${token}` })).rejects.toThrow("refused 401");
  });

  test("says who it is; what the client says of itself does not count", async () => {
    const client = await openWeb(url, { token });
    expect((await client.call("session/list")).error.message).toContain("hello");
    await client.hello();
    await client.call("session/attach", { name: "bot" });
    const { attached } = await home.show("bot");
    expect(attached).toMatchObject([
      {
        kind: "web",
        user: "phone",
        from: expect.stringMatching(/^127\.0\.0\.1, token [0-9a-f]{12}$/),
      },
    ]);
    client.close();
  });

  test("no path but those of the protocols is a WebSocket's", async () => {
    expect(await upgradeStatus({}, "/v1/sessions")).toBe(404);
    expect(await upgradeStatus({}, "/v1/ws/")).toBe(404);
    expect((await ask(url, "/v1/ws", { token })).status).toBe(404);
  });
});

describe("a ticket", () => {
  const issue = async () => (await ask(url, "/v1/tickets", { method: "POST", token })).json.ticket;

  test("opens one WebSocket, by its place in the URL or as a subprotocol", async () => {
    const first = await issue();
    const client = await openWeb(url, {
      path: `/v1/ws?ticket=${first}`,
      headers: { origin: allowed },
    });
    expect((await client.hello()).result.protocol).toBe(1);
    client.close();
    await expect(openWeb(url, { path: `/v1/ws?ticket=${first}` })).rejects.toThrow("refused 401");

    const second = await issue();
    const protocols = ["hacs-session.v1", `ticket.${second}`];
    const other = await openWeb(url, { protocols });
    expect(other.link.protocol).toBe("hacs-session.v1");
    expect((await other.hello()).result.protocol).toBe(1);
    other.close();
    await expect(openWeb(url, { protocols })).rejects.toThrow("refused 401");
  });

  test("is no token, and needs one", async () => {
    const ticket = await issue();
    expect((await ask(url, "/v1/sessions", { token: ticket })).status).toBe(401);
    expect((await ask(url, "/v1/tickets", { method: "POST" })).status).toBe(401);
  });

  test("dies with its token", async () => {
    const other = await makeToken(home);
    const { json } = await ask(url, "/v1/tickets", { method: "POST", token: other.token });
    await (await home.connect()).call("token/revoke", { id: other.id });
    await expect(openWeb(url, { path: `/v1/ws?ticket=${json.ticket}` })).rejects.toThrow("401");
  });
});

describe("X-Forwarded-For", () => {
  /** The address that a message is attributed to, asked for from an address of loopback. */
  async function seenFrom(localAddress: string, forwarded: string[]): Promise<string> {
    const id = `from-${Math.random().toString(36).slice(2)}`;
    const socket = net.connect({ port: Number(port), host: "127.0.0.1", localAddress });
    const body = JSON.stringify({ text: "say hi", id });
    socket.end(
      [
        "POST /v1/sessions/bot/messages HTTP/1.1",
        "Host: team.example",
        `Authorization: Bearer ${token}`,
        "Content-Type: application/json",
        `Content-Length: ${body.length}`,
        ...forwarded.map((value) => `X-Forwarded-For: ${value}`),
        "Connection: close",
        "",
        body,
      ].join("\r\n"),
    );
    await within(new Promise((resolve) => socket.resume().once("close", resolve)), { what: id });
    const connection = await home.connect();
    const { records } = await connection.call("session/history", { name: "bot" });
    const record = records.find(({ params }) => params.id === id);
    const by = record?.params.by as { from: string } | undefined;
    return by?.from.split(",")[0] ?? "";
  }

  test("is believed of a proxy that is trusted, as far as it can be", async () => {
    expect(await seenFrom("127.0.0.2", ["203.0.113.7"])).toBe("203.0.113.7");
    // Who stands further left could be made up by who stands further right.
    expect(await seenFrom("127.0.0.2", ["198.51.100.1, 203.0.113.7"])).toBe("203.0.113.7");
    expect(await seenFrom("127.0.0.2", ["198.51.100.1", "203.0.113.7, 10.1.2.3"])).toBe(
      "203.0.113.7",
    );
    expect(await seenFrom("127.0.0.2", ["2001:db8::1"])).toBe("2001:db8::1");
    expect(await seenFrom("127.0.0.2", [])).toBe("127.0.0.2");
    expect(await seenFrom("127.0.0.2", ["nonsense"])).toBe("127.0.0.2");
    expect(await seenFrom("127.0.0.2", ["203.0.113.7, nonsense"])).toBe("127.0.0.2");
  });

  test("is nothing when anybody else says it", async () => {
    expect(await seenFrom("127.0.0.1", ["203.0.113.7"])).toBe("127.0.0.1");
    expect(await seenFrom("127.0.0.3", ["203.0.113.7"])).toBe("127.0.0.3");
  });
});
