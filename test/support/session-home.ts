/**
 * The daemon's sessions inside the test, with a door for codex's protocol at which the test says
 * who comes in: the parts are real, the agents too.
 */
import { mkdirSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import { type WebSocket, WebSocketServer } from "ws";
import { codexRuntime } from "../../src/daemon/agent/agent-runtime.ts";
import { Confinements } from "../../src/daemon/agent/resources.ts";
import type { Identity } from "../../src/daemon/client.ts";
import { systemClock } from "../../src/daemon/clock.ts";
import { CodexProxy, codexWebSocketOptions } from "../../src/daemon/codex-proxy/codex-proxy.ts";
import { configuredLimits } from "../../src/daemon/limits.ts";
import { MessageRate } from "../../src/daemon/message-rate.ts";
import { configuredQueueBytes } from "../../src/daemon/session/queue-bounds.ts";
import type { Session } from "../../src/daemon/session/session.ts";
import { Sessions } from "../../src/daemon/sessions.ts";
import { Slots } from "../../src/daemon/slots.ts";
import { Store } from "../../src/daemon/store/store.ts";
import { Watch } from "../../src/daemon/watch/watch.ts";
import { ensurePrivateDirectory, pathsFor } from "../../src/system/paths.ts";
import { codexBinary, root } from "./codex.ts";
import type { Home } from "./home.ts";

export interface SessionHome {
  create(name: string): Promise<Session>;
  proxy: CodexProxy;
  /** The daemon's end of every client that came in, in order. */
  accepted: WebSocket[];
  /** Where a client of that identity finds the session. */
  door(session: Session, identity: Identity): Promise<string>;
  close(): Promise<void>;
}

export function openSessionHome(home: Home, options?: { stallMs: number }): SessionHome {
  const paths = pathsFor({}, home.env);
  for (const dir of [paths.stateDir, join(home.dir, "run"), paths.agentsDir, paths.codexDir]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    ensurePrivateDirectory(dir);
  }
  const store = new Store(paths.historyFile);
  const services = {
    store,
    runtime: codexRuntime,
    redactor: store.redactor,
    keep: { ageMs: null, bytes: null },
    keepAuditMs: 86_400_000,
    onCrash: "hold" as const,
    stallAfterMs: 30_000,
    resources: {},
    confinements: new Confinements(),
    limits: configuredLimits({}),
    queueBytes: configuredQueueBytes({}),
    slots: new Slots(1_000),
    messageRate: new MessageRate(1_000_000, systemClock),
    clock: systemClock,
    paths,
    log: pino({ level: "silent" }),
    watch: new Watch(),
    hooks: [],
    metricsPerSession: false,
    codex: codexBinary,
    name: "here",
    remoteCommand: undefined,
    programDir: join(root, "dist"),
    onStoreError: (error: unknown) => {
      throw error;
    },
  };
  const proxy = new CodexProxy(services, options);
  const sessions = new Sessions(services, (session) => proxy.listen(session));
  const servers: http.Server[] = [];
  const accepted: WebSocket[] = [];
  return {
    proxy,
    accepted,
    create: (name) =>
      sessions.create({
        name,
        spec: { cwd: home.work },
        env: home.env,
        origin: { kind: "new" },
        by: { kind: "script", user: "tester", from: "a test" },
        record: { origin: "new" },
      }),
    door: async (session, identity) => {
      const webSockets = new WebSocketServer(codexWebSocketOptions);
      const server = http.createServer();
      server.on("upgrade", (request, socket, head) =>
        webSockets.handleUpgrade(request, socket, head, (ws) => {
          accepted.push(ws);
          proxy.serve(ws, session, identity);
        }),
      );
      server.listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      servers.push(server);
      return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    },
    close: async () => {
      proxy.close();
      for (const server of servers) server.close();
      for (const session of sessions.live())
        await session.life.kill({ kind: "script", user: "tester", from: "a test" });
      // The store stays open for what sessions write a moment later; the process's end closes it.
    },
  };
}
