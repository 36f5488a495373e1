import { visibleLines } from "../../protocol/address.ts";
import { refuseElsewhere } from "../elsewhere.ts";
import { rowLines, wrapFor } from "../text/wrap.ts";
import type { Verb } from "../verb.ts";

const STYLES = { ok: "green", warn: "yellow", fail: "red" } as const;

export const doctor: Verb<{ codex?: string }> = {
  name: "doctor",
  group: "Daemon and set-up",
  summary: "check codex, its login, sockets, permissions and disk",
  about: "Each line that is not ok says how to mend it. The exit code is 1 when something fails.",
  options: [{ flags: "--codex <path>", about: "check this codex", completes: "file" }],
  examples: [["doctor", "when something does not work, or before it is to"]],
  async run(context, _args, options) {
    refuseElsewhere(context, undefined, "doctor", "Run it there: ssh -t HOST hacs-session doctor");
    const { examine } = await import("../doctor/examine.ts");
    const findings = await examine(context, options.codex);
    if (context.json) {
      context.printJson(findings);
    } else {
      const rows = findings.map(({ check, status, detail, mend }) => ({
        term: `${status.padEnd(4)}  ${check}`,
        painted: `${context.paint(STYLES[status], status.padEnd(4))}  ${check}`,
        text: visibleLines(mend ? `${detail}\n${mend}` : detail),
      }));
      const wrap = await wrapFor(rows.map(({ text }) => text));
      context.print(rowLines(rows, context.terminal.columns, { indent: "", wrap }).join("\n"));
    }
    return findings.some(({ status }) => status === "fail") ? 1 : 0;
  },
};
