/** What `approve` and `deny` share: to give the answer, and to say what it was given to. */

import { visible } from "../protocol/address.ts";
import type { Answer } from "../protocol/session.ts";
import type { Context } from "./context.ts";
import { askedLines } from "./text/approval.ts";

export async function giveAnswer(
  context: Context,
  name: string,
  id: string | undefined,
  answer: Answer,
): Promise<void> {
  const result = await context.call("session/answer", { name, ...(id ? { id } : {}), answer });
  if (context.json) return context.printJson(result);
  const { approval, decision } = result;
  const head = `${visible(decision)}: ${visible(approval.kind)} ${visible(approval.id)} in ${visible(approval.session)}`;
  context.print([head, ...askedLines(approval).map((line) => `  ${line}`)].join("\n"));
}
