import fs from "node:fs";
import type { Clock } from "../core/clock.ts";
import { statOf } from "../core/filesystem.ts";
import {
  advance,
  expandBraces,
  type Glob,
  hasWildcard,
  isMet,
  parseGlob,
  parseName,
  segmentsOf,
} from "./glob.ts";
import { normalise, type PathView, pathForms } from "./path-forms.ts";
import { type RestrictedPaths, type Restriction, UNTELLABLE } from "./restricted-paths.ts";
import { type Fits, type Kind, listsOf, readerOf, spellsLast, statesAt, wantedBy } from "./search-globs.ts";

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
