import { hasWildcard } from "./glob.ts";
import type { PathView } from "./path-forms.ts";
import { type RestrictedPaths, UNTELLABLE } from "./restricted-paths.ts";
import { type ContentSearch, findRead, type Read } from "./search-tree.ts";
import { placedCommands } from "./shell-places.ts";
import { allShellCommands, plainWords, programName, type ShellCommand, standsBefore } from "./shell-words.ts";

/**
 * The first restricted file that a `grep -r` in a shell command would read, as `findRead` tells it. Nothing is said of
 * one whose place or options are not plain, nor of `rg`, which leaves out what is hidden and what .gitignore names.
 *
 * @param isLate of `walkLimit`
 */
export function findShellRead(
  command: string,
  restricted: RestrictedPaths,
  view: PathView,
  isLate: () => boolean,
): Read | undefined {
  if (restricted.isEmpty || !command.includes("grep")) return undefined;
  let untellable: Read | undefined;
  for (const { command: one, here, isKnown } of placedCommands(allShellCommands(command), view)) {
    const search = isKnown ? recursiveGrep(one, here) : undefined;
    const found = search && findRead(search, restricted, view, isLate);
    if (found === undefined) continue;
    // Another glob is no option of grep.
    if (found.pattern !== UNTELLABLE) return { pattern: found.pattern, path: found.path };
    untellable ??= found;
  }
  return untellable;
}

/** They run the command that follows them, as it stands there. */
const RUNNER = /^(?:time|command|sudo)$/;

/** Options of grep whose value may stand behind them. */
const WITH_VALUE = /^--(?:include|exclude(?:-dir)?|regexp|file)$/;
const WITH_VALUE_LETTER = /[efmABCdD]/;

interface GrepArguments {
  readonly isRecursive: boolean;
  readonly hasPattern: boolean;
  readonly globs: readonly string[];
  readonly operands: readonly string[];
}

/** What a command reads in a directory, where it is a `grep -r` whose words are plain. */
function recursiveGrep(command: ShellCommand, here: string): ContentSearch | undefined {
  const words = plainWords(command);
  const start = words.findIndex((word) => !standsBefore(word) && !RUNNER.test(word.text));
  // Where another command's output stands among the words, some are not there.
  if (start === -1 || command.isFed || !/^[ef]?grep$/.test(programName(words[start]))) return undefined;
  if (words.some(({ text }) => text.startsWith("--exclude-from"))) return undefined;
  const { isRecursive, hasPattern, globs, operands } = grepArguments(
    words.slice(start + 1).map(({ text }) => text),
  );
  const isPlain = globs.every((glob) => !/[$`]|\/./.test(glob));
  const paths = hasPattern ? operands : operands.slice(1);
  if (!isRecursive || !isPlain || (!hasPattern && operands.length === 0)) return undefined;
  const known = paths.filter((path) => !/[$`]/.test(path) && !hasWildcard(path));
  if (known.length === 0 && paths.length > 0) return undefined;
  const from = known.map((path) => (/^[/~]/.test(path) ? path : `${here}/${path}`));
  return { from: from.length === 0 ? [here] : from, globs, isList: true };
}

const globOf = (option: string, value: string) =>
  option === "--include" ? value : `!${option === "--exclude" ? value : `${value.replace(/\/+$/, "")}/`}`;

/** As GNU grep and that of BSD take them. */
function grepArguments(words: readonly string[]): GrepArguments {
  let isRecursive = false;
  let hasPattern = false;
  const globs: string[] = [];
  const operands: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (word.startsWith("--")) {
      const [name = "", given] = word.split(/=(.*)/s);
      isRecursive ||= /^--(?:dereference-)?recursive$/.test(name);
      if (!WITH_VALUE.test(name)) continue;
      const value = given ?? words[++at] ?? "";
      if (/^--[rf]/.test(name)) hasPattern = true;
      else globs.push(globOf(name, value));
    } else if (/^-./.test(word)) {
      const valued = word.search(WITH_VALUE_LETTER);
      const flags = valued === -1 ? word : word.slice(0, valued);
      isRecursive ||= /[rR]/.test(flags);
      hasPattern ||= /[ef]/.test(word[valued] ?? "");
      if (valued === word.length - 1) at += 1;
    } else operands.push(word);
  }
  return { isRecursive, hasPattern, globs, operands };
}
