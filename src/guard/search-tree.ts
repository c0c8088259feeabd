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

/** A directory or a file that is come to. */
interface Place {
  readonly path: string;
  /** The way there from the root of the walk. */
  readonly below: readonly string[];
  /** How much of each pattern the way has met. */
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

export interface Read extends Restriction {
  /** A glob that makes the search leave it out. */
  readonly leftOutBy?: string;
}

/** What is not to be gone beyond, of all walks of a search. */
interface Bounds {
  entriesLeft: number;
  readonly isLate: () => boolean;
}

/**
 * The first restricted file that a search would read, breadth first from where it begins; links are not followed, as
 * search tools do not. `UNTELLABLE` where there is too much to look through.
 *
 * @param isLate of `walkLimit`, one for all walks that are waited for together.
 */
export function findRead(
  search: ContentSearch,
  restricted: RestrictedPaths,
  view: PathView,
  isLate: () => boolean,
): Read | undefined {
  if (restricted.isEmpty) return undefined;
  const { isList } = search;
  const cwd = `${normalise(view.cwd)}/`;
  const bounds: Bounds = { entriesLeft: MAX_ENTRIES, isLate };
  for (const walk of walksOf(search, view, isLate)) {
    const reader = { ...walk, isList, cwd, fits: readerOf(walk.globs, isList) };
    const found = findInWalk(reader, restricted.patternsFor(walk.root), bounds);
    if (found !== undefined) return found;
  }
  return isLate() ? { pattern: UNTELLABLE, path: view.cwd } : undefined;
}

function findInWalk(
  reader: Reader,
  patterns: ReturnType<RestrictedPaths["patternsFor"]>,
  bounds: Bounds,
): Read | undefined {
  const { root } = reader;
  const states = patterns.map(({ glob }) => statesAt(parseName(segmentsOf(root)), glob));
  const ahead: Place[] = [{ path: root, below: [], states }];
  // The list grows while it is gone through.
  for (const directory of ahead) {
    if (bounds.isLate()) return { pattern: UNTELLABLE, path: root };
    for (const entry of entriesOf(directory.path)) {
      bounds.entriesLeft -= 1;
      if (bounds.entriesLeft < 0) return { pattern: UNTELLABLE, path: root };
      if (!(entry.isDirectory() || entry.isFile())) continue;
      const [part = []] = parseName([entry.name]);
      const place: Place = {
        path: `${directory.path === "/" ? "" : directory.path}/${entry.name}`,
        below: [...directory.below, entry.name],
        states: directory.states.map((at, index) => advance(at, patterns[index]?.glob ?? [], part)),
      };
      if (entry.isDirectory()) {
        if (goesInto(reader, place, entry.name)) ahead.push(place);
        continue;
      }
      const met = patterns.find(({ glob }, index) => isMet(place.states[index] ?? [], glob));
      if (met !== undefined && reads(reader, place, "file")) return readOf(met.pattern, place, reader);
    }
  }
  return undefined;
}

function readOf(pattern: string, place: Place, reader: Reader): Read {
  const leftOutBy = `!${pattern}`;
  const without = { ...reader, fits: readerOf([...reader.globs, leftOutBy], reader.isList) };
  const isLeftOut = !reads(without, place, "file");
  return { pattern, path: place.path, ...(isLeftOut ? { leftOutBy } : {}) };
}

/** What of a walk its search reads. */
interface Reader extends Walk {
  readonly isList: boolean;
  /** With a slash at its end. */
  readonly cwd: string;
  readonly fits: Fits;
}

function goesInto(reader: Reader, directory: Place, name: string): boolean {
  return (!LEFT_OUT.has(name) || isSentInto(reader, directory)) && reads(reader, directory, "directory");
}

/** Whether a glob sends the search into a directory that it leaves out by itself. */
function isSentInto(reader: Reader, directory: Place): boolean {
  const name = parseName(directory.below);
  return (
    reader.named?.some((glob) => spellsLast(name, glob)) === true || fitsGlobs(reader, directory, "left-out")
  );
}

/** Of a directory, whether it may read something in it. */
function reads(reader: Reader, place: Place, kind: "file" | "directory"): boolean {
  const isNamed = reader.named === undefined || wantedBy(reader.named)(place.below, kind);
  const leadsToCwd = kind === "directory" && reader.cwd.startsWith(`${place.path}/`);
  return isNamed && (leadsToCwd || fitsGlobs(reader, place, kind));
}

function fitsGlobs({ cwd, named, fits }: Reader, { path, below }: Place, kind: Kind): boolean {
  const belowCwd = path.startsWith(cwd) ? segmentsOf(path.slice(cwd.length)) : undefined;
  return fits(named === undefined ? below : (belowCwd ?? below), belowCwd, kind);
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
