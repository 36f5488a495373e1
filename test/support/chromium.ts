/** A real headless Chromium, driven over its DevTools protocol. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { eventually, within } from "./eventually.ts";
import { startProgram } from "./program.ts";

export interface Browser {
  /** Opens a page, and gives what an async function's body, run in it, returns. */
  // biome-ignore lint/suspicious/noExplicitAny: what a page gives is what the test looks at
  evaluate(url: string, body: string): Promise<any>;
  close(): Promise<void>;
}

/** `--host-resolver-rules` as Chromium has them: `MAP name 127.0.0.1`. */
export async function openBrowser(chromium: string, resolve: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "hs-chromium-"));
  const program = startProgram(
    chromium,
    [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      `--host-resolver-rules=${resolve}`,
      "about:blank",
    ],
    { env: { ...process.env, HOME: profile } },
  );
  const address = await eventually(
    () => /DevTools listening on (ws:\S+)/.exec(program.stderr())?.[1],
    { what: "Chromium listens" },
  ).catch((error) => {
    throw new Error(`${error.message} ${program.stderr().slice(-2000)}`);
  });
  const link = new WebSocket(address, { perMessageDeflate: false });
  await new Promise((opened, failed) => link.once("open", opened).once("error", failed));
  let nextId = 1;
  const waiting = new Map<number, PromiseWithResolvers<JsonObject>>();
  const events = new Set<(method: string, session: string) => void>();
  link.on("message", (data) => {
    const { id, result, error, method, sessionId } = JSON.parse(String(data));
    if (id === undefined) for (const heard of [...events]) heard(method, sessionId);
    else if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
  });
  const send = (method: string, params: object, sessionId?: string): Promise<JsonObject> => {
    const id = nextId++;
    const answer = Promise.withResolvers<JsonObject>();
    waiting.set(id, answer);
    link.send(JSON.stringify({ id, method, params, sessionId }));
    return within(answer.promise, { what: `Chromium answers ${method}` });
  };
  return {
    evaluate: async (url, body) => {
      const { targetId } = await send("Target.createTarget", { url: "about:blank" });
      const attached = await send("Target.attachToTarget", { targetId, flatten: true });
      const session = attached.sessionId as string;
      await send("Page.enable", {}, session);
      const loaded = new Promise<void>((resolve) => {
        const heard = (method: string, from: string) => {
          if (method !== "Page.loadEventFired" || from !== session) return;
          events.delete(heard);
          resolve();
        };
        events.add(heard);
      });
      await send("Page.navigate", { url }, session);
      await within(loaded, { what: `Chromium loads ${url}` });
      const answer = (await send(
        "Runtime.evaluate",
        { expression: `(async () => { ${body} })()`, awaitPromise: true, returnByValue: true },
        session,
      )) as { result: { value: unknown }; exceptionDetails?: unknown };
      if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
      await send("Target.closeTarget", { targetId });
      return answer.result.value;
    },
    close: async () => {
      link.terminate();
      program.kill("SIGKILL");
      await program.ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
