import fs from "node:fs";
import { hasWildcard } from "./glob.ts";
import type { RestrictedPaths, Restriction } from "./restricted-paths.ts";
import { shellWords } from "./shell-words.ts";

export interface CommandFinding extends Restriction {
  /** `sure`: a word of the command is such a path. `maybe`: it stands in a text, or could be another word. */
  readonly how: "sure" | "maybe";
}

/** A command longer than this is looked at no further. */
const MAX_WORDS = 5000;

/**
 * Looks for restricted paths in the text of a shell command. It sees what is written there: not what a variable, a
 * substitution, a script or a walk through a directory comes to.
 */
export function scanCommand(
  command: string,
  paths: RestrictedPaths,
  cwd: string,
): CommandFinding | undefined {
  let maybe: CommandFinding | undefined;
  for (const { text, isProse } of shellWords(command).slice(0, MAX_WORDS)) {
    for (const { part, isWhole } of partsOf(text, isProse)) {
      // A bare word such as `frontend` is a path only where there is something of that name.
      const isBare = !/[/.~*?[\\$]/.test(part);
      if (isBare && (isProse || !fs.existsSync(`${cwd}/${part}`))) continue;
      const found = paths.findPath(part) ?? (hasWildcard(part) ? paths.findSearch(part, cwd) : undefined);
      if (found === undefined) continue;
      if (isWhole && !isProse && !isBare) return { ...found, how: "sure" };
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
    const words = text.slice(0, 100_000).split(/[^\p{L}\p{N}\p{M}_./~*?[\]$+@%-]+/u);
    return words
      .filter(Boolean)
      .slice(0, MAX_WORDS)
      .map((part) => ({ part, isWhole: false }));
  }
  const whole = [text, text.slice(text.indexOf("=") + 1), text.replace(/^(?:-\w)?@?/, "")];
  const pieces = text.split(/[:,=@]/);
  return [
    ...[...new Set(whole)].filter(Boolean).map((part) => ({ part, isWhole: true })),
    ...(pieces.length === 1 ? [] : pieces.filter(Boolean).map((part) => ({ part, isWhole: false }))),
  ];
}
