import fs from "node:fs";
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
import { globTokens, nameTokens } from "./glob-segment.ts";
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

/** What no search tool goes into by itself. */
const LEFT_OUT = new Set([".git", ".hg", ".svn", "node_modules"]);

interface Directory {
  readonly path: string;
  readonly below: readonly string[];
  readonly states: readonly (readonly number[])[];
}

/**
 * The first restricted file that a search would read, breadth first from where it begins; links are not followed, as
 * search tools do not. `leftOutBy`: a glob that makes the search leave it out. `UNTELLABLE` where there is too much to
 * look through.
 */
export function findRead(
  { from, globs, isList }: ContentSearch,
  restricted: RestrictedPaths,
  view: PathView,
): (Restriction & { readonly leftOutBy?: string }) | undefined {
  if (restricted.isEmpty) return undefined;
  // A directory may be called `[slug]`.
  const wild = from.filter((one) => hasWildcard(one) && rootsOf([one], view).size === 0);
  const all = [...wild, ...globs];
  const reader = readerOf(all, isList);
  const cwd = `${normalise(view.cwd)}/`;
  const belowCwd = (path: string) => (path.startsWith(cwd) ? segmentsOf(path.slice(cwd.length)) : undefined);
  let left = MAX_ENTRIES;
  for (const root of rootsOf(
    from.filter((one) => !wild.includes(one)),
    view,
  )) {
    const patterns = restricted.patternsFor(root);
    const states = patterns.map(({ glob }) => statesAt(parseName(segmentsOf(root)), glob));
    const ahead: Directory[] = [{ path: root, below: [], states }];
    // The list grows while it is gone through.
    for (const directory of ahead) {
      for (const entry of entriesOf(directory.path)) {
        left -= 1;
        if (left < 0) return { pattern: UNTELLABLE, path: root };
        const isDirectory = entry.isDirectory();
        if (!(isDirectory || entry.isFile()) || (isDirectory && LEFT_OUT.has(entry.name))) continue;
        const [part = []] = parseName([entry.name]);
        const next = directory.states.map((at, index) => advance(at, patterns[index]?.glob ?? [], part));
        const path = `${directory.path === "/" ? "" : directory.path}/${entry.name}`;
        const below = [...directory.below, entry.name];
        if (isDirectory) {
          const holdsCwd = cwd.startsWith(`${path}/`);
          if (holdsCwd || reader.goesInto(below, belowCwd(path))) ahead.push({ path, below, states: next });
          continue;
        }
        const met = patterns.find(({ glob }, index) => isMet(next[index] ?? [], glob));
        if (met !== undefined && reader.reads(below, belowCwd(path))) {
          const leftOutBy = `!${met.pattern}`;
          const isLeftOut = !readerOf([...all, leftOutBy], isList).reads(below, belowCwd(path));
          return { pattern: met.pattern, path, ...(isLeftOut ? { leftOutBy } : {}) };
        }
      }
    }
  }
  return undefined;
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

type Fits = (below: readonly string[], belowCwd: readonly string[] | undefined) => boolean;

/** What globs let a search do. Where tools differ in what they make of them, whether one of them does it. */
interface Reader {
  readonly reads: Fits;
  /** Whether there may be something to read in a directory. */
  readonly goesInto: Fits;
}

function readerOf(globs: readonly string[], isList: boolean): Reader {
  const split = globs.flatMap((glob) =>
    glob.split(/\s+/).flatMap((part) => (part.includes("{") ? [part] : part.split(","))),
  );
  const apart = readerOfList(split.filter(Boolean));
  if (isList) return apart;
  const asWritten = readerOfList(globs);
  return {
    reads: (...path) => asWritten.reads(...path) || apart.reads(...path),
    goesInto: (...path) => asWritten.goesInto(...path) || apart.goesInto(...path),
  };
}

/** The last glob that fits decides, as in ripgrep. */
function readerOfList(globs: readonly string[]): Reader {
  const hasWanted = globs.some((glob) => !glob.startsWith("!"));
  const all = globs.map((glob) =>
    glob.startsWith("!")
      ? { isWanted: false, fits: leftOutBy(glob.slice(1)) }
      : { isWanted: true, fits: wantedBy(glob) },
  );
  const reader =
    (isDirectory: boolean): Fits =>
    (below, belowCwd) => {
      const bases = belowCwd === undefined ? [below] : [below, belowCwd];
      const last = all.findLast(({ isWanted, fits }) =>
        isWanted
          ? bases.some((base) => fits(base, isDirectory))
          : bases.every((base) => fits(base, isDirectory)),
      );
      return last?.isWanted ?? !hasWanted;
    };
  return { reads: reader(false), goesInto: reader(true) };
}

/** A glob without a slash holds at any depth. */
const anyDepth = (glob: string) => (glob.includes("/") ? glob : `**/${glob}`);

type FitsGlob = (path: readonly string[], isDirectory: boolean) => boolean;

/** Of a directory, whether something in it may be wanted. */
function wantedBy(glob: string): FitsGlob {
  const globs = expandBraces(anyDepth(glob))?.map(parseGlob);
  return (path, isDirectory) => {
    const name = parseName(path);
    return (
      globs === undefined ||
      globs.some((one) => (isDirectory ? statesAt(name, one).length > 0 : isWithin(name, one)))
    );
  };
}

/** Exact, where `wantedBy` is generous: what is left out by mistake would be read. */
function leftOutBy(given: string): FitsGlob {
  const isFolder = given.endsWith("/");
  const glob = isFolder ? given.slice(0, -1) : given;
  const alternatives = /[()\\]|\[:/.test(glob) ? undefined : expandBraces(anyDepth(glob));
  const globs = alternatives?.map(
    (one): Glob => segmentsOf(one).map((segment) => (segment === "**" ? segment : globTokens(segment))),
  );
  return (path, isDirectory) => {
    const name = (isFolder && !isDirectory ? path.slice(0, -1) : path).map(nameTokens);
    return globs?.some((one) => isWithin(name, one)) === true;
  };
}
