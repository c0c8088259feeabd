import { foldName } from "./fold-name.ts";
import { globTokens, isPlain, nameTokens, overlaps, sharesLetters, type Token } from "./glob-segment.ts";

/** `**`, or the tokens of one part between slashes. */
type Part = "**" | readonly Token[];

export type Glob = readonly Part[];

const WILDCARD = /[*?[\]{}()]/;

export function hasWildcard(text: string): boolean {
  return WILDCARD.test(text);
}

/** More alternatives than this are nobody's pattern, and are not looked through. */
const MAX_ALTERNATIVES = 256;

/** Writes `{a,b}`, `@(a|b)` and `?(a|b)` out. @returns undefined where there are too many. */
export function expandBraces(text: string): readonly string[] | undefined {
  let done: string[] = [];
  const open = [
    text.replace(/([@+?*])\(([^()]*)\)/g, (_, sign: string, inside: string) => {
      const choices = inside.replaceAll("|", ",");
      return /[@+]/.test(sign) ? `{${choices}}` : `{,${choices}}`;
    }),
  ];
  while (open.length > 0) {
    if (done.length + open.length > MAX_ALTERNATIVES) return undefined;
    const next = open.pop() ?? "";
    // The innermost pair first, which has no other in it.
    const found = /\{([^{}]*)\}/.exec(next);
    if (found === null) done = [...done, next];
    else {
      const [whole, inside = ""] = found;
      const before = next.slice(0, found.index);
      const after = next.slice(found.index + whole.length);
      for (const choice of inside.split(",")) open.push(`${before}${choice}${after}`);
    }
  }
  return done;
}

/** @param path without a slash at its beginning; `.` parts are left out. */
export function parseGlob(path: string): Glob {
  return segmentsOf(path).map((segment) => (segment === "**" ? segment : globTokens(foldName(segment))));
}

export function segmentsOf(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "" && segment !== ".");
}

/** A plain path to compare with globs. */
export function parseName(segments: readonly string[]): Glob {
  return segments.map((segment) => nameTokens(foldName(segment)));
}

/** Whether a path, or a directory above it, fits the pattern. `infra/**` fits `infra` itself. */
export function isWithin(path: Glob, pattern: Glob): boolean {
  return reaches(path, pattern, -1);
}

/**
 * Going down a path part by part, as `isWithin` does at once: how many parts of the pattern the path has met, in all ways
 * that there are.
 */
export function beginAt(pattern: Glob): readonly number[] {
  return withoutStars([0], pattern);
}

/** @param part of a plain path. */
export function advance(states: readonly number[], pattern: Glob, part: Part): readonly number[] {
  if (part === "**" || states.length === 0) return states;
  const next: number[] = [];
  for (const at of states) {
    const own = pattern[at];
    if (own === undefined || own === "**") next.push(at);
    else if (overlaps(part, own)) next.push(at + 1);
  }
  return withoutStars(next, pattern);
}

/** Whether the path, or a directory above it, fits. */
export function isMet(states: readonly number[], pattern: Glob): boolean {
  return states.includes(pattern.length);
}

/** `**` may stand for nothing. */
function withoutStars(states: readonly number[], pattern: Glob): readonly number[] {
  const found = new Set(states);
  for (const at of found) if (pattern[at] === "**") found.add(at + 1);
  return [...found];
}

/** Whether a path itself fits the pattern. */
export function isExactly(path: Glob, pattern: Glob): boolean {
  return isWithin(path, pattern) && !isWithin(path.slice(0, -1), pattern);
}

/**
 * Whether a search by a glob is aimed at what a pattern restricts: some path may fit both, and the pattern's last part
 * that is a plain name, or else its last one of letters, shares letters with what it meets. `fr*nd/x` is aimed at
 * `frontend`; what only passes by there, by a lone star or two, is not.
 */
export function isAimedAt(search: Glob, pattern: Glob): boolean {
  const isName = (part: Part) => part !== "**" && isPlain(part);
  const lastName = pattern.findLastIndex(isName);
  const hasLetters = (part: Part) => part !== "**" && part.some(({ kind }) => kind !== "star");
  return reaches(search, pattern, lastName === -1 ? pattern.findLastIndex(hasLetters) : lastName);
}

/** @param key the part of the pattern that has to share letters with what it meets; -1: none has to. */
function reaches(path: Glob, pattern: Glob, key: number): boolean {
  // Backwards, row by row, and not by recursion, which a long path would exhaust: `row[j]` says whether path[i…]
  // meets pattern[j…].
  let row: boolean[] = [];
  for (let i = path.length; i >= 0; i--) {
    const below = row;
    const own = path[i];
    row = [];
    for (let j = pattern.length; j >= 0; j--) {
      const part = pattern[j];
      // All of the pattern is met: what follows in the path lies beneath.
      if (part === undefined) row[j] = true;
      else if (part === "**") row[j] = row[j + 1] === true || below[j] === true;
      else if (own === undefined) row[j] = false;
      else if (own === "**") row[j] = below[j] === true || (j !== key && row[j + 1] === true);
      else if (below[j + 1] !== true) row[j] = false;
      else row[j] = j === key ? sharesLetters(own, part) : overlaps(own, part);
    }
  }
  return row[0] === true;
}
