import fs from "node:fs";
import { errorCode } from "../core/errors.ts";
import { type Finding, finding } from "../core/finding.ts";
import { type IgnoresDirectory, parseGitignore } from "../core/gitignore.ts";
import { isThere } from "../core/project-directories.ts";
import { CHATMODE_ENDING, CHATMODE_FOLDERS } from "./chatmode.ts";

/** Beneath the root; a package that lies deeper than that is not found, and no folder is told of it. */
const MAX_DEPTH = 8;
/** Folders that are looked into; whoever starts it in a home directory has to get an answer too. */
const MAX_FOLDERS = 5_000;
const MAX_FILES = 2_000;
const MAX_IGNORE_BYTES = 65_536;

/** Never walked, ignored or not. */
const SKIPPED = new Set([".git", "node_modules", ".venv", "__pycache__"]);

export interface FoundChatmodes {
  /** Where the search began: absolute, without a slash at its end. */
  readonly root: string;
  readonly files: readonly FoundFile[];
  /** Folders that could not be read, links that lead nowhere, and that there is more than what was searched. */
  readonly findings: readonly Finding[];
}

export interface FoundFile {
  /** Absolute path as it was found. */
  readonly file: string;
  /** What holds its chatmode folder: the project's root, or a package. */
  readonly owner: string;
}

/**
 * Finds the chatmode files of the project that holds a directory, those of nested packages included. Links to folders
 * are followed to a chatmode folder only, so that no walk goes in circles. What `.gitignore` files of the project
 * ignore is not walked; a chatmode folder beside what is walked counts even so, since personal ones are often ignored.
 *
 * @param cwd absolute
 */
export function findChatmodes(cwd: string): FoundChatmodes {
  const root = projectRoot(cwd);
  const files: FoundFile[] = [];
  const findings: Finding[] = [];
  let isIncomplete = false;
  // Breadth first: where a bound is met, what is near was seen.
  const queue: Place[] = [{ path: root, depth: 0, ignores: [] }];
  for (let index = 0; index < queue.length; index += 1) {
    const place = queue[index];
    if (place === undefined) continue;
    if (index >= MAX_FOLDERS || files.length >= MAX_FILES) {
      isIncomplete = true;
      break;
    }
    const entries = entriesOf(place.path);
    const names = new Set(entries.map(({ name }) => name));
    collectOwn(place.path, names, files, findings);
    queue.push(...childrenOf(place, entries, names.has(".gitignore")));
  }
  if (isIncomplete) {
    const message = `only ${MAX_FOLDERS} folders and ${MAX_FILES} files of this tree were searched for chatmodes`;
    findings.push(finding("chatmodes-incomplete", { file: root }, message, "Run it in a smaller directory."));
  }
  return { root, files, findings };
}

interface Place {
  readonly path: string;
  readonly depth: number;
  /** The `.gitignore` files above and here, outermost first. */
  readonly ignores: readonly { readonly base: string; readonly ignores: IgnoresDirectory }[];
}

/** The nearest parent with a repository; without one, the nearest with anything of ours; else the directory itself. */
export function projectRoot(cwd: string): string {
  const parents: string[] = [];
  for (let path = cwd.replace(/\/+$/, ""); path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
    parents.push(path);
  }
  const repository = parents.find((path) => fs.existsSync(`${path}/.git`));
  const marks = [".tta", ".tta-persona", ".hypertool", ...CHATMODE_FOLDERS];
  const marked = parents.find((path) => marks.some((mark) => fs.existsSync(`${path}/${mark}`)));
  return repository ?? marked ?? cwd.replace(/(?<=.)\/+$/, "");
}

/** Of a folder that cannot be opened nothing is known, and nothing is claimed. */
function entriesOf(path: string): readonly fs.Dirent[] {
  try {
    return fs.readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** @param names what the owner holds: nearly none has a chatmode folder, and asking costs an exception each */
function collectOwn(
  owner: string,
  names: ReadonlySet<string>,
  files: FoundFile[],
  findings: Finding[],
): void {
  for (const folder of CHATMODE_FOLDERS) {
    const [parent = "", child = ""] = folder.split("/");
    if (!names.has(parent)) continue;
    const holder = `${owner}/${parent}`;
    const path = isDangling(holder) ? holder : `${holder}/${child}`;
    for (const name of readFolder(path, findings)) {
      const isChatmode = name.endsWith(CHATMODE_ENDING) && !name.startsWith(".");
      if (isChatmode) files.push({ file: `${path}/${name}`, owner });
    }
  }
}

/** Names in it, sorted; none where there is no such folder. */
function readFolder(path: string, findings: Finding[]): readonly string[] {
  try {
    return fs.readdirSync(path).sort();
  } catch (error) {
    const code = errorCode(error) ?? "unknown error";
    if (isDangling(path)) {
      const message = "a link to a folder that does not exist";
      findings.push(finding("dangling-link", { file: path }, message, "Correct the link, or remove it."));
    } else if (isThere(path)) {
      const message = `cannot be read (${code})`;
      const hint = "Make it a folder that you may read, or remove it.";
      findings.push(finding("unreadable", { file: path }, message, hint));
    }
    return [];
  }
}

function childrenOf(
  { path, depth, ignores: outer }: Place,
  entries: readonly fs.Dirent[],
  hasIgnores: boolean,
): readonly Place[] {
  if (depth >= MAX_DEPTH) return [];
  const own = hasIgnores ? readIgnores(path) : undefined;
  const ignores = own === undefined ? outer : [...outer, { base: path, ignores: own }];
  return entries
    .filter((entry) => entry.isDirectory() && !SKIPPED.has(entry.name))
    .map(({ name }) => ({ path: `${path}/${name}`, depth: depth + 1, ignores }))
    .filter((place) => !isIgnored(place))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Of what several files say, the innermost counts. */
function isIgnored({ path, ignores }: Place): boolean {
  for (const { base, ignores: says } of ignores.toReversed()) {
    const verdict = says(path.slice(base.length + 1));
    if (verdict !== undefined) return verdict;
  }
  return false;
}

function readIgnores(path: string): IgnoresDirectory | undefined {
  try {
    const file = `${path}/.gitignore`;
    const stats = fs.statSync(file, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size > MAX_IGNORE_BYTES) return undefined;
    return parseGitignore(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function isDangling(path: string): boolean {
  try {
    const isLink = fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink && !fs.existsSync(path);
  } catch {
    return false;
  }
}
