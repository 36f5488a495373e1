/** Runs a program without a terminal: to its end, or beside the test. */
import { spawn } from "node:child_process";
import { deadlineMs, within } from "./eventually.ts";

export interface ProgramOptions {
  /** What it reads on stdin; without it, stdin is empty. */
  input?: string | Buffer;
  env?: Record<string, string | undefined>;
  cwd?: string;
}

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Program {
  pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves with stdout as soon as it holds what is sought; rejects when the program ends first. */
  waitFor(sought: string | RegExp): Promise<string>;
  /** Writes to stdin, which stays open for a program that was started without `input`. */
  write(text: string): void;
  endInput(): void;
  kill(signal?: NodeJS.Signals): void;
  /** Settles when the program has ended and both of its outputs are closed. */
  ended: Promise<Outcome>;
}

export function startProgram(
  command: string,
  args: string[],
  { input, env, cwd }: ProgramOptions = {},
): Program {
  const child = spawn(command, args, {
    ...(env === undefined ? {} : { env: env as NodeJS.ProcessEnv }),
    ...(cwd === undefined ? {} : { cwd }),
    stdio: "pipe",
  });
  const written = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  let done = false;
  const notify = () => {
    for (const look of [...watchers]) look();
  };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      written[name] += chunk;
      notify();
    });
  }
  // A program need not read what it is given.
  child.stdin.on("error", () => {});
  if (input !== undefined) child.stdin.end(input);
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      done = true;
      resolve({ code, signal, ...written });
      notify();
    });
  });
  // A test that kills its program need not look at how it ended.
  ended.catch(() => {});
  const has = (sought: string | RegExp) =>
    typeof sought === "string" ? written.stdout.includes(sought) : sought.test(written.stdout);
  const line = [command, ...args].join(" ");

  return {
    pid: child.pid ?? 0,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    waitFor: (sought) => {
      const found = Promise.withResolvers<string>();
      const look = () => {
        if (has(sought)) found.resolve(written.stdout);
        else if (done) found.reject(new Error(`${line} ended before ${sought}: ${show(written)}`));
      };
      watchers.add(look);
      look();
      const what = `${line} prints ${sought}`;
      return within(found.promise, { what, seen: () => show(written) }).finally(() =>
        watchers.delete(look),
      );
    },
    write: (text) => child.stdin.write(text),
    endInput: () => child.stdin.end(),
    kill: (signal = "SIGKILL") => child.kill(signal),
    ended,
  };
}

/** Runs a program to its end; one that takes too long is killed and fails the test. */
export async function runProgram(
  command: string,
  args: string[],
  options: ProgramOptions & { timeoutMs?: number } = {},
): Promise<Outcome> {
  const program = startProgram(command, args, { input: "", ...options });
  try {
    return await within(program.ended, {
      what: `${[command, ...args].join(" ")} ends`,
      timeoutMs: options.timeoutMs ?? deadlineMs,
      seen: () => show({ stdout: program.stdout(), stderr: program.stderr() }),
    });
  } catch (error) {
    program.kill();
    throw error;
  }
}

function show({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return `stdout ${JSON.stringify(stdout.slice(-2000))}, stderr ${JSON.stringify(stderr.slice(-2000))}`;
}
