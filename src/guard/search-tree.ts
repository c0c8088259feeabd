import fs from "node:fs";
import type { Clock } from "../core/clock.ts";
import { statOf } from "../core/filesystem.ts";
import {
  advance,
  beginAt,
  expandBraces,
  type Glob,
  hasWildcard,
  isMet,
  isWithin,
  parseGlob,
  parseName,
  segmentsOf,
} from "./glob.ts";
import { globTokens, nameTokens, sharesLetters } from "./glob-segment.ts";
import { normalise, type PathView, pathForms } from "./path-forms.ts";
import { type RestrictedPaths, type Restriction, UNTELLABLE } from "./restricted-paths.ts";

/** A search through the contents of files, as a tool got it. */
export interface ContentSearch {
  /** Where it begins, or a glob of that; empty: at the working directory. */
  readonly from: readonly string[];
  /** Which files it reads; with `!`, which it leaves out. */
  readonly globs: readonly string[];
  /** Whether a glob is a list of them, as Claude Code takes it; otherwise that is not known. */
  readonly isList: boolean;
}

/** More is not looked through, and is asked for: the guard must answer while it is waited for. */
const MAX_ENTRIES = 20_000;

/** The same of a disk that is slow, in milliseconds. */
const MAX_WALK_MS = 2000;

/** Whether there has been enough walking since this was asked first. @param monotonic a clock that nobody sets. */
export function walkLimit(monotonic: Clock): () => boolean {
  let endsAt: number | undefined;
  return () => {
    const now = monotonic.now();
    endsAt ??= now + MAX_WALK_MS;
    return now >= endsAt;
  };
}

/** What no search tool goes into by itself, but where a glob sends it there. */
const LEFT_OUT = new Set([".git", ".hg", ".svn", "node_modules"]);

interface Directory {
  readonly path: string;
  readonly below: readonly string[];
  readonly states: readonly (readonly number[])[];
}

/** What is looked through at once. */
interface Walk {
  readonly root: string;
  /** Those of the search that hold there. */
  readonly globs: readonly string[];
  /** Globs from the root that name what is read; undefined: all of it. */
  readonly named?: readonly Glob[];
}

/**
 * The first restricted file that a search would read, breadth first from where it begins; links are not followed, as
 * search tools do not. `leftOutBy`: a glob that makes the search leave it out. `UNTELLABLE` where there is too much to
 * look through.
 *
 * @param isLate of `walkLimit`, one for all walks that are waited for together.
 */
export function findRead(
  search: ContentSearch,
  restricted: RestrictedPaths,
  view: PathView,
  isLate: () => boolean,
): (Restriction & { readonly leftOutBy?: string }) | undefined {
  if (restricted.isEmpty) return undefined;
  const cwd = `${normalise(view.cwd)}/`;
  const belowCwd = (path: string) => (path.startsWith(cwd) ? segmentsOf(path.slice(cwd.length)) : undefined);
  let left = MAX_ENTRIES;
  for (const { root, globs, named } of walksOf(search, view, isLate)) {
    const isNamed = named === undefined ? () => true : wantedBy(named);
    const baseOf = (path: string, below: readonly string[]) =>
      named === undefined ? below : (belowCwd(path) ?? below);
    const fits = (reads: Fits, path: string, below: readonly string[], kind: Kind) => {
      const leadsToCwd = kind === "directory" && cwd.startsWith(`${path}/`);
      return isNamed(below, kind) && (leadsToCwd || reads(baseOf(path, below), belowCwd(path), kind));
    };
    const isSent = (reads: Fits, path: string, below: readonly string[]) =>
      named?.some((glob) => spellsLast(parseName(below), glob)) === true ||
      reads(baseOf(path, below), belowCwd(path), "left-out");
    const reader = readerOf(globs, search.isList);
    const patterns = restricted.patternsFor(root);
    const states = patterns.map(({ glob }) => statesAt(parseName(segmentsOf(root)), glob));
    const ahead: Directory[] = [{ path: root, below: [], states }];
    // The list grows while it is gone through.
    for (const directory of ahead) {
      if (isLate()) return { pattern: UNTELLABLE, path: root };
      for (const entry of entriesOf(directory.path)) {
        left -= 1;
        if (left < 0) return { pattern: UNTELLABLE, path: root };
        const isDirectory = entry.isDirectory();
        if (!(isDirectory || entry.isFile())) continue;
        const [part = []] = parseName([entry.name]);
        const next = directory.states.map((at, index) => advance(at, patterns[index]?.glob ?? [], part));
        const path = `${directory.path === "/" ? "" : directory.path}/${entry.name}`;
        const below = [...directory.below, entry.name];
        if (isDirectory) {
          const isLeftOut = LEFT_OUT.has(entry.name) && !isSent(reader, path, below);
          if (!isLeftOut && fits(reader, path, below, "directory")) ahead.push({ path, below, states: next });
          continue;
        }
        const met = patterns.find(({ glob }, index) => isMet(next[index] ?? [], glob));
        if (met !== undefined && fits(reader, path, below, "file")) {
          const leftOutBy = `!${met.pattern}`;
          const isLeftOut = !fits(readerOf([...globs, leftOutBy], search.isList), path, below, "file");
          return { pattern: met.pattern, path, ...(isLeftOut ? { leftOutBy } : {}) };
        }
      }
    }
  }
  return isLate() ? { pattern: UNTELLABLE, path: view.cwd } : undefined;
}

/**
 * From each directory, and from what each glob names that stands for one, or that leads out of where it counts from.
 * Some are missing where it is late.
 */
function* walksOf(
  { from, globs, isList }: ContentSearch,
  view: PathView,
  isLate: () => boolean,
): Generator<Walk> {
  const starts = from.filter((one) => !one.startsWith("!"));
  const kept = [...from.filter((one) => one.startsWith("!")), ...globs];
  // A directory may be called `[slug]`.
  const wild = starts.filter((one) => hasWildcard(one) && rootsOf([one], view).size === 0);
  const plain = starts.filter((one) => !wild.includes(one));
  const roots = starts.length > 0 && plain.length === 0 ? [] : [...rootsOf(plain, view)];
  for (const root of roots) yield { root, globs: kept };
  for (const [root, named] of placesOf(wild, [view])) yield { root, globs: kept, named };
  const views = [view, ...roots.map((cwd) => ({ ...view, cwd, roots: [] }))];
  for (const list of listsOf(kept, isList)) {
    for (const [index, glob] of list.entries()) {
      if (isLate()) return;
      if (!leadsOut(glob)) continue;
      // The last one that fits decides: one before it leaves out nothing of it.
      const after = list.slice(index + 1).filter((one) => one.startsWith("!"));
      for (const [root, named] of placesOf([glob], views)) yield { root, globs: after, named };
    }
  }
}

/** Whether files that a glob names lie elsewhere than where it counts from. */
function leadsOut(glob: string): boolean {
  if (glob.startsWith("!")) return false;
  return expandBraces(glob)?.some((one) => /^(?:[/~$]|file:)|(?:^|\/)\.\.(?:\/|$)/i.test(one)) === true;
}

/** Where the files that globs name lie at all, and for each of these directories the globs that count from there. */
function placesOf(
  globs: readonly string[],
  views: readonly PathView[],
): ReadonlyMap<string, readonly Glob[]> {
  const found = new Map<string, Glob[]>();
  for (const one of globs.flatMap((glob) => expandBraces(glob) ?? [])) {
    const segments = one.split("/");
    const wild = segments.findIndex(hasWildcard);
    const rest = wild === -1 ? [] : segments.slice(wild);
    const climbed = climbOf(rest);
    const begin = [...segments.slice(0, segments.length - rest.length), ...Array(climbed).fill("..")].join(
      "/",
    );
    const named = rest.includes("..") ? [] : parseGlob(rest.join("/"));
    const start = begin === "" ? (one.startsWith("/") ? "/" : ".") : begin;
    for (const root of new Set(views.flatMap((view) => [...rootsOf([start], view)]))) {
      found.set(root, [...(found.get(root) ?? []), named]);
    }
  }
  return found;
}

/** How far `..` leads above where a glob begins, where `**` stands for nothing. */
function climbOf(segments: readonly string[]): number {
  let depth = 0;
  let lowest = 0;
  for (const segment of segments) {
    if (segment === "..") depth -= 1;
    else if (!["", ".", "**"].includes(segment)) depth += 1;
    lowest = Math.min(lowest, depth);
  }
  return -lowest;
}

/** Directories, each once; of one that is relative, as it lies below the working directory or, failing that, a project. */
function rootsOf(from: readonly string[], view: PathView): ReadonlySet<string> {
  const found = new Set<string>();
  for (const one of from.length === 0 ? [view.cwd] : from) {
    const near = pathForms(one, { ...view, roots: [] }).paths.filter(isDirectory);
    for (const path of near.length > 0 ? near : pathForms(one, view).paths.filter(isDirectory))
      found.add(path);
  }
  return found;
}

function isDirectory(path: string): boolean {
  return statOf(path)?.isDirectory() === true;
}

function entriesOf(path: string): readonly fs.Dirent[] {
  try {
    return fs.readdirSync(path, { withFileTypes: true });
  } catch {
    // Who may not look into it may not search it.
    return [];
  }
}

/** How much of a pattern a path has met. */
function statesAt(name: Glob, pattern: Glob): readonly number[] {
  return name.reduce((at, part) => advance(at, pattern, part), beginAt(pattern));
}

type Kind = "file" | "directory" | "left-out";

/** Whether a search reads a file, may read something in a directory, or is sent into one of `LEFT_OUT`. */
type Fits = (below: readonly string[], belowCwd: readonly string[] | undefined, kind: Kind) => boolean;

/** What globs let a search do. Where tools differ in what they make of them, whether one of them does it. */
function readerOf(globs: readonly string[], isList: boolean): Fits {
  const readers = listsOf(globs, isList).map(readerOfList);
  return (...path) => readers.some((reads) => reads(...path));
}

/** What tools take for the globs: parts of a list, or each as it is written. */
function listsOf(globs: readonly string[], isList: boolean): readonly (readonly string[])[] {
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
function wantedBy(globs: readonly Glob[] | undefined): FitsGlob {
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
function spellsLast(name: Glob, glob: Glob): boolean {
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
