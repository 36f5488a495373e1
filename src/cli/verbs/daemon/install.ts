import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { HacsError, messageOf } from "../../../protocol/errors.ts";
import { programFile } from "../../../system/program-file.ts";
import { sleep } from "../../../system/sleep.ts";
import type { Context } from "../../context.ts";
import { refuseElsewhere } from "../../elsewhere.ts";
import { Service } from "../../service/service.ts";
import type { Option, Verb } from "../../verb.ts";
import { type DaemonOptions, daemonArguments, daemonOptions } from "./options.ts";
import { runningStatus } from "./start.ts";
import { stopDaemon } from "./stop.ts";

const upTimeoutMs = 15_000;
const pollMs = 50;

interface Options extends DaemonOptions {
  system?: boolean;
  print?: boolean;
}

export const systemOption: Option = {
  flags: "--system",
  about: "the machine's own service, run by root (needs root)",
};

export const daemonInstall: Verb<Options> = {
  name: "install",
  group: "Daemon and set-up",
  summary: "have the daemon started with the machine, by systemd or launchd",
  about:
    "Writes a unit of the user's that runs this Node and this hacs-session, and starts it. Agents that run are kept. Again after a change, it writes what changed.",
  options: [
    ...daemonOptions,
    systemOption,
    { flags: "--print", about: "show what would be written, and change nothing" },
  ],
  examples: [
    ["daemon install", "says what is left to do, as loginctl enable-linger"],
    ["daemon install --print", "the unit alone, to install it by hand"],
  ],
  async run(context, _args, options) {
    const { system = false, print = false } = options;
    refuseService(context, "daemon install", system && !print);
    const service = new Service(context, system);
    const { file } = service.place;
    const text = service.text(command(context, options));
    if (print) {
      context.write(text);
      context.note(`That would be ${file}.`);
      return undefined;
    }
    service.checkManager();
    const before = service.written();
    const changes = before === undefined || before === text ? [] : changed(before, text);
    if (before !== text) write(file, text, before !== undefined);
    const ran = before === text && service.active ? [] : await start(context, service);
    const left = service.left();
    if (context.json) context.printJson({ file, changed: before !== text, ran, left });
    else report(context, { file, before, changes, ran, left });
    return undefined;
  },
};

/** A daemon that runs already has the lock; agents stay, and the service's daemon adopts them. */
async function start(context: Context, service: Service): Promise<string[]> {
  await stopDaemon(context, "keep");
  const ran = service.enable();
  const deadline = Date.now() + upTimeoutMs;
  while ((await runningStatus(context)) === undefined) {
    if (Date.now() > deadline) throw service.silent();
    await sleep(pollMs);
  }
  return ran;
}

export function refuseService(context: Context, verb: string, needsRoot: boolean): void {
  refuseElsewhere(context, undefined, verb, `Run it there: ssh -t HOST hacs-session ${verb}`);
  if (!needsRoot || process.getuid?.() === 0) return;
  throw new HacsError(
    "not-allowed",
    "The machine's own services are root's to change.",
    `Run: sudo hacs-session ${verb} --system. Without --system it is a service of your own.`,
  );
}

function command(context: Context, options: Options): string[] {
  const { label, socket = label === undefined ? context.env.HACS_SESSION_SOCKET : undefined } =
    context.choice;
  return [
    process.execPath,
    programFile("cli.cjs"),
    ...(!socket ? [] : ["-S", resolve(context.cwd, socket)]),
    ...(label === undefined ? [] : ["-L", label]),
    "daemon",
    "run",
    ...daemonArguments(options, context),
  ];
}

function write(file: string, text: string, keepOld: boolean): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (keepOld) copyFileSync(file, `${file}.old`);
    writeFileSync(`${file}.new`, text, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new HacsError(
      "service-failed",
      `${file} can't be written: ${messageOf(error)}.`,
      "Check its directory; --print shows what it would say.",
    );
  }
}

/** The lines that are gone and those that are new. */
function changed(before: string, after: string): string[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
}

function report(
  context: Context,
  done: {
    file: string;
    before: string | undefined;
    changes: string[];
    ran: string[];
    left: string[];
  },
): void {
  const { file, before, changes, ran, left } = done;
  if (before === undefined) context.print(`Wrote ${file}`);
  else if (changes.length > 0) {
    context.print(`Changed ${file} (the one before is ${file}.old):`);
    for (const line of changes) context.print(`  ${line}`);
  } else context.print(`${file} is as it should be.`);
  for (const line of ran) context.print(`Ran ${line}`);
  if (ran.length === 0) context.print("The service runs.");
  for (const line of left) context.print(`Left to do: ${line}`);
}
