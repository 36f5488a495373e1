/**
 * What the demo model says. It stands in where codex has no login yet, so that sessions,
 * approvals and streaming can be tried at once; every answer begins by saying what it is.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ModelRequest } from "./request.ts";
import type { ModelStep } from "./server.ts";

export const LABEL = "[demo model]";

const wordMs = 6;
const slowWordMs = 100;
const wordsMax = 100_000;
/** Longer messages and outputs are quoted in part. */
const quotedCharsMax = 2_000;
/** How long one look at a running command takes; codex allows up to 30 s. */
const outputWaitMs = 25_000;

const HELP = `I answer from a script. Signing in with \`codex login\` gives you a real model. Until then:

- \`run COMMAND\` runs a shell command
- \`ask COMMAND\` runs one outside the sandbox, so you are asked for approval
- \`write FILE TEXT\` writes a file with a patch
- \`long N\` streams N words at once, \`slow N\` ten a second
- \`fail\` answers with an error
- \`help\` shows this list

Anything else I repeat.`;

export async function* demoReply(request: ModelRequest): AsyncGenerator<ModelStep> {
  const { toolOutput, tools, signal } = request;
  if (toolOutput !== null) {
    const running = /Process running with session ID (\d+)/.exec(toolOutput);
    if (running && tools.includes("write_stdin")) {
      const look = { session_id: Number(running[1]), chars: "", yield_time_ms: outputWaitMs };
      return yield { call: "write_stdin", arguments: look };
    }
    return yield* speak(report(toolOutput), signal);
  }

  const text = request.text.trim();
  const [, verb = "", rest = ""] = /^(\S*)\s*([\s\S]*)$/.exec(text) ?? [];
  switch (verb.toLowerCase()) {
    case "run":
      return yield* execute(request, rest, {});
    case "ask":
      return yield* execute(request, rest, {
        sandbox_permissions: "require_escalated",
        justification: "The demo model was told to ask first.",
      });
    case "write":
      return yield* write(request, rest);
    case "long":
    case "slow":
      return yield* count(verb.toLowerCase(), rest, signal);
    case "fail":
      return yield { error: `${LABEL} This is the error that you asked for.` };
    case "help":
    case "":
      return yield* speak(HELP, signal);
    default:
      return yield* speak(answer(text), signal);
  }
}

function answer(text: string): string {
  if (/^(say )?(hi|hello|hey|good (morning|evening|day))\b/i.test(text)) return `Hello! ${HELP}`;
  if (/\b(who|what) are you\b/i.test(text)) return HELP;
  return `You said:\n\n> ${clip(text).replaceAll("\n", "\n> ")}\n\nI am only a script; \`help\` shows what I can do, and \`codex login\` gives you a real model.`;
}

/** A command's result as a person wants it: without codex's own lines above the output. */
function report(toolOutput: string): string {
  const code = /^(?:Process exited with code|Exit code:) (\d+)/m.exec(toolOutput)?.[1];
  const heading =
    /^(?:(?:Chunk ID|Wall time|Exit code|Process|Original token count|Warning)[^\n]*\n)*Output:\n/;
  let output = toolOutput;
  while (heading.test(output)) output = output.replace(heading, "");
  const ended = code === undefined || code === "0" ? "That gave" : `That ended with code ${code}`;
  if (output.trim() === "") return `${ended === "That gave" ? "Done" : ended}, without any output.`;
  return `${ended}:\n\n\`\`\`\n${clip(output.trimEnd())}\n\`\`\``;
}

async function* execute(
  { tools, signal }: ModelRequest,
  command: string,
  permissions: Record<string, string>,
): AsyncGenerator<ModelStep> {
  if (command === "") return yield* speak("Which command? Try `run date`.", signal);
  if (!tools.includes("exec_command"))
    return yield* speak("This codex does not offer me a way to run commands.", signal);
  yield* speak("I'll run that.", signal);
  yield { call: "exec_command", arguments: { cmd: command, ...permissions } };
}

async function* write(request: ModelRequest, rest: string): AsyncGenerator<ModelStep> {
  const [, file, text = ""] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? [];
  if (file === undefined)
    return yield* speak("Which file? Try `write note.txt hello`.", request.signal);
  yield* execute(request, patchCommand(file, text), {});
}

/** The command that codex takes for a file change: a patch that adds one file. */
export function patchCommand(file: string, text: string): string {
  const lines = text.split("\n").map((line) => `+${line}`);
  const patch = ["*** Begin Patch", `*** Add File: ${file}`, ...lines, "*** End Patch"];
  return `apply_patch <<'EOF'\n${patch.join("\n")}\nEOF`;
}

async function* count(verb: string, rest: string, signal: AbortSignal): AsyncGenerator<ModelStep> {
  const words = Number(rest);
  if (!Number.isInteger(words) || words < 1 || words > wordsMax)
    return yield* speak(`How many words? Try \`${verb} 50\`; ${wordsMax} at most.`, signal);
  yield { text: `${LABEL} ` };
  for (let word = 1; word <= words; word++) {
    if (verb === "slow") await sleep(slowWordMs, undefined, { signal });
    yield { text: word === words ? `word${word}` : `word${word} ` };
  }
}

/** Word by word, as a model would, with the label first. */
async function* speak(text: string, signal: AbortSignal): AsyncGenerator<ModelStep> {
  for (const piece of `${LABEL} ${text}`.match(/\S+\s*/g) ?? []) {
    yield { text: piece };
    await sleep(wordMs, undefined, { signal });
  }
}

function clip(text: string): string {
  return text.length <= quotedCharsMax ? text : `${text.slice(0, quotedCharsMax)} …`;
}
