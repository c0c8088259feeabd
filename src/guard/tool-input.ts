import { isRecord } from "./request.ts";

/** What of a tool's input the guard has to look at. */
export interface ToolInput {
  readonly paths: readonly string[];
  /** Globs, and where the search begins; undefined: at the working directory. */
  readonly searches: readonly { readonly glob: string; readonly from: string | undefined }[];
  /** Of a shell, as text. */
  readonly command: string | undefined;
  /** There was more than is looked at. */
  readonly isTooLarge: boolean;
}

/** Tools that only look. */
const READERS = new Set(["Read", "NotebookRead", "LS", "Glob", "Grep"]);

export const isReader = (tool: string): boolean => READERS.has(tool);

const SHELLS = new Set(["Bash", "PowerShell", "Shell", "Monitor"]);
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
  let command: string | undefined;
  let values = 0;
  let isTooLarge = false;
  const isShell = SHELLS.has(tool) || server !== undefined;

  const visit = (value: unknown, key: string, depth: number): void => {
    values += 1;
    if (values > MAX_VALUES || depth > MAX_DEPTH) isTooLarge = true;
    else if (typeof value === "string") {
      if (isShell && COMMAND_KEYS.has(key.toLowerCase()))
        command = command === undefined ? value : `${command}\n${value}`;
      else if (key === "glob" || key === "globs" || (key === "pattern" && tool === "Glob")) globs.push(value);
      else if (isPathKey(key) || (LIKE_A_PATH.test(value) && !TEXT_KEYS.has(key.toLowerCase())))
        paths.push(value);
    } else if (Array.isArray(value)) {
      for (const one of value) visit(one, key, depth + 1);
    } else if (isRecord(value)) {
      for (const [name, one] of Object.entries(value)) visit(one, name, depth + 1);
    }
  };
  visit(input, "", 0);
  const from = typeof input.path === "string" ? input.path : undefined;
  return { paths, searches: globs.map((glob) => ({ glob, from })), command, isTooLarge };
}

function isPathKey(key: string): boolean {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => PATH_WORDS.has(word));
}
