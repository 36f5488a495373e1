const firstMs = 1_000;
export const delayMsMax = 1_800_000;

/** How long to wait after so many attempts in vain: doubling, with jitter, up to half an hour. */
export function delayAfter(attempts: number, random: () => number = Math.random): number {
  const whole = Math.min(firstMs * 2 ** (attempts - 1), delayMsMax);
  return Math.round(whole * (0.5 + random() / 2));
}
