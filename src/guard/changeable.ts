import {
  hasSubstitution,
  plainWords,
  programName,
  type ShellCommand,
  type ShellWord,
} from "./shell-words.ts";

/** They only look at the files that they are given, and run nothing. */
export const READERS = new Set(
  "cat head tail less more bat ls tree stat file wc grep egrep fgrep rg diff cmp jq cut od hexdump md5sum sha256sum readlink realpath basename dirname echo printf cd pwd test [".split(
    " ",
  ),
);
export const READERS_OF_GIT = new Set("blame diff log ls-files show status".split(" "));

/** With these, some of them write to a file or run a program. */
const ACTING = /^(?:--(?:pre|pager|output|log-file|ext-diff|hostname-bin|compile)\b|-(?:o|O|C$))/;

/**
 * The words of a command that may name a file which it changes: none of those that it only reads, where it is a plain
 * command that is known to do no more.
 */
export function changeable(command: ShellCommand): readonly ShellWord[] {
  const { words } = command;
  const [head, ...others] = plainWords(command);
  const name = programName(head);
  const rest = others.map(({ text }) => text);
  const isReader =
    name === "git" ? READERS_OF_GIT.has(rest[0] ?? "") : READERS.has(name) || isPrintingSed(name, rest);
  // A substitution within quotes is a command of its own.
  if (!isReader || words.some(hasSubstitution) || rest.some((text) => ACTING.test(text))) {
    return words.filter(({ kind }) => kind !== "input");
  }
  return words.filter(({ kind }) => kind === "output");
}

/** `sed -n 1,40p`: any other script may write. */
function isPrintingSed(name: string, [option, script = ""]: readonly string[]): boolean {
  return name === "sed" && option === "-n" && /^\d+(?:,(?:\d+|\$))?p$/.test(script);
}
