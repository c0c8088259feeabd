import { isPatcher, patchPaths } from "./patch.ts";
import { isRecord } from "./request.ts";
import type { ContentSearch } from "./search-tree.ts";

/** What of a tool's input the guard has to look at. */
export interface ToolInput {
  readonly paths: readonly string[];
  /** Globs, and where the search begins; undefined: at the working directory. */
  readonly searches: readonly { readonly glob: string; readonly from: string | undefined }[];
  /** It reads what is in files. */
  readonly contentSearch: ContentSearch | undefined;
  /** Of a shell, as text. */
  readonly command: string | undefined;
  /** Where a shell's command begins; undefined: at the working directory. */
  readonly commandFrom: string | undefined;
  /** There was more than is looked at. */
  readonly isTooLarge: boolean;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/**
 * Tools as agents name them (Claude Code, Copilot, Cursor, Gemini CLI, opencode, Codex, Cline), in lower case and without
 * what is no letter: `run_in_terminal`, `runInTerminal`.
 */
const SHELLS = words("monitor executecommand runcommand execcommand exec containerexec");
const isShellName = (name: string) => SHELLS.has(name) || /shell|bash|terminal/.test(name);
/** They read files to find a text in them. */
const CONTENT_SEARCHES = words(
  "grep greptool grepsearch ripgrep rg searchfilecontent searchtext textsearch findtextinfiles searchfiles codebasesearch searchcodebase codebase semanticsearch readmanyfiles",
);
/** They find files by their names; the glob may be a pattern or a query. */
const NAME_SEARCHES = words("glob globtool globfilesearch filesearch findfiles findfilebyname");
/** They only look. */
const OTHER_READERS = words(
  "read readfile notebookread view viewfile ls list listdir listdirectory listfiles getfile",
);

/** They take a patch, of a server as well: what is called so has nothing else in it that looks like one. */
const isPatchTool = (tool: string) => /applypatch$|^patch$/.test(plain(tool));

const plain = (tool: string) => tool.replace(/[^A-Za-z]/g, "").toLowerCase();

/** Whether an agent's own tool only looks; tools of servers may be called anything. */
export const isReader = (tool: string): boolean =>
  [CONTENT_SEARCHES, NAME_SEARCHES, OTHER_READERS].some((names) => names.has(plain(tool)));

const COMMAND_KEYS = new Set(["command", "cmd", "script", "commandline"]);

/** By the words that a key is made of: `file_path`, `notebookPath`, `paths`, `outputDir`, `uri`. */
const PATH_WORDS = new Set(
  "path paths file files filename filenames filepath filepaths dir dirs directory directories folder folders uri uris cwd root roots source destination src dst dest target from to notebook workdir".split(
    " ",
  ),
);

/** Under any other name: what begins as paths do, and has no blank in it. */
const LIKE_A_PATH = /^(?:\/|\.{1,2}\/|~\/|\.[a-z]|file:)\S*$/i;
const TEXT_KEYS = new Set(
  "content contents text body message prompt description old_string new_string oldtext newtext pattern query regex title command".split(
    " ",
  ),
);

const MAX_VALUES = 2000;
const MAX_DEPTH = 12;

/** Takes apart what a tool was given, of whatever tool: by the names that inputs have everywhere. */
export function readToolInput(
  tool: string,
  server: string | undefined,
  input: Readonly<Record<string, unknown>>,
): ToolInput {
  const paths: string[] = [];
  const globs: string[] = [];
  const leftOut: string[] = [];
  const from: string[] = [];
  const name = server === undefined ? plain(tool) : "";
  let command: string | undefined;
  let values = 0;
  let isTooLarge = false;
  const isPatch = isPatchTool(tool);
  const isShell = !isPatch && (isShellName(name) || server !== undefined);
  const isCommand = (key: string) => isShell && COMMAND_KEYS.has(key.toLowerCase());

  const visit = (value: unknown, key: string, depth: number): void => {
    values += 1;
    if (values > MAX_VALUES || depth > MAX_DEPTH) isTooLarge = true;
    else if (typeof value === "string") {
      if (isCommand(key)) command = command === undefined ? value : `${command}\n${value}`;
      else if (isGlobKey(key, name)) globs.push(value);
      else if (LEFT_OUT_KEYS.has(plain(key))) leftOut.push(`!${value}`);
      else if (isPathKey(key) || (LIKE_A_PATH.test(value) && !TEXT_KEYS.has(key.toLowerCase())))
        paths.push(value);
      if (FROM_KEYS.has(plain(key))) from.push(value);
      if (isPatch) for (const path of patchPaths(value)) visit(path, "file", depth + 1);
    } else if (Array.isArray(value) && isCommand(key) && isPatcher(String(value[0]))) {
      visit(value.map(quoted).join(" "), key, depth + 1);
    } else if (Array.isArray(value)) {
      for (const one of value) visit(one, key, depth + 1);
    } else if (isRecord(value)) {
      for (const [name, one] of Object.entries(value)) visit(one, name, depth + 1);
    }
  };
  visit(input, "", 0);
  const [start] = from;
  if (isPatch && start !== undefined)
    paths.push(...paths.filter((path) => !/^[/~$]/.test(path)).map((path) => `${start}/${path}`));
  return {
    paths,
    searches: globs.map((glob) => ({ glob, from: from[0] })),
    contentSearch: CONTENT_SEARCHES.has(name) ? contentSearch(tool, from, globs, leftOut) : undefined,
    command,
    commandFrom: isShellName(name) ? from[0] : undefined,
    isTooLarge,
  };
}

/** An argument as a shell takes it. */
const quoted = (argument: unknown) => `'${String(argument).replaceAll("'", "'\\''")}'`;

/** Claude Code's takes a list of globs, and nothing else that would leave files out; one reads all that it is given. */
function contentSearch(
  tool: string,
  from: readonly string[],
  globs: readonly string[],
  leftOut: readonly string[],
): ContentSearch {
  if (plain(tool) === "readmanyfiles") return { from: [...from, ...globs], globs: leftOut, isList: false };
  return tool === "Grep"
    ? { from, globs, isList: true }
    : { from, globs: [...globs, ...leftOut], isList: false };
}

/** Where a search or a command begins. */
const FROM_KEYS = words(
  "path paths dirpath directory directories targetdirectory targetdirectories folder workdir cwd",
);

const GLOB_KEYS = words("glob globs globpattern include includes includepattern filepattern");

const LEFT_OUT_KEYS = words(
  "exclude excludes excludepattern excludepatterns ignore ignores ignorepattern ignorepatterns",
);

function isGlobKey(key: string, tool: string): boolean {
  const folded = plain(key);
  return GLOB_KEYS.has(folded) || (NAME_SEARCHES.has(tool) && (folded === "pattern" || folded === "query"));
}

function isPathKey(key: string): boolean {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => PATH_WORDS.has(word));
}
