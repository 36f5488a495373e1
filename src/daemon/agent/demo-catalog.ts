/**
 * What codex wants to know of a model before it uses it. Without this it warns, in every demo
 * session's history, that it has never heard of the demo model.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const demoModel = "demo";

const catalog = {
  models: [
    {
      slug: demoModel,
      display_name: "Embedded demo model",
      supported_reasoning_levels: [],
      shell_type: "unified_exec",
      visibility: "list",
      supported_in_api: true,
      priority: 1,
      base_instructions: "You are the demo model of hacs-session.",
      supports_reasoning_summaries: false,
      support_verbosity: false,
      truncation_policy: { mode: "tokens", limit: 10_000 },
      supports_parallel_tool_calls: false,
      experimental_supported_tools: [],
      context_window: 200_000,
    },
  ],
};

/** Writes it into the session's directory and gives its path. */
export function writeDemoCatalog(directory: string): string {
  const file = join(directory, "demo-models.json");
  // Made anew: in another user's directory a pipe may be there, which would keep us waiting.
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(catalog), { mode: 0o600, flag: "wx" });
  return file;
}
