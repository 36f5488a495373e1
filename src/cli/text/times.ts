const steps = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** How long ago a time was, in its largest unit: `3m ago`. A clock that was set back says `now`. */
export function ago(iso: string, nowMs: number = Date.now()): string {
  const seconds = Math.floor((nowMs - Date.parse(iso)) / 1000);
  for (const [unit, size] of steps) {
    if (seconds >= size) return `${Math.floor(seconds / size)}${unit} ago`;
  }
  return "now";
}

/** `2026-11-20 14:03:07`, on the user's own clock. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${day} ${clock}`;
}
