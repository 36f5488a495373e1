import { checkMessageId, visibleLines } from "../../protocol/address.ts";
import { parseDuration } from "../../protocol/duration.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { ApprovalDetail, MessageContent, SendMode } from "../../protocol/session.ts";
import type { Context } from "../context.ts";
import { type Delivery, deliver } from "../deliver.ts";
import { refuseElsewhere } from "../elsewhere.ts";
import { readStdin } from "../stdin.ts";
import { answerHint, askedLines } from "../text/approval.ts";
import { shellWord } from "../text/shell.ts";
import type { Verb } from "../verb.ts";

interface Options {
  wait?: boolean;
  steer?: boolean;
  queue?: boolean;
  interrupt?: boolean;
  image?: string[];
  id?: string;
  timeout?: number;
  throughApprovals?: boolean;
  store?: boolean;
}

export const send: Verb<Options> = {
  name: "send",
  group: "Messages",
  summary: "deliver a message; wakes the session if it sleeps",
  about:
    "TEXT is joined with spaces; `-`, or no TEXT where stdin is piped, reads it from stdin.\nPrints the message's id once it is stored, or with --wait the final answer.\nA message is delivered exactly once, and sending the same --id again changes nothing.",
  arguments: ["<session>", "[text...]"],
  options: [
    { flags: "-w, --wait", about: "wait for the turn to end, and print the final answer" },
    {
      flags: "--queue",
      about: "after the running turn (the default)",
      conflicts: ["steer", "interrupt"],
    },
    { flags: "--steer", about: "into the running turn", conflicts: ["interrupt"] },
    { flags: "--interrupt", about: "end the running turn first" },
    {
      flags: "-i, --image <file>",
      about: "send an image along",
      repeatable: true,
      completes: "file",
    },
    {
      flags: "--id <id>",
      about: "the message's id, so that sending it again is harmless",
      parse: checkMessageId,
    },
    {
      flags: "-t, --timeout <time>",
      about: "stop waiting after 90s, 10m, …",
      parse: parseDuration,
    },
    { flags: "--through-approvals", about: "go on waiting when an approval waits" },
    {
      flags: "--store",
      about: "keep it where a peer is away, and deliver it when that is back",
    },
  ],
  examples: [
    ['send fix "and now the docs" --wait', "prints the answer"],
    ["git diff | hacs-session send review --wait --timeout 10m", "reads the message from stdin"],
    ["send fix --steer 'use the other API'", "says it in the running turn"],
  ],
  async run(context, [name = "", ...words], options) {
    if (options.wait && options.store) {
      throw new HacsError(
        "invalid-usage",
        "--wait and --store exclude each other: what is kept is answered when nobody waits.",
        "Give one of the two.",
      );
    }
    if (!options.wait && (options.timeout !== undefined || options.throughApprovals)) {
      throw new HacsError(
        "invalid-usage",
        "--timeout and --through-approvals say how to wait, and nothing waits without --wait.",
        "Add --wait, or leave them out.",
      );
    }
    if (options.image)
      refuseElsewhere(context, name, "--image", "Copy it there, and name the file in the message.");
    const content = await readContent(context, words, options.image ?? []);
    const id = options.id ?? crypto.randomUUID();
    const mode = modeOf(options);
    if (options.wait) return sendAndWait(context, { name, id, content, mode }, options);
    const receipt = await context.call("session/send", {
      name,
      id,
      content,
      ...(mode ? { mode } : {}),
      ...(options.store ? { store: true } : {}),
    });
    if (receipt.status === "stored")
      context.note("The peer is away; the message is kept, and delivered when it is back.");
    if (receipt.frozenSince !== undefined) context.note(frozenText(name));
    if (context.json) context.printJson(receipt);
    else context.print(receipt.messageId);
    return undefined;
  },
};

/** Nothing else would say so for as long as it waits. */
function frozenText(name: string): string {
  return `${name} is frozen after a panic: the message is kept, and delivered after hacs-session wake ${shellWord(name)}`;
}

function modeOf(options: Options): SendMode | undefined {
  return options.steer
    ? "steer"
    : options.interrupt
      ? "interrupt"
      : options.queue
        ? "queue"
        : undefined;
}

async function readContent(
  context: Context,
  words: string[],
  imageFiles: string[],
): Promise<MessageContent> {
  const images =
    imageFiles.length === 0
      ? []
      : (await import("../images.ts")).readImages(imageFiles, context.cwd);
  const piped = words.length === 0 && images.length === 0 && !context.terminal.in;
  const text =
    piped || (words.length === 1 && words[0] === "-") ? await readStdin() : words.join(" ");
  if (text.trim() === "" && images.length === 0) {
    throw new HacsError(
      "empty-message",
      "A message has text or an image; this one has neither.",
      'Give the text as an argument or on stdin: hacs-session send NAME "…"',
    );
  }
  return images.length > 0 ? { text, images } : { text };
}

async function sendAndWait(
  context: Context,
  message: { name: string; id: string; content: MessageContent; mode: SendMode | undefined },
  options: Options,
): Promise<number> {
  let latest: Delivery | undefined;
  context.onInterrupt(() => {
    context.note(
      latest
        ? `hacs-session: stopped waiting. Message ${message.id} is ${latest.status}, and goes on without this command.`
        : `hacs-session: stopped waiting. Message ${message.id} was not acknowledged; sending it again with --id is safe.`,
    );
  });
  try {
    const { delivery, approval } = await deliver(
      context,
      {
        ...message,
        timeoutMs: options.timeout,
        throughApprovals: options.throughApprovals,
        onFrozen: ({ name }) => context.note(frozenText(name)),
      },
      (next) => {
        latest = next;
      },
    );
    report(context, delivery);
    if (approval) throw approvalWaits(context, approval);
    if (delivery.status !== "completed") throw failure(delivery);
    return 0;
  } catch (error) {
    if (!(error instanceof HacsError) || error.code !== "timed-out") throw error;
    if (latest) report(context, latest);
    throw new HacsError(error.code, error.message, afterTimeout(message, latest));
  }
}

function afterTimeout({ name, id }: { name: string; id: string }, latest?: Delivery): string {
  const again = `hacs-session send ${shellWord(name)} … --id ${shellWord(id)} --wait`;
  return latest === undefined
    ? `Message ${id} was not acknowledged; sending it again is safe: ${again}`
    : `Message ${id} is ${latest.status}, and goes on. For its answer, send it again: ${again}`;
}

function report(context: Context, delivery: Delivery): void {
  if (context.json) {
    const { error, ...answer } = delivery;
    context.printJson(error === null ? answer : { ...answer, error });
  } else if (delivery.text !== null && delivery.text !== "") {
    context.print(context.terminal.out ? visibleLines(delivery.text) : delivery.text);
  }
}

function approvalWaits(context: Context, approval: ApprovalDetail): HacsError {
  if (!context.json) for (const line of askedLines(approval)) context.note(line);
  return new HacsError(
    "approval-waits",
    `An approval waits in ${approval.session} (${approval.kind}).`,
    `Answer it: ${answerHint(approval)}`,
    { approval },
  );
}

function failure(delivery: Delivery): HacsError {
  const why = delivery.error === null ? "" : `: ${delivery.error}`;
  return new HacsError(
    "turn-failed",
    delivery.status === "cancelled"
      ? `The message ${delivery.messageId} was cancelled before it was delivered${why}.`
      : `The turn ${delivery.status === "interrupted" ? "was interrupted" : "failed"}${why}`,
    `See what happened: hacs-session tail ${delivery.session} -n 10`,
  );
}
