/** A row of numbers as a row of bars, one character each. Pure. */

const bars = [..."▁▂▃▄▅▆▇█"];

/**
 * The last `width` values, at the right edge, as high as they are beside the greatest of them; the
 * lowest bar is nothing, or as good as nothing. What is no number counts as nothing.
 */
export function sparkline(values: readonly number[], width: number): string {
  if (width < 1) return "";
  const shown = values
    .slice(-width)
    .map((value) => (Number.isFinite(value) && value > 0 ? value : 0));
  const most = Math.max(0, ...shown);
  const drawn = shown.map((value) => {
    if (value === 0) return bars[0];
    // What was there at all is seen, however small it is beside the greatest.
    return bars[Math.max(1, Math.round((value / most) * (bars.length - 1)))];
  });
  return drawn.join("").padStart(width);
}
