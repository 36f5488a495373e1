/** A thousand sleeping sessions against ten: what `ls` takes, and what the daemon holds. */
import { join } from "node:path";
import { Store } from "../src/daemon/store/store.ts";
import { eventually } from "../test/support/eventually.ts";
import { createHome, type Home } from "../test/support/home.ts";
import { sessionRow } from "../test/support/session-row.ts";
import { type Benchmark, interleaved, median, ms, ratioRow, timed } from "./measure.ts";
import { residentMb } from "./sleeping.ts";

const [few, many] = [10, 1_000];
/** Of each session's history. */
const turns = 5;
const rounds = 20;
const ratioMost = 2;
const mbMost = 120;

export const manySleeping: Benchmark = async () => {
  const homes = [await homeWith(few), await homeWith(many)] as const;
  try {
    const [small, large] = homes;
    const times = await interleaved(rounds, {
      small: () => timed(() => small.ok(["ls"])),
      large: () => timed(() => large.ok(["ls"])),
    });
    const connection = await large.connect();
    const call = () => timed(() => connection.call("session/list", {}));
    const answers = await interleaved(rounds, { call });
    const [resident, control] = [residentMb(large.daemonPid()), residentMb(small.daemonPid())];
    return [
      ratioRow(
        `\`ls\` of ${many} sleeping sessions, against ${few}`,
        times.large,
        times.small,
        ratioMost,
        `${few} of them`,
      ),
      {
        what: `a daemon with ${many} sleeping sessions, resident`,
        measured: `${resident.toFixed(0)} MB`,
        target: `≤ ${mbMost} MB`,
        met: resident <= mbMost,
        details: `after ${2 * rounds} lists of them, each answered in ${ms(median(answers.call))}; with ${few}: ${control.toFixed(0)} MB`,
      },
    ];
  } finally {
    for (const home of homes) await home.close();
  }
};

/** With sessions as a daemon left them that was there for a while. */
async function homeWith(count: number): Promise<Home> {
  const home = await createHome();
  await home.ok(["daemon", "start"]);
  await home.ok(["daemon", "stop"]);
  const store = new Store(join(home.dir, "state/default/history.db"));
  store.transaction(() => {
    for (let i = 0; i < count; i++) {
      const id = i.toString(16).padStart(16, "0");
      const spec = { cwd: home.work };
      store.sessions.insert({ ...sessionRow(id, `session-${i}`), spec, threadId: id, model: "m" });
      for (let seq = 1; seq <= 2 * turns; seq++) record(store, id, seq);
      store.sessions.update(id, { seq: 2 * turns });
      // The daemon that wrote it had looked it through for its index, too.
      store.keep.lookedThrough(id, 2 * turns, 0);
    }
  });
  store.close();
  // On a machine with much else to do the first answer may take long.
  await eventually(() => home.ok(["ls"]), { what: "the daemon answers" });
  return home;
}

function record(store: Store, id: string, seq: number): void {
  const turnId = `turn-${Math.ceil(seq / 2)}`;
  const at = new Date().toISOString();
  const item = {
    type: "agentMessage",
    id: `item-${seq}`,
    text: "An answer of some length. ".repeat(8),
  };
  const params = seq % 2 === 1 ? { item, turnId } : { turn: { id: turnId, status: "completed" } };
  store.records.insert(id, {
    seq,
    at,
    method: seq % 2 === 1 ? "item/completed" : "turn/completed",
    params: JSON.stringify({ threadId: id, ...params }),
    turnId,
    itemId: seq % 2 === 1 ? item.id : null,
  });
}
