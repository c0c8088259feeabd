import {
  expandBraces,
  type Glob,
  hasWildcard,
  isAimedAt,
  isExactly,
  isWithin,
  parseGlob,
  parseName,
  segmentsOf,
} from "./glob.ts";
import { normalise, type PathView, pathForms } from "./path-forms.ts";

/** Tells which of a persona's patterns a path falls under. */
export interface RestrictedPaths {
  /** There is nothing to find. */
  readonly isEmpty: boolean;
  /** A path as a tool got it. @returns the pattern, as it is written in the definition. */
  findPath(input: string): Restriction | undefined;
  /** A glob that a tool searches by, from a directory. */
  findSearch(glob: string, from: string): Restriction | undefined;
  /** What is restricted in and below a directory, as globs from the root directory. */
  patternsFor(directory: string): readonly { readonly pattern: string; readonly glob: Glob }[];
}

export interface Restriction {
  readonly pattern: string;
  /** Absolute: what of the input falls under it. */
  readonly path: string;
}

interface Rule {
  readonly pattern: string;
  /** Below each base. */
  readonly relative?: Glob;
  /** Below the root directory. */
  readonly absolute?: Glob;
  /** What lies in a directory that fits does not count like the directory. */
  readonly isExact: boolean;
}

/** The pattern that stands for a path whose destination cannot be told. */
export const UNTELLABLE = "a path that nobody can follow";

/** Four times what Linux opens (PATH_MAX), since some tools take `..` out first. */
const MAX_PATH_LENGTH = 16_384;

/**
 * @param patterns globs relative to the project; one without a slash holds at any depth, as in .gitignore.
 * @param exact more of them, for directories: what lies in these is not meant.
 */
export function restrictPaths(
  patterns: readonly string[],
  view: PathView,
  exact: readonly string[] = [],
): RestrictedPaths {
  const bases = [...new Set([view.cwd, ...view.roots].flatMap((base) => pathForms(base, view).paths))];
  const baseSegments = bases.map(segmentsOf).map(parseName);
  const rules = [
    ...patterns.flatMap((pattern) => rulesOf(pattern, bases, view, false)),
    ...exact.flatMap((pattern) => rulesOf(pattern, bases, view, true)),
  ];

  const match = (path: Glob, fitsRule: (path: Glob, rule: Glob) => boolean): Rule | undefined => {
    const inside = baseSegments.filter((base) => path.length >= base.length && isWithin(path, base));
    return rules.find(({ relative, absolute, isExact }) => {
      const fits = isExact ? isExactly : fitsRule;
      return (
        (absolute !== undefined && fits(path, absolute)) ||
        (relative !== undefined &&
          (inside.length === 0
            ? relative[0] === "**" && fits(path, relative)
            : inside.some((base) => fits(path.slice(base.length), relative))))
      );
    });
  };

  return {
    isEmpty: rules.length === 0,
    patternsFor(directory) {
      const path = parseName(segmentsOf(directory));
      const isInside = baseSegments.some((base) => path.length >= base.length && isWithin(path, base));
      return rules.flatMap(({ pattern, relative, absolute }) => {
        const globs = absolute === undefined ? [] : [absolute];
        if (relative !== undefined) {
          globs.push(...baseSegments.map((base) => [...base, ...relative]));
          if (!isInside && relative[0] === "**") globs.push(relative);
        }
        return globs.map((glob) => ({ pattern, glob }));
      });
    },
    findPath(input) {
      if (rules.length === 0) return undefined;
      // An agent must not be able to keep the guard busy until it is waited for no longer.
      if (input.includes("\0") || input.length > MAX_PATH_LENGTH) return { pattern: UNTELLABLE, path: "" };
      const { paths, isOpaque } = pathForms(input, view);
      for (const path of paths) {
        const rule = match(parseName(segmentsOf(path)), isWithin);
        if (rule !== undefined) return { pattern: rule.pattern, path };
      }
      return isOpaque ? { pattern: UNTELLABLE, path: normalise(input) } : undefined;
    },
    findSearch(glob, from) {
      if (rules.length === 0) return undefined;
      const alternatives = expandBraces(glob);
      if (alternatives === undefined || glob.length > MAX_PATH_LENGTH)
        return { pattern: UNTELLABLE, path: "" };
      for (const alternative of alternatives) {
        const segments = alternative.split("/");
        const wild = segments.findIndex(hasWildcard);
        const plain = wild === -1 ? segments : segments.slice(0, wild);
        const start = alternative.startsWith("/") || /^[~$]/.test(alternative) ? "" : `${from}/`;
        const begin = plain.length === 0 ? from : `${start}${plain.join("/")}` || "/";
        const found = this.findPath(begin);
        if (found !== undefined) return found;
        const rest = wild === -1 ? "" : segments.slice(wild).join("/");
        for (const path of pathForms(begin, view).paths) {
          const rule = match(parseSearch(`${path}/${rest}`), isAimedAt);
          if (rule !== undefined) return { pattern: rule.pattern, path: `${path}/${rest}` };
        }
      }
      return undefined;
    },
  };
}

/** `*` and `..` in one: the part before `..` goes, whatever it is. */
function parseSearch(path: string): Glob {
  return parseGlob(normalise(path));
}

function rulesOf(
  pattern: string,
  bases: readonly string[],
  view: PathView,
  isExact: boolean,
): readonly Rule[] {
  return (expandBraces(pattern) ?? [pattern]).flatMap((alternative): readonly Rule[] => {
    const isAtHome = view.userHome !== undefined && /^~(?:\/|$)/.test(alternative);
    const text = isAtHome ? `${view.userHome}${alternative.slice(1)}` : alternative;
    const isAbsolute = text.startsWith("/");
    const given = segmentsOf(text);
    const parts = given.length === 1 && !isAbsolute ? ["**", ...given] : given;
    const wild = parts.findIndex((part) => hasWildcard(part));
    const plain = wild === -1 ? parts : parts.slice(0, wild);
    const rest = parseGlob(parts.slice(plain.length).join("/"));

    const rules: Rule[] = [];
    if (parts[0] !== "..") rules.push({ pattern, isExact, relative: parseGlob(normalise(parts.join("/"))) });
    if (plain.length === 0) return isAbsolute ? [...rules, { pattern, isExact, absolute: rest }] : rules;
    // What it restricts may be a link, or lie behind one: the place that this leads to is meant, too.
    const starts = (isAbsolute ? [""] : bases).map((base) => `${base}/${plain.join("/")}`);
    const places = new Set(starts.flatMap((start) => pathForms(start, view).paths));
    for (const place of places) {
      rules.push({ pattern, isExact, absolute: [...parseName(segmentsOf(place)), ...rest] });
    }
    return rules;
  });
}
