import fs from "node:fs";
import { hasWildcard } from "./glob.ts";
import { type RestrictedPaths, type Restriction, UNTELLABLE } from "./restricted-paths.ts";
import { shellCommands } from "./shell-words.ts";

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
 * substitution, a script or a walk through a directory comes to.
 */
export function scanCommand(
  command: string,
  paths: RestrictedPaths,
  cwd: string,
): CommandFinding | undefined {
  if (paths.isEmpty) return undefined;
  const unseen: CommandFinding = { pattern: UNTELLABLE, path: "", how: "maybe" };
  if (command.length > MAX_LENGTH) return unseen;
  const looked = new Set<string>();
  let maybe: CommandFinding | undefined;
  for (const { text, isProse } of shellCommands(command).flatMap(({ words }) => words)) {
    for (const { part, isWhole } of partsOf(text, isProse)) {
      // A bare word such as `frontend` is a path only where there is something of that name.
      const isBare = !/[/.~*?[\\${]/.test(part);
      const isSure = isWhole && !isProse && !isBare;
      const key = `${isSure} ${part}`;
      if ((isBare && isProse) || looked.has(key) || STREAM.test(part)) continue;
      looked.add(key);
      if (looked.size > MAX_PARTS) return maybe ?? unseen;
      if (isBare && !fs.existsSync(`${cwd}/${part}`)) continue;
      const found = paths.findPath(part) ?? (hasWildcard(part) ? paths.findSearch(part, cwd) : undefined);
      if (found === undefined) continue;
      if (isSure && found.pattern !== UNTELLABLE) return { ...found, how: "sure" };
      maybe ??= { ...found, how: "maybe" };
    }
  }
  return maybe;
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
