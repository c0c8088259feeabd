import fs from "node:fs";
import { hasWildcard } from "./glob.ts";
import { normalise, type PathView } from "./path-forms.ts";
import { type RestrictedPaths, type Restriction, UNTELLABLE } from "./restricted-paths.ts";
import { plainWords, type ShellCommand, type ShellWord, shellCommands } from "./shell-words.ts";

export interface CommandFinding extends Restriction {
  /** `sure`: a word of the command is such a path. `maybe`: it stands in a text, or could be another word. */
  readonly how: "sure" | "maybe";
}

/** What is longer than either is not looked through, and is asked for: the guard must answer while it is waited for. */
const MAX_LENGTH = 200_000;
const MAX_PARTS = 4000;

/** Where a shell's own input and output are; nobody reads a restricted file by them. */
const STREAM = /^\/(?:dev\/(?:std(?:in|out|err)|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/**
 * Looks for restricted paths in the text of a shell command. It sees what is written there: not what a variable, a
 * substitution, a script or a walk through a directory comes to. What is relative counts from where the command begins,
 * and from where a `cd` or `-C` in it goes.
 *
 * @param wordsOf what of each command is looked at
 */
export function scanCommand(
  command: string,
  paths: RestrictedPaths,
  { cwd, userHome }: Pick<PathView, "cwd" | "userHome">,
  wordsOf: (command: ShellCommand) => readonly ShellWord[] = ({ words }) => words,
): CommandFinding | undefined {
  if (paths.isEmpty) return undefined;
  const unseen: CommandFinding = { pattern: UNTELLABLE, path: "", how: "maybe" };
  if (command.length > MAX_LENGTH) return unseen;
  const looked = new Set<string>();
  let maybe: CommandFinding | undefined;
  /** By how many parentheses there are around: what is gone to within them ends with them. */
  let places: readonly string[] = [cwd];
  for (const one of shellCommands(command)) {
    places = placesAt(one.depth, places);
    const here = places[one.depth] ?? cwd;
    const goneTo = destination(one, here, { cwd, userHome });
    const from = [...new Set([cwd, here, ...(goneTo === undefined ? [] : [goneTo])])];
    if (goneTo !== undefined && isCd(one)) places = [...places.slice(0, one.depth), goneTo];
    for (const { text, isProse } of wordsOf(one)) {
      for (const { part, isWhole } of partsOf(text, isProse)) {
        // A bare word such as `frontend` is a path only where there is something of that name.
        const isBare = !/[/.~*?[\\${]/.test(part);
        const isSure = isWhole && !isProse && !isBare;
        if ((isBare && isProse) || STREAM.test(part)) continue;
        for (const directory of /^[/~$]/.test(part) ? [cwd] : from) {
          const path = directory === cwd ? part : `${directory}/${part}`;
          const key = `${isSure} ${path}`;
          if (looked.has(key)) continue;
          looked.add(key);
          if (looked.size > MAX_PARTS) return maybe ?? unseen;
          if (isBare && !fs.existsSync(`${directory}/${part}`)) continue;
          const found =
            paths.findPath(path) ?? (hasWildcard(part) ? paths.findSearch(part, directory) : undefined);
          if (found === undefined) continue;
          if (isSure && found.pattern !== UNTELLABLE) return { ...found, how: "sure" };
          maybe ??= { ...found, how: "maybe" };
        }
      }
    }
  }
  return maybe;
}

function placesAt(depth: number, places: readonly string[]): readonly string[] {
  const next = places.slice(0, depth + 1);
  while (next.length <= depth) next.push(next.at(-1) ?? "");
  return next;
}

const isCd = (command: ShellCommand) => /^(?:cd|pushd)$/.test(plainWords(command)[0]?.text ?? "");

/** Where `cd`, or the option `-C` of git, make and tar, goes; undefined where it does not, or nobody can tell. */
function destination(
  command: ShellCommand,
  here: string,
  { cwd, userHome = "" }: Pick<PathView, "cwd" | "userHome">,
): string | undefined {
  const [, ...words] = plainWords(command).map(({ text }) => text);
  const option = words.indexOf("-C");
  const given = isCd(command)
    ? (words.find((text) => text === "-" || !text.startsWith("-")) ?? "~")
    : option === -1
      ? undefined
      : words[option + 1];
  if (given === undefined || given === "-") return undefined;
  const text = given
    .replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, () => userHome)
    .replace(/^(?:\$PWD|\$\{PWD\})(?=\/|$)/, () => here)
    .replace(/^(?:\$CLAUDE_PROJECT_DIR|\$\{CLAUDE_PROJECT_DIR\})(?=\/|$)/, () => cwd);
  return /[$`]/.test(text) ? undefined : normalise(text.startsWith("/") ? text : `${here}/${text}`);
}

interface Part {
  readonly part: string;
  /** Could be an operand or the value of an option. */
  readonly isWhole: boolean;
}

function partsOf(text: string, isProse: boolean): readonly Part[] {
  if (isProse) {
    const words = text.split(/[^\p{L}\p{N}\p{M}_./~*?[\]$+@%-]+/u);
    return words.filter(Boolean).map((part) => ({ part, isWhole: false }));
  }
  const whole = [text, text.slice(text.indexOf("=") + 1), text.replace(/^(?:-\w)?@?/, "")];
  const pieces = text.split(/[:,=@]/);
  return [
    ...[...new Set(whole)].filter(Boolean).map((part) => ({ part, isWhole: true })),
    ...(pieces.length === 1 ? [] : pieces.filter(Boolean).map((part) => ({ part, isWhole: false }))),
  ];
}
