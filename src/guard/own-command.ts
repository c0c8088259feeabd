import { commandNames } from "../core/command-names.ts";
import { type ShellWord, shellWords } from "./shell-words.ts";

const PROGRAM = /(?:^|\/)tta-persona(?:\.cjs|@[\w.^~-]+)?$/i;

/** Commands of ours that change who is active or what a persona may do; of those with a list, these alone. */
const CHANGING: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  ["switch", undefined],
  ["pick", undefined],
  ["end", undefined],
  ["undo", undefined],
  ["trust", undefined],
  ["init", undefined],
  ["migrate", undefined],
  ["guard", ["install", "uninstall"]],
  ["config", ["set", "unset"]],
  ["budget", ["set", "reset"]],
  ["persona", ["create", "import"]],
]);

/** What runs the command that follows it. */
const RUNNERS = new Set(
  "npx bunx pnpx npm pnpm yarn bun node deno env sudo doas exec command builtin time timeout nice nohup setsid stdbuf xargs if then else elif while until do ! {".split(
    " ",
  ),
);

/** Nobody writes a longer one by hand. */
const MAX_LENGTH = 200_000;

/**
 * The command of this program in a shell command that would change who is active or what a persona may do, such as
 * `switch` or `guard uninstall`; undefined: there is none. In a text that may be another language only what is called by
 * its name is found.
 */
export function ownCommand(command: string): string | undefined {
  if (command.length > MAX_LENGTH) return command.includes("tta-persona") ? "in a long command" : undefined;
  const words = shellWords(command);
  for (const [at, word] of words.entries()) {
    const found = word.isProse ? inText(word, words[at - 1]) : inWords(words, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param before `sh -c` and the like: the text is a shell's, too. */
function inText({ text }: ShellWord, before: ShellWord | undefined): string | undefined {
  if (before !== undefined && /^(?:-\w*c|eval)$/.test(before.text)) return ownCommand(text);
  const parts = text.split(/[^\p{L}\p{N}_./@-]+/u).filter(Boolean);
  for (const [at, part] of parts.entries()) {
    const found = PROGRAM.test(part) ? changing(parts.slice(at + 1, at + 4), false) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function inWords(words: readonly ShellWord[], at: number): string | undefined {
  if (!PROGRAM.test(words[at]?.text ?? "")) return undefined;
  const next = words.findIndex(({ begins }, index) => index > at && begins);
  const rest = words.slice(at + 1, next === -1 ? undefined : next).map(({ text }) => text);
  const first = words.findLastIndex(({ begins }, index) => index <= at && begins);
  const [head = "", ...others] = words
    .slice(Math.max(first, 0), at)
    .map(({ text }) => text)
    .filter((text) => !/^\w+=/.test(text));
  const isRun = (head === "" && others.length === 0) || RUNNERS.has(head.slice(head.lastIndexOf("/") + 1));
  return changing(rest, isRun);
}

/** @param isRun whether a word that is none of our commands is a persona to switch to. */
function changing(words: readonly string[], isRun: boolean): string | undefined {
  const [first, second = ""] = words.filter((word) => word === "-" || !word.startsWith("-"));
  if (first === undefined) return undefined;
  if (!CHANGING.has(first)) return isRun && !commandNames.includes(first) ? "switch" : undefined;
  const only = CHANGING.get(first);
  if (only === undefined) return first;
  return only.includes(second) ? `${first} ${second}` : undefined;
}
