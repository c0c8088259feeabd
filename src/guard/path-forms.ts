import fs from "node:fs";

/** From where a path is looked at. All are absolute. */
export interface PathView {
  /** The agent's working directory. */
  readonly cwd: string;
  /** Where else a relative path may begin: the project. */
  readonly roots: readonly string[];
  /** The user's home, for `~`; undefined where it is not known. */
  readonly userHome: string | undefined;
}

export interface PathForms {
  /** Absolute, without `.` and `..`: every place that the path may stand for, or that leads there. */
  readonly paths: readonly string[];
  /** It goes through a descriptor of another process, and nobody can tell where that leads. */
  readonly isOpaque: boolean;
}

/** As many links as Linux follows (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * Every place that a path as a tool got it may stand for: as it is written and with its links followed, each step
 * of theirs included, whether or not the file is there. Whoever opens it does one of these.
 */
export function pathForms(input: string, view: PathView): PathForms {
  const paths = new Set<string>();
  let isOpaque = false;
  for (const text of spellings(input, view)) {
    const begins = text.startsWith("/")
      ? [""]
      : [...new Set([view.cwd, ...view.roots])].map((dir) => `${dir}/`);
    for (const begin of begins) {
      const absolute = `${begin}${text}`;
      paths.add(normalise(absolute));
      isOpaque = followLinks(absolute, view, paths) || isOpaque;
    }
  }
  return { paths: [...paths], isOpaque };
}

/** What different tools make of the same text. */
function spellings(input: string, { cwd, userHome }: PathView): ReadonlySet<string> {
  const found = new Set([input, input.trim()]);
  for (const text of [...found]) {
    if (/^file:/i.test(text)) found.add(decode(text.replace(/^file:(?:\/\/[^/]*)?/i, "")));
  }
  for (const text of [...found]) {
    if (userHome !== undefined) {
      if (text === "~" || text.startsWith("~/")) found.add(`${userHome}${text.slice(1)}`);
      else if (text.startsWith("~"))
        found.add(`${userHome.slice(0, userHome.lastIndexOf("/"))}/${text.slice(1)}`);
      found.add(text.replace(/\$HOME\b|\$\{HOME\}/g, () => userHome));
    }
    found.add(text.replace(/\$PWD\b|\$\{PWD\}|\$CLAUDE_PROJECT_DIR\b|\$\{CLAUDE_PROJECT_DIR\}/g, () => cwd));
  }
  for (const text of [...found]) {
    if (text.includes("\\")) found.add(text.replaceAll("\\", "/"));
  }
  return found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Takes out `.`, `..` and double slashes, without regard to links. */
export function normalise(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  return `/${kept.join("/")}`;
}

/** @returns whether the way is through a descriptor. */
function followLinks(absolute: string, { cwd }: PathView, paths: Set<string>): boolean {
  let ahead = absolute.split("/");
  let current = "";
  for (let links = 0; ahead.length > 0; ) {
    const [segment = "", ...rest] = ahead;
    ahead = rest;
    if (segment === "" || segment === ".") continue;
    if (segment === "..") {
      current = current.slice(0, current.lastIndexOf("/"));
      continue;
    }
    const next = `${current}/${segment}`;
    if (DESCRIPTOR.test(next)) return true;
    const target = ownLink(next, cwd) ?? readLink(next);
    if (target === undefined) {
      current = next;
      continue;
    }
    links += 1;
    // Beyond that the system does not open it either.
    if (links > MAX_LINKS) return false;
    paths.add(normalise(`${next}/${rest.join("/")}`));
    if (target.startsWith("/")) current = "";
    ahead = [...target.split("/"), ...rest];
  }
  paths.add(current === "" ? "/" : current);
  return false;
}

const PROCESS = "^/proc/(?:self|thread-self|\\d+)(?:/task/\\d+)?";
const DESCRIPTOR = new RegExp(`${PROCESS}/(?:fd|map_files)$|^/dev/fd$`);
const OWN_PLACE = new RegExp(`${PROCESS}/(cwd|root)$`);

/** Links of a process lead where that process is: for the agent's that is not where we are. */
function ownLink(path: string, cwd: string): string | undefined {
  const place = path.startsWith("/proc/") ? OWN_PLACE.exec(path)?.[1] : undefined;
  return place === undefined ? undefined : place === "cwd" ? cwd : "/";
}

function readLink(path: string): string | undefined {
  try {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    return stat?.isSymbolicLink() === true ? fs.readlinkSync(path) : undefined;
  } catch {
    // Below a file, or in a directory that may not be entered: nothing can be opened there.
    return undefined;
  }
}
