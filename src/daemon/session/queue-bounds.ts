/**
 * How much may wait for codex: messages and bytes of one session, and bytes of all together. What
 * waits is on the disk and costs no memory; these bound the disk, and what a client is told.
 */
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { formatSize, parseSize } from "../../protocol/size.ts";
import type { Config } from "../../system/config.ts";

export interface QueueBytes {
  /** Of a session. */
  each: number;
  /** Of all sessions together. */
  inAll: number;
}

const mebibyte = 1024 * 1024;
export const queueBytesDefault: QueueBytes = { each: 32 * mebibyte, inAll: 256 * mebibyte };

export function configuredQueueBytes({
  maxQueuedSize: each,
  maxQueuedSizeInAll: inAll,
}: Config): QueueBytes {
  return {
    each: each === undefined ? queueBytesDefault.each : parseSize(each),
    inAll: inAll === undefined ? queueBytesDefault.inAll : parseSize(inAll),
  };
}

/** What waits, and how many bytes one more message has. */
export interface Queue {
  session: string;
  messages: number;
  bytes: number;
  bytesInAll: number;
  more: number;
}

/** Why there is no room for one more; undefined when there is. */
export function fullQueue(
  queue: Queue,
  most: QueueBytes & { messages: number },
): HacsError | undefined {
  const name = quote(queue.session);
  if (queue.messages >= most.messages) {
    return new HacsError(
      "queue-full",
      `In session ${name} at most ${most.messages} messages wait (maxQueued), and they do.`,
      "Wait until some are delivered (hacs-session wait NAME), or take one back with unsend.",
    );
  }
  const size = (bytes: number) => `${formatSize(bytes)} (${bytes} bytes)`;
  const than = (bytes: number, bound: number) =>
    `of messages wait, which is ${size(bound)}; ${formatSize(bytes)} do, and this one has ${formatSize(queue.more)}.`;
  if (queue.bytes + queue.more > most.each) {
    return new HacsError(
      "queue-full",
      `In session ${name} at most maxQueuedSize ${than(queue.bytes, most.each)}`,
      "Wait until some are delivered (hacs-session wait NAME), take one back with unsend, or put long texts into files and name those.",
    );
  }
  if (queue.bytesInAll + queue.more <= most.inAll) return undefined;
  return new HacsError(
    "queue-full",
    `In all sessions together at most maxQueuedSizeInAll ${than(queue.bytesInAll, most.inAll)}`,
    "See which sessions have a queue (hacs-session ls), and wait for them, wake them or take messages back with unsend.",
  );
}
