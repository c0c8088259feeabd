declare const TTA_PERSONA_VERSION: string | undefined;

/** Of this program; the build puts in what package.json says. */
export const version = typeof TTA_PERSONA_VERSION === "undefined" ? "0.0.0-dev" : TTA_PERSONA_VERSION;

/** Semantic versions by their numbers: negative when `a` is the older one. Pre-releases count as their release. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => text.split(/[.+-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
