import fs from "node:fs";
import { hasWildcard } from "./glob.ts";
import { appliesPatch, isPatcher, patchPaths } from "./patch.ts";
import type { PathView } from "./path-forms.ts";
import { type RestrictedPaths, type Restriction, UNTELLABLE } from "./restricted-paths.ts";
import { placedCommands } from "./shell-places.ts";
import {
  allShellCommands,
  hasSubstitution,
  plainWords,
  programName,
  type ShellCommand,
  type ShellWord,
} from "./shell-words.ts";

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
  const commands = allShellCommands(command);
  const isPiped = commands.some((one) => one.isFed && appliesPatch(one));
  for (const { command: one, here, goneTo } of placedCommands(commands, { cwd, userHome })) {
    const from = [...new Set([cwd, here, ...(goneTo === undefined ? [] : [goneTo])])];
    for (const word of wordsOf(one)) {
      for (const { part, how } of partsOf(word, one, isPiped)) {
        // A bare word such as `frontend` is a path only where there is something of that name.
        const isBare = how !== "file" && !/[/.~*?[\\${]/.test(part);
        const isSure = how !== "piece" && !isBare;
        if ((isBare && word.isProse) || STREAM.test(part)) continue;
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

interface Part {
  readonly part: string;
  /** `file`: nothing else; `whole`: could be an operand or the value of an option; `piece`: of a word or a text. */
  readonly how: "file" | "whole" | "piece";
}

/** @param isPiped whether a patch may come from any text in the line. */
function partsOf(word: ShellWord, command: ShellCommand, isPiped: boolean): readonly Part[] {
  const { text, isProse } = word;
  if (!(appliesPatch(command) || (isPiped && isProse))) return partsOfWord(word);
  const files = patchPaths(text).map((part): Part => ({ part, how: "file" }));
  // The rest of a patch is what the files hold, unless the shell makes something of it first.
  const isPatch = isProse && isPatcher(programName(plainWords(command)[0])) && !hasSubstitution(word);
  return isPatch ? files : [...files, ...partsOfWord(word)];
}

function partsOfWord(word: ShellWord): readonly Part[] {
  const { text, isProse } = word;
  if (isProse) {
    const words = text.split(/[^\p{L}\p{N}\p{M}_./~*?[\]$+@%-]+/u);
    return words.filter(Boolean).map((part) => ({ part, how: "piece" }));
  }
  // Of grep, tar, rsync: what is not to be read.
  if (/^--exclude(?:-dir)?=/.test(text) && !hasSubstitution(word)) return [];
  const whole = [text, text.slice(text.indexOf("=") + 1), text.replace(/^(?:-\w)?@?/, "")];
  const pieces = text.split(/[:,=@]/);
  return [
    ...[...new Set(whole)].filter(Boolean).map((part): Part => ({ part, how: "whole" })),
    ...(pieces.length === 1 ? [] : pieces.filter(Boolean).map((part): Part => ({ part, how: "piece" }))),
  ];
}
