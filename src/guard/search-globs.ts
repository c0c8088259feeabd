import {
  advance,
  beginAt,
  expandBraces,
  type Glob,
  isWithin,
  parseGlob,
  parseName,
  segmentsOf,
} from "./glob.ts";
import { globTokens, nameTokens, sharesLetters } from "./glob-segment.ts";

/** How much of a pattern a path has met. */
export function statesAt(name: Glob, pattern: Glob): readonly number[] {
  return name.reduce((at, part) => advance(at, pattern, part), beginAt(pattern));
}

export type Kind = "file" | "directory" | "left-out";

/** Whether a search reads a file, may read something in a directory, or is sent into one that searches leave out. */
export type Fits = (below: readonly string[], belowCwd: readonly string[] | undefined, kind: Kind) => boolean;

/** What globs let a search do. Where tools differ in what they make of them, whether one of them does it. */
export function readerOf(globs: readonly string[], isList: boolean): Fits {
  const readers = listsOf(globs, isList).map(readerOfList);
  return (...path) => readers.some((reads) => reads(...path));
}

/** What tools take for the globs: parts of a list, or each as it is written. */
export function listsOf(globs: readonly string[], isList: boolean): readonly (readonly string[])[] {
  const apart = globs
    .flatMap((glob) => glob.split(/\s+/).flatMap((part) => (part.includes("{") ? [part] : part.split(","))))
    .filter(Boolean);
  return isList || apart.join("\n") === globs.join("\n") ? [apart] : [globs, apart];
}

/** The last glob that fits decides, as in ripgrep. */
function readerOfList(globs: readonly string[]): Fits {
  const hasWanted = globs.some((glob) => !glob.startsWith("!"));
  const all = globs.map((glob) =>
    glob.startsWith("!")
      ? { isWanted: false, fits: leftOutBy(glob.slice(1)) }
      : { isWanted: true, fits: wantedBy(expandBraces(anyDepth(glob))?.map(parseGlob)) },
  );
  return (below, belowCwd, kind) => {
    const bases = belowCwd === undefined ? [below] : [below, belowCwd];
    const last = all.findLast(({ isWanted, fits }) =>
      isWanted ? bases.some((base) => fits(base, kind)) : bases.every((base) => fits(base, kind)),
    );
    return last?.isWanted ?? (kind !== "left-out" && !hasWanted);
  };
}

/** A glob without a slash holds at any depth. */
const anyDepth = (glob: string) => (glob.includes("/") ? glob : `**/${glob}`);

type FitsGlob = (path: readonly string[], kind: Kind) => boolean;

/**
 * Of a directory, whether something in it may be wanted. Into one that is left out ripgrep goes where a glob fits it, also
 * past .gitignore, and where that says nothing of it, by its name.
 *
 * @param globs undefined: too many to tell.
 */
export function wantedBy(globs: readonly Glob[] | undefined): FitsGlob {
  return (path, kind) => {
    const name = parseName(path);
    return (
      globs === undefined ||
      globs.some((one) =>
        kind === "directory"
          ? statesAt(name, one).length > 0
          : isWithin(name, one) || (kind === "left-out" && spellsLast(name, one)),
      )
    );
  };
}

/** Whether a glob fits the last part of a path, or the beginning of it there, by letters and not by stars alone. */
export function spellsLast(name: Glob, glob: Glob): boolean {
  const last = name.at(-1) ?? "**";
  return statesAt(name.slice(0, -1), glob).some((at) => {
    const own = glob[at] ?? "**";
    return last !== "**" && own !== "**" && sharesLetters(last, own);
  });
}

/** Exact, where `wantedBy` is generous: what is left out by mistake would be read. */
function leftOutBy(given: string): FitsGlob {
  const isFolder = given.endsWith("/");
  const glob = isFolder ? given.slice(0, -1) : given;
  const alternatives = /[()\\]|\[:/.test(glob) ? undefined : expandBraces(anyDepth(glob));
  const globs = alternatives?.map(
    (one): Glob => segmentsOf(one).map((segment) => (segment === "**" ? segment : globTokens(segment))),
  );
  return (path, kind) => {
    const name = (isFolder && kind === "file" ? path.slice(0, -1) : path).map(nameTokens);
    return globs?.some((one) => isWithin(name, one)) === true;
  };
}
