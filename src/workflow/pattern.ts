/**
 * The regular expression of a gate: `^` and `$` are the ends of lines, and matches can be counted through with
 * `matchAll`. Undefined when it is none.
 */
export function compilePattern(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "gm");
  } catch {
    return undefined;
  }
}
