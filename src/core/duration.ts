/** What a timer can wait at most; anything longer fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads `250ms`, `2s`, `10m`, `8h`, `30d`, also `1h30m`; milliseconds, or undefined for anything else. By hand, since
 * a hot command reads two and compiling a regular expression takes longer than that.
 */
export function parseDuration(text: string): number | undefined {
  let total = 0;
  for (let at = 0; at < text.length; ) {
    const number = at;
    at = skipDigits(text, number);
    const whole = at - number;
    if (text[at] === ".") {
      at = skipDigits(text, at + 1);
      if (text[at - 1] === ".") return undefined;
    }
    const unit = text.startsWith("ms", at) ? "ms" : (text[at] ?? "");
    const factor = Object.hasOwn(unitMs, unit) ? unitMs[unit] : undefined;
    if (whole === 0 || factor === undefined) return undefined;
    total += Number(text.slice(number, at)) * factor;
    at += unit.length;
  }
  return text !== "" && Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined;
}

function skipDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(text[at])) at += 1;
  return at;
}

export function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

/** Writes a duration for people, its two largest units: `0s`, `42s`, `12m 3s`, `2h 5m`, `3d 4h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return "0s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}
