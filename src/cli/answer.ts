/** What `approve` and `deny` share: to give the answer, and to say what it was given to. */

import { visible } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Answer, Approval } from "../protocol/session.ts";
import type { Context } from "./context.ts";
import { askedLines } from "./text/approval.ts";
import { shellWord } from "./text/shell.ts";

/** `option` is the one that stands for the answer's decision, for an error to name. */
export async function giveAnswer(
  context: Context,
  name: string,
  id: string | undefined,
  answer: Answer,
  option?: string,
): Promise<void> {
  const which = { name, ...(id ? { id } : {}) };
  let result: { approval: Approval; decision: string };
  try {
    result = await context.call("session/answer", { ...which, answer });
  } catch (error) {
    const refused = error instanceof HacsError && error.code === "invalid-decision";
    throw refused && option !== undefined ? await notOffered(context, which, option) : error;
  }
  if (context.json) return context.printJson(result);
  const { approval, decision } = result;
  const head = `${visible(decision)}: ${visible(approval.kind)} ${visible(approval.id)} in ${visible(approval.session)}`;
  const lines = [head, ...askedLines(approval).map((line) => `  ${line}`)];
  const stops =
    decision === "cancel" && (approval.kind === "command" || approval.kind === "fileChange");
  if (stops) lines.push(stopText(answer));
  context.print(lines.join("\n"));
}

function stopText({ decision }: Answer): string {
  return decision === "cancel"
    ? "The turn is stopped."
    : "The turn is stopped: codex offered no other way to say no.";
}

async function notOffered(
  context: Context,
  which: { name: string; id?: string },
  option: string,
): Promise<HacsError> {
  const { approvals } = await context.call("session/approvals", { name: which.name });
  const asked = approvals.find(({ id }) => id.startsWith(which.id ?? ""));
  const decisions = asked?.decisions ?? [];
  const offers = decisions.map(({ id, label }) => `${id} (${label})`).join(", ");
  const command = `hacs-session approve ${shellWord(which.name)}`;
  const wider = decisions.find(({ id }) => /^accept./.test(id));
  return new HacsError(
    "invalid-decision",
    `${option} is not offered for this approval; what there is: ${offers || "a --response of its own"}.`,
    wider
      ? `Once: ${command}. For more: ${command} --decision ${shellWord(wider.id)}`
      : `This once: ${command}`,
  );
}
