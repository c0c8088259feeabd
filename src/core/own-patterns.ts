import { MASK } from "./mask-text.ts";
import { err, ok, type Result } from "./result.ts";

/** So much of a line is seen by a pattern at once, since nobody knows how long one of the user's takes. Characters. */
const WINDOW = 4096;

/** What begins in the second half of a window is the next one's: a match of up to half a window is never missed. */
const STEP = WINDOW / 2;

/**
 * Regular expressions of the user's, separated by white space (`\s` stands for it within one).
 *
 * @returns what is wrong with the first that is none.
 */
export function parsePatterns(text: string): Result<readonly RegExp[], string> {
  const patterns: RegExp[] = [];
  for (const source of text.split(/\s+/).filter((word) => word !== "")) {
    try {
      patterns.push(new RegExp(source, "g"));
    } catch (error) {
      return err(error instanceof Error ? error.message : String(error));
    }
    if (new RegExp(source).test("")) return err(`/${source}/ matches the empty text, and so everything`);
  }
  return ok(patterns);
}

/** Masks what a pattern matches in one line. @param onMasked told of each. */
export function maskPattern(line: string, pattern: RegExp, onMasked?: () => void): string {
  let masked = "";
  let at = 0;
  while (at < line.length) {
    const isLast = at + WINDOW >= line.length;
    const seen = line.slice(at, at + WINDOW);
    let done = 0;
    for (const { 0: found, index } of seen.matchAll(pattern)) {
      if (found === "" || found === MASK) continue;
      if (!isLast && index >= STEP) break;
      masked += seen.slice(done, index) + MASK;
      done = index + found.length;
      onMasked?.();
    }
    const next = isLast ? seen.length : Math.max(STEP, done);
    masked += seen.slice(done, next);
    at += next;
  }
  return masked;
}
