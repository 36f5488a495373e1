import type { Verb } from "../verb.ts";

export const doctor: Verb<{ codex?: string }> = {
  name: "doctor",
  group: "Daemon and set-up",
  summary: "check codex, its login, sockets, permissions and disk",
  about: "Each line that is not ok says how to mend it. The exit code is 1 when something fails.",
  options: [{ flags: "--codex <path>", about: "check this codex", completes: "file" }],
  examples: [["doctor", "when something does not work, or before it is to"]],
  async run(context, _args, options) {
    const { examine } = await import("../doctor/examine.ts");
    const findings = await examine(context, options.codex);
    if (context.json) {
      context.printJson(findings);
    } else {
      const width = Math.max(...findings.map(({ check }) => check.length));
      for (const { check, status, detail, mend } of findings) {
        const style = { ok: "green", warn: "yellow", fail: "red" } as const;
        context.print(
          `${context.paint(style[status], status.padEnd(4))}  ${check.padEnd(width)}  ${detail}`,
        );
        if (mend) context.print(`${" ".repeat(width + 8)}${mend}`);
      }
    }
    return findings.some(({ status }) => status === "fail") ? 1 : 0;
  },
};
