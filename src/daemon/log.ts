/**
 * The daemon's log: pino's JSON lines in the state directory, written at once so that the last
 * words before a crash are there. It never goes to a terminal but with `daemon run`.
 */
import pino, { type Logger } from "pino";
import { PartedFile, type PartedFileOptions } from "./parted-file.ts";
import type { Redactor } from "./redaction/redactor.ts";

export function openLog(
  file: string,
  parts: PartedFileOptions,
  level: string,
  foreground: boolean,
  redactor: Redactor,
): Logger {
  const streams = [
    { level: level as "info", stream: new PartedFile(file, parts) },
    ...(foreground
      ? [{ level: level as "info", stream: pino.destination({ dest: 2, sync: true }) }]
      : []),
  ];
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Of the values, not of the line: JSON writes a newline before a secret as a letter.
      hooks: { streamWrite: (line) => redactedLine(line, redactor) },
    },
    pino.multistream(streams),
  );
}

function redactedLine(line: string, redactor: Redactor): string {
  const written: unknown = JSON.parse(line);
  const redacted = redactor.json(written);
  return redacted === written ? line : `${JSON.stringify(redacted)}\n`;
}
