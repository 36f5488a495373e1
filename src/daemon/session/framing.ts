/**
 * The ways in which events are put into bytes. An event is encoded as JSON once; each way that some
 * client has is then made once for all clients that have it.
 */
import type { SessionEvent } from "../../protocol/records.ts";
import type { RecordRow } from "../store/record-table.ts";

/** An event as JSON, and what is asked of it on its way. */
export interface EventFrame {
  json: string;
  /** 0 for what is not a record. */
  seq: number;
  isDelta: boolean;
}

export type Framing = (events: readonly EventFrame[]) => Buffer;

/** A record's event; its params are spliced in unparsed. */
export function recordFrame(session: string, row: RecordRow): EventFrame {
  const json = `{"session":"${session}","seq":${row.seq},"at":"${row.at}","method":${JSON.stringify(row.method)},"params":${row.params}}`;
  return { json, seq: row.seq, isDelta: false };
}

/** An event that is not recorded. */
export function liveFrame(
  event: Omit<SessionEvent, "params">,
  params: string,
  isDelta = false,
): EventFrame {
  const offset = event.offset === undefined ? "" : `"offset":${event.offset},`;
  const json = `{"session":"${event.session}",${offset}"at":"${event.at}","method":${JSON.stringify(event.method)},"params":${params}}`;
  return { json, seq: 0, isDelta };
}

const open = '{"jsonrpc":"2.0","method":"session/event","params":';

/** A notification a line, for sockets. */
export const lines: Framing = (events) =>
  events.length === 0
    ? Buffer.alloc(0)
    : Buffer.from(`${open}${events.map(({ json }) => json).join(`}\n${open}`)}}\n`);

/** A notification a text frame, for WebSocket. */
export const textFrames: Framing = (events) =>
  toTextFrames(events.map(({ json }) => `${open}${json}}`));

/**
 * Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html. JSON has no
 * line breaks, so one data line holds it; the id is the cursor to go on from.
 */
export const serverSentEvents: Framing = (events) =>
  Buffer.from(
    events
      .map(({ json, seq }) => (seq > 0 ? `id: ${seq}\ndata: ${json}\n\n` : `data: ${json}\n\n`))
      .join(""),
  );

/** Unmasked final text frames, RFC 6455 section 5.2, in one piece. */
export function toTextFrames(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(
    lengths.reduce((sum, length) => sum + headerBytes(length) + length, 0),
  );
  let at = 0;
  texts.forEach((text, i) => {
    const length = lengths[i] ?? 0;
    bytes[at] = 0x81;
    if (length < 126) {
      bytes[at + 1] = length;
    } else if (length < 65_536) {
      bytes[at + 1] = 126;
      bytes.writeUInt16BE(length, at + 2);
    } else {
      bytes[at + 1] = 127;
      bytes.writeUIntBE(0, at + 2, 2);
      bytes.writeUIntBE(length, at + 4, 6);
    }
    at += headerBytes(length);
    at += bytes.write(text, at);
  });
  return bytes;
}

function headerBytes(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}
