/** A line of the daemon's log for people: when, how grave, what, and the rest behind it. */
import { visible } from "../../protocol/address.ts";
import { isObject, type Json } from "../../protocol/messages.ts";
import { localTime } from "./local-time.ts";

const LEVELS: Record<number, [name: string, style: "dim" | "cyan" | "yellow" | "red"]> = {
  10: ["trace", "dim"],
  20: ["debug", "dim"],
  30: ["info", "cyan"],
  40: ["warn", "yellow"],
  50: ["error", "red"],
  60: ["fatal", "red"],
};
const levelColumns = 5;

type Paint = (style: "dim" | "cyan" | "yellow" | "red" | "bold", text: string) => string;

/** One that is no line of ours is shown as it is, but for what a terminal would obey. */
export function logLine(line: string, paint: Paint): string {
  const entry = read(line);
  if (entry === undefined) return visible(line);
  const { level, time, msg, pid: _pid, err, ...rest } = entry;
  const [name, style] = LEVELS[Number(level)] ?? ["?", "dim"];
  const error = isObject(err) ? String(err.message ?? err.type ?? "") : undefined;
  const details = Object.entries(rest).map(([key, value]) => `${key}=${shown(value ?? null)}`);
  return [
    paint("dim", localTime(String(time))),
    paint(style, name.padEnd(levelColumns)),
    visible(String(msg ?? "")) + (error === undefined ? "" : `: ${visible(error)}`),
    ...(details.length === 0 ? [] : [paint("dim", visible(details.join(" ")))]),
  ].join("  ");
}

function read(line: string): Record<string, Json | undefined> | undefined {
  try {
    const value: Json = JSON.parse(line);
    return isObject(value) && "level" in value && "time" in value ? value : undefined;
  } catch {
    return undefined;
  }
}

function shown(value: Json): string {
  return typeof value === "string" && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}
