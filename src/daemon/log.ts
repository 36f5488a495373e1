/**
 * The daemon's log: pino's JSON lines in the state directory, written at once so that the last
 * words before a crash are there. It never goes to a terminal but with `daemon run`.
 */
import { renameSync, statSync } from "node:fs";
import pino, { type Logger } from "pino";
import type { Redactor } from "./redaction/redactor.ts";

/** A log that has grown past this is moved aside when the daemon starts; one old one is kept. */
const logBytesMax = 16 * 1024 * 1024;

export function openLog(
  file: string,
  level: string,
  foreground: boolean,
  redactor: Redactor,
): Logger {
  rotate(file);
  const streams = [
    { level: level as "info", stream: pino.destination({ dest: file, sync: true, mode: 0o600 }) },
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

function rotate(file: string): void {
  try {
    if (statSync(file).size > logBytesMax) renameSync(file, `${file}.1`);
  } catch {
    // There is none yet.
  }
}
