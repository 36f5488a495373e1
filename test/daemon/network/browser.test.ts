/** Pages in a real browser: one from elsewhere gets nothing, one that was allowed gets what it may. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Browser, openBrowser } from "../../support/chromium.ts";
import { programOf } from "../../support/debian.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn, makeToken } from "../../support/port.ts";
import { createSession, say } from "../../support/sessions.ts";

const chromium = programOf("chromium");

describe.skipIf(chromium === undefined)("a page", () => {
  let home: Home;
  let browser: Browser;
  let pages: http.Server;
  let url: string;
  let port: string;
  let token: string;
  /** Where pages are served from, under any name. */
  let at: number;

  beforeAll(async () => {
    pages = http.createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end("<title>a page</title>");
    });
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
    at = (pages.address() as AddressInfo).port;
    home = await createHome({ config: { allowedOrigins: [`http://app.example:${at}`] } });
    url = await listenOn(home);
    ({ port } = new URL(url));
    ({ token } = await makeToken(home));
    const connection = await home.connect();
    await createSession(home, connection, { name: "bot" });
    await say(connection, "bot", "say secret plans");
    // Every name leads to this machine, as in DNS rebinding.
    browser = await openBrowser(chromium!, "MAP *.example 127.0.0.1");
  });
  afterAll(async () => {
    await browser?.close();
    pages?.close();
    await home?.close();
  });

  /** What comes of each way in that a page has; it even knows a token. */
  const attempts = () => `
    const url = ${JSON.stringify(url)};
    const token = ${JSON.stringify(token)};
    const read = async (path, options) => {
      try {
        const response = await fetch(url + path, options);
        return response.type === "opaque" ? "opaque" : response.status + " " + (await response.text()).slice(0, 60);
      } catch (error) { return "nothing"; }
    };
    const open = (address, protocols) => new Promise((resolve) => {
      const socket = new WebSocket(address, protocols);
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("nothing");
    });
    const authorization = "Bearer " + token;
    const found = {
      health: await read("/healthz"),
      list: await read("/v1/sessions"),
      listWithToken: await read("/v1/sessions", { headers: { authorization } }),
      history: await read("/v1/sessions/bot/history", { headers: { authorization } }),
      events: await read("/v1/sessions/bot/events", { headers: { authorization } }),
      ticket: await read("/v1/tickets", { method: "POST", headers: { authorization } }),
      send: await read("/v1/sessions/bot/messages", {
        method: "POST", headers: { authorization, "content-type": "application/json" }, body: '{"text":"say cross"}',
      }),
      form: await read("/v1/sessions/bot/messages", {
        method: "POST", mode: "no-cors", body: new URLSearchParams({ text: "say cross" }),
      }),
      plain: await read("/v1/sessions/bot/messages", {
        method: "POST", mode: "no-cors", headers: { "content-type": "text/plain" }, body: '{"text":"say cross"}',
      }),
      pair: await read("/v1/pair", { method: "POST", mode: "no-cors", body: '{"code":"AAAAA-AAAAA"}' }),
      socket: await open(url.replace("http", "ws") + "/v1/ws"),
      socketWithToken: await open(url.replace("http", "ws") + "/v1/ws?token=" + token),
      socketWithProtocol: await open(url.replace("http", "ws") + "/v1/ws", ["hacs-session.v1", "ticket." + token.slice(-40)]),
      stream: await new Promise((resolve) => {
        const source = new EventSource(url + "/v1/sessions/bot/events");
        source.onopen = () => resolve("open");
        source.onerror = () => { source.close(); resolve("nothing"); };
      }),
      image: await new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve("loaded");
        image.onerror = () => resolve("nothing");
        image.src = url + "/v1/sessions";
      }),
    };
    return found;`;

  test("from another origin opens no WebSocket and reads no HTTP, though it has a token", async () => {
    const { seq } = await home.show("bot");
    const found = await browser.evaluate(`http://evil.example:${at}/`, attempts());
    for (const [way, outcome] of Object.entries(found))
      expect([way, outcome]).toEqual([way, expect.stringMatching(/^(nothing|opaque)$/)]);
    // Nor did anything that it could not read the answer of have an effect.
    expect((await home.show("bot")).seq).toBe(seq);
    expect(home.model.texts()).not.toContain("say cross");
  });

  test("without an origin of its own gets no further", async () => {
    const body = attempts();
    const found = await browser.evaluate(`data:text/html,<title>null</title>`, body);
    for (const [way, outcome] of Object.entries(found))
      expect([way, outcome]).toEqual([way, expect.stringMatching(/^(nothing|opaque)$/)]);
  });

  test("whose name was made to lead to the daemon reads nothing of it (DNS rebinding)", async () => {
    // To the browser this is the page's own origin, so that no rule of the browser's helps.
    const host = `rebound.example:${port}`;
    const found = await browser.evaluate(
      `http://${host}/healthz`,
      `const answers = {};
       for (const path of ["/healthz", "/v1/sessions", "/v1/sessions/bot/history"]) {
         const response = await fetch(path, { headers: { authorization: "Bearer ${token}" } });
         answers[path] = response.status + " " + (await response.json()).code;
       }
       answers.socket = await new Promise((resolve) => {
         const socket = new WebSocket("ws://${host}/v1/ws");
         socket.onopen = () => resolve("open");
         socket.onerror = () => resolve("nothing");
       });
       return answers;`,
    );
    expect(found).toEqual({
      "/healthz": "421 host-refused",
      "/v1/sessions": "421 host-refused",
      "/v1/sessions/bot/history": "421 host-refused",
      socket: "nothing",
    });
  });

  test("from an origin that is allowed works with its token: HTTP, a ticket's WebSocket, events", async () => {
    const found = await browser.evaluate(
      `http://app.example:${at}/`,
      `const url = ${JSON.stringify(url)};
       const headers = { authorization: "Bearer ${token}", "content-type": "application/json" };
       const { sessions } = await (await fetch(url + "/v1/sessions", { headers })).json();
       const { ticket } = await (await fetch(url + "/v1/tickets", { method: "POST", headers })).json();
       const socket = new WebSocket(url.replace("http", "ws") + "/v1/ws", ["hacs-session.v1", "ticket." + ticket]);
       await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
       const answer = new Promise((resolve) => { socket.onmessage = ({ data }) => resolve(JSON.parse(data)); });
       socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "hello", params: { protocol: { min: 1, max: 1 }, client: { kind: "page", version: "", user: "", from: "" } } }));
       const { result } = await answer;
       socket.close();
       const response = await fetch(url + "/v1/sessions/bot/events?after=0", { headers });
       const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
       let text = "";
       while (!text.includes("session/live")) text += (await reader.read()).value;
       await reader.cancel();
       const plain = await fetch(url + "/v1/sessions").then(({ status }) => status);
       return { names: sessions.map(({ name }) => name), protocol: result.protocol, first: /id: 1\\n/.test(text), plain };`,
    );
    expect(found).toEqual({ names: ["bot"], protocol: 1, first: true, plain: 401 });
  });

  describe("of the daemon's own, for pairing,", () => {
    const newCode = async (): Promise<string> =>
      (await home.cliJson(["pair", "--scope", "prompt", "--sessions", "bot", "--name", "phone"]))
        .code;
    const exchange = `
      const at = (id) => document.getElementById(id);
      at("get").click();
      while (at("get").disabled) await new Promise((resolve) => setTimeout(resolve, 10));
      return { token: at("token").value, shown: !at("given").hidden, said: at("said").textContent,
        peer: at("peer").textContent, address: location.href };`;

    test("exchanges the code once, when it is told to, and keeps it nowhere", async () => {
      const code = await newCode();
      const page = `${url}/pair#${code}`;
      // To be looked at uses nothing up.
      expect(await browser.evaluate(page, `return document.getElementById("code").value;`)).toBe(
        code,
      );
      const first = await browser.evaluate(page, exchange);
      expect(first).toMatchObject({ shown: true, said: "", address: `${url}/pair` });
      expect(first.peer).toContain(`peer add NAME ws://127.0.0.1:${port} --token-file`);
      const { json } = await ask(url, "/v1/sessions/bot", { token: first.token });
      expect(json.session.name).toBe("bot");
      const again = await browser.evaluate(page, exchange);
      expect(again).toMatchObject({ shown: false, token: "" });
      expect(again.said).toContain("The pairing code is wrong, was used before");
    });

    test("runs nothing but itself, and no other page may ask in its place or frame it", async () => {
      const code = await newCode();
      const kept = await browser.evaluate(
        `${url}/pair`,
        `const inline = document.createElement("script");
         inline.textContent = "window.ran = true";
         document.body.append(inline);
         const image = new Image();
         const loaded = await new Promise((resolve) => {
           image.onload = () => resolve(true);
           image.onerror = () => resolve(false);
           image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
         });
         const reached = await fetch("http://app.example:${at}/", { mode: "no-cors" }).then(() => true, () => false);
         return { ran: window.ran === true, loaded, reached };`,
      );
      expect(kept).toEqual({ ran: false, loaded: false, reached: false });
      const stolen = await browser.evaluate(
        `http://evil.example:${at}/`,
        `const frame = document.createElement("iframe");
         frame.src = "${url}/pair#${code}";
         document.body.append(frame);
         await new Promise((resolve) => { frame.onload = resolve; });
         const read = () => { try { return frame.contentDocument.title; } catch { return "nothing"; } };
         return { framed: read(), asked: await fetch("${url}/v1/pair", {
           method: "POST", mode: "no-cors", body: JSON.stringify({ code: "${code}" }),
         }).then(({ type }) => type, () => "nothing") };`,
      );
      expect(stolen.framed).not.toContain("pair");
      // It still counts, so nobody else has used it.
      expect(await browser.evaluate(`${url}/pair#${code}`, exchange)).toMatchObject({
        shown: true,
      });
    });
  });
});
