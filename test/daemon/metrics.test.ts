/** What Prometheus scrapes: from a real daemon in use, and as the documents describe it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { METRICS } from "../../src/daemon/watch/metrics.ts";
import type { DaemonStatus } from "../../src/protocol/session.ts";
import { root } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { type Family, readExposition } from "../support/exposition.ts";
import { createHome, type Home } from "../support/home.ts";
import { ask, listenOn, makeToken } from "../support/port.ts";

let home: Home;
let url: string;

beforeAll(async () => {
  home = await createHome();
  url = await listenOn(home);
  await home.ok(["new", "web", "-d"]);
  await home.ok(["send", "web", "--wait", "say hello"]);
  await home.cli(["send", "web", "--wait", "fail"]);
  await home.cli(["send", "web", "--wait", "ask echo hello"]);
  await home.ok(["approve", "web"]);
  await home.ok(["wait", "web"]);
  await home.killAgent("web");
  await eventually(async () => (await home.show("web")).state === "idle", { what: "it is back" });
});
afterAll(() => home.close());

async function scrape(): Promise<Map<string, Family>> {
  return readExposition(await home.ok(["daemon", "metrics"]));
}

async function value(name: string, labels: Record<string, string> = {}): Promise<number> {
  const found = [...(await scrape()).values()]
    .flatMap(({ series }) => series)
    .filter(
      (one) =>
        one.name === name &&
        Object.entries(labels).every(([key, text]) => one.labels[key] === text),
    );
  return found.reduce((sum, one) => sum + one.value, 0);
}

test("what happened is counted", async () => {
  const turns = "hacs_session_turn_duration_seconds_count";
  expect(await value(turns, { outcome: "completed" })).toBe(2);
  expect(await value(turns, { outcome: "failed" })).toBe(1);
  expect(await value("hacs_session_approval_wait_seconds_count", { decision: "accept" })).toBe(1);
  expect(await value("hacs_session_messages_total", { status: "finished" })).toBe(3);
  expect(await value("hacs_session_tokens_total", { kind: "output" })).toBeGreaterThan(0);
  expect(await value("hacs_session_agent_events_total", { event: "crashed" })).toBe(1);
  expect(await value("hacs_session_agent_restarts_total")).toBe(1);
  expect(await value("hacs_session_agents_running")).toBe(1);
  expect(await value("hacs_session_agents_max")).toBeGreaterThanOrEqual(4);
  expect(await value("hacs_session_sessions", { state: "idle" })).toBe(1);
  expect(await value("hacs_session_clients", { kind: "cli" })).toBeGreaterThan(0);
  expect(await value("hacs_session_store_bytes")).toBeGreaterThan(0);
  expect(await value("process_start_time_seconds")).toBeLessThan(Date.now() / 1000);
  const status: DaemonStatus = await home.cliJson(["daemon", "status"]);
  expect(status.figures).toMatchObject({
    turns: { completed: 2, failed: 1, interrupted: 0 },
    agents: { running: 1, max: expect.any(Number), waiting: 0, crashed: 1, restarted: 1 },
    decisions: { accept: 1 },
    messages: { accepted: 3, delivered: 3, finished: 3 },
  });
});

test("the status for people fits 80 columns", async () => {
  const text = await home.ok(["daemon", "status"]);
  for (const part of [
    "1: 1 idle",
    "2 completed, 1 failed",
    "1 accept",
    "1 crashed, 1 started again",
  ])
    expect(text).toContain(part);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

describe("over the port", () => {
  test("it is for tokens that may look at everything", async () => {
    const { token } = await makeToken(home, { scope: "observe" });
    const { status, headers, text } = await ask(url, "/metrics", { token });
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect([...readExposition(text).keys()]).toEqual(Object.keys(METRICS));
    const partial = await makeToken(home, { scope: "admin", sessions: "we*" });
    expect(await ask(url, "/metrics", { token: partial.token })).toMatchObject({ status: 403 });
    expect(await ask(url, "/metrics")).toMatchObject({ status: 401 });
    const seen = await ask(url, "/v1/status", { token: partial.token });
    expect(seen.json.figures).toBeNull();
    expect((await ask(url, "/v1/status", { token })).json.figures.turns.completed).toBe(2);
  });
});

test("no label tells one session from another, unless the config asks for it", async () => {
  const named = (families: Map<string, Family>) =>
    [...families].filter(([, { series }]) => series.some(({ labels }) => "session" in labels));
  expect(named(await scrape())).toEqual([]);
  const other = await createHome({ config: { metricsPerSession: true } });
  try {
    await other.ok(["new", "web", "-d"]);
    await other.ok(["send", "web", "--wait", "say hello"]);
    const families = readExposition(await other.ok(["daemon", "metrics"]));
    expect(named(families).map(([name]) => name)).toEqual([
      "hacs_session_turn_duration_seconds",
      "hacs_session_tokens_total",
      "hacs_session_messages_total",
    ]);
  } finally {
    await other.close();
  }
});

describe("the documents", () => {
  const read = (file: string) => readFileSync(join(root, "docs", file), "utf8");

  test("describe every metric that is served, and no other", () => {
    const rows = [...read("metrics.md").matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\| (.+) \|$/gm)];
    expect(
      rows.map(([, name, type, labels = ""]) => ({
        name,
        type,
        labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
      })),
    ).toEqual(
      Object.entries(METRICS).map(([name, { type, labels = [] }]) => ({ name, type, labels })),
    );
  });

  test("a dashboard asks for nothing that is not served, and for all of it", () => {
    const { panels, templating } = JSON.parse(read("grafana.json"));
    const targets = panels.flatMap(({ targets: all = [] }) => all);
    const queries: string[] = [
      ...targets.map(({ expr }: { expr: string }) => expr),
      ...templating.list.map(({ definition = "" }) => definition),
    ];
    const asked = queries.flatMap((query) => selectorsOf(query));
    for (const query of queries.filter((text) => text !== ""))
      expect(selectorsOf(query), query).not.toEqual([]);
    for (const { name, labels } of asked) {
      const base = name.replace(/_(bucket|sum|count)$/, "");
      const row = METRICS[name] ?? METRICS[base];
      expect(row, name).toBeDefined();
      expect(row?.type === "histogram", name).toBe(name !== base);
      const known = ["job", "instance", "le", ...(row?.labels ?? [])];
      expect(labels.filter((label) => !known.includes(label))).toEqual([]);
    }
    const names = new Set(asked.map(({ name }) => name.replace(/_(bucket|sum|count)$/, "")));
    expect([...names].toSorted()).toEqual(Object.keys(METRICS).toSorted());
    const ids = panels.map(({ id }: { id: number }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("an example for Prometheus scrapes it with a token from a file", () => {
    const text = read("prometheus.yml");
    expect(text).toMatch(/credentials_file: \/\S+\n/);
    expect(text).not.toContain("metrics_path");
  });
});

/** The metrics of a query with the labels that it goes by: those it selects, and groups by. */
function selectorsOf(query: string): { name: string; labels: string[] }[] {
  const groups = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
    list.split(",").map((label) => label.trim()),
  );
  return [...query.matchAll(/\b((?:hacs_session|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = "", inside = ""]) => ({
      name,
      labels: [
        ...groups,
        ...[...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = ""]) => label),
      ],
    }),
  );
}
