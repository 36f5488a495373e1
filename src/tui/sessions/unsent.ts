/**
 * What a detach leaves behind: messages that the daemon has not acknowledged. One that was handed to
 * the connection may arrive all the same, and who takes it for dropped sends it a second time. Pure.
 */
import type { Model } from "../model.ts";

/** `here`: it never left this terminal. `on-its-way`: the daemon may have it. */
export type Unsent = "here" | "on-its-way";

/** By the message's id. */
export function unsentOf(models: readonly Pick<Model, "outbox">[]): ReadonlyMap<string, Unsent> {
  const all = models.flatMap(({ outbox }) => outbox);
  return new Map(all.map(({ id, tried }) => [id, tried === true ? "on-its-way" : "here"]));
}

export function detachWarning(unsent: ReadonlyMap<string, Unsent>): string {
  const onTheirWay = [...unsent.values()].filter((how) => how === "on-its-way").length;
  const here = unsent.size - onTheirWay;
  if (onTheirWay === 0) {
    return `${here} not sent yet; detaching again drops ${here === 1 ? "it" : "them"}`;
  }
  const arrives = `${onTheirWay} not acknowledged may still arrive`;
  if (here === 0) return `${arrives}; detach again to leave`;
  return `${arrives}, ${here} not sent yet; detaching again drops ${here === 1 ? "that" : "those"}`;
}
