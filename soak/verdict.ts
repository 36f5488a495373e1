/** What must hold when the load has stopped and all is quiet: compared with codex's own threads. */
import type { JsonObject } from "../src/protocol/messages.ts";
import type { HistoryRecord } from "../src/protocol/session.ts";
import { eventually } from "../test/support/eventually.ts";
import { clientIdsIn, codexItems, historyOf } from "../test/support/history.ts";
import type { Home } from "../test/support/home.ts";
import type { Load } from "./load.ts";

export async function verdict(home: Home, sessions: string[], load: Load): Promise<string[]> {
  const problems = [...load.problems];
  await quiet(home, sessions);
  for (const name of sessions) {
    const records = await historyOf(home, name);
    const wrong = records.findIndex(({ seq }, i) => seq !== i + 1);
    if (wrong >= 0) problems.push(`${name}: a hole before ${records[wrong]?.seq}`);
    problems.push(...(await messages(home, name, records, load)));
  }
  const agents = home.agentPids();
  const known = (await home.cliJson(["ls"])).map((one: { agentPid: number }) => one.agentPid);
  for (const pid of agents) if (!known.includes(pid)) problems.push(`codex ${pid} is an orphan`);
  return problems;
}

async function quiet(home: Home, sessions: string[]): Promise<void> {
  for (const name of sessions) {
    // A crash that waits for its next start is told to begin now.
    await home.cli(["wake", name]);
    await eventually(
      async () => {
        const { state, messages: last } = await home.show(name);
        const open = last.some(({ status }) => status === "accepted" || status === "delivered");
        return state === "idle" && !open;
      },
      { what: `${name} is done with all that was sent`, timeoutMs: 600_000, everyMs: 250 },
    );
  }
}

/** Each that was acknowledged is with codex once, and what codex has is in the history once. */
async function messages(
  home: Home,
  name: string,
  records: HistoryRecord[],
  load: Load,
): Promise<string[]> {
  const told = records.flatMap(({ method, params }) =>
    method === "item/completed" ? [`${params.turnId} ${(params.item as JsonObject).id}`] : [],
  );
  const twice = told.filter((id, i) => told.indexOf(id) !== i);
  const kept = await codexItems(home, name);
  const missing = kept.filter((id) => !told.includes(id));
  const ids = clientIdsIn(records);
  const repeated = ids.filter((id, i) => ids.indexOf(id) !== i);
  const failed = new Set(
    records.flatMap(({ method, params }) =>
      method === "session/message" && params.status === "failed" ? [params.id] : [],
    ),
  );
  const lost = [...load.acknowledged]
    .filter(([, session]) => session === name)
    .flatMap(([id]) => (ids.includes(id) || failed.has(id) ? [] : [id]));
  return [
    ...twice.map((id) => `${name}: item ${id} twice`),
    ...missing.map((id) => `${name}: item ${id} of codex's is not in the history`),
    ...repeated.map((id) => `${name}: message ${id} was delivered twice`),
    ...lost.map((id) => `${name}: message ${id} was acknowledged and is lost`),
  ];
}
