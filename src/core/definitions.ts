import fs from "node:fs";
import { errorCode } from "./errors.ts";
import type { Position } from "./position.ts";
import type { Result } from "./result.ts";

/** What is wrong with a definition, and where. */
export interface DefinitionProblem extends Partial<Position> {
  /** Absolute path of the file or directory. */
  readonly file: string;
  readonly message: string;
  readonly hint: string;
  /** What kind of problem it is; absent where it is one of what the definition says. */
  readonly code?: DefinitionProblemCode;
  /**
   * What the file defines as far as can be told: the name it states, or else what its text and its file name
   * suggest. Empty for a directory.
   */
  readonly names: readonly string[];
}

/** `broken`: neither text nor syntax are right; `unreadable`: a directory. */
export type DefinitionProblemCode = "broken" | "dangling-link" | "name-clash" | "unreadable";

/** What one directory holds. */
export interface DefinitionLayer<D> {
  readonly definitions: readonly D[];
  /** By file and position. */
  readonly problems: readonly DefinitionProblem[];
}

/** What all places hold together. */
export interface Definitions<D> {
  readonly byName: ReadonlyMap<string, D>;
  /** By precedence of the place, then by file and position. */
  readonly problems: readonly DefinitionProblem[];
  /**
   * Names that a broken file probably defines and that nothing of higher precedence does. A definition of that name
   * from a lower place may be in `byName`; to use it would pass over the user's own silently.
   */
  readonly broken: ReadonlyMap<string, DefinitionProblem>;
}

/** How one kind of definition is read. */
export interface DefinitionReader<D> {
  /** Undefined: a file of that name is no definition. */
  read(file: string, fileName: string): Result<D, readonly DefinitionProblem[]> | undefined;
  nameOf(definition: D): string;
  fileOf(definition: D): string;
}

/** Reads a directory. A broken file hides no other; of two files that define the same name neither counts. */
export function readDefinitions<D>(path: string, reader: DefinitionReader<D>): DefinitionLayer<D> {
  let fileNames: readonly string[];
  try {
    fileNames = fs.readdirSync(path).sort();
  } catch (error) {
    const message = `cannot be read (${errorCode(error) ?? "unknown error"})`;
    const hint = "Make it a directory that you may read, or remove it.";
    return { definitions: [], problems: [{ file: path, message, hint, code: "unreadable", names: [] }] };
  }

  const found = new Map<string, D[]>();
  const problems: DefinitionProblem[] = [];
  for (const fileName of fileNames) {
    const read = reader.read(`${path}/${fileName}`, fileName);
    if (read === undefined) continue;
    if (!read.ok) {
      problems.push(...read.error);
      continue;
    }
    const name = reader.nameOf(read.value);
    found.set(name, [...(found.get(name) ?? []), read.value]);
  }

  const definitions: D[] = [];
  for (const [name, [first, ...others]] of found) {
    if (first === undefined) continue;
    if (others.length === 0) definitions.push(first);
    for (const other of others) {
      problems.push({
        file: reader.fileOf(other),
        message: `defines ${name}, and so does ${reader.fileOf(first)}`,
        hint: "Rename one of them, or remove it.",
        code: "name-clash",
        names: [name],
      });
    }
  }
  return { definitions, problems: problems.sort((a, b) => compareText(a.file, b.file)) };
}

/** @param layers the one that takes precedence first */
export function layDefinitions<D>(
  layers: readonly DefinitionLayer<D>[],
  nameOf: (definition: D) => string,
): Definitions<D> {
  const byName = new Map<string, D>();
  const broken = new Map<string, DefinitionProblem>();
  for (const { definitions, problems } of layers.toReversed()) {
    for (const definition of definitions) {
      byName.set(nameOf(definition), definition);
      broken.delete(nameOf(definition));
    }
    // Backwards, so that the first problem of a file is the one that is told.
    for (const problem of problems.toReversed()) {
      for (const name of problem.names) broken.set(name, problem);
    }
  }
  const sorted = [...byName].sort(([a], [b]) => compareText(a, b));
  return { byName: new Map(sorted), problems: layers.flatMap(({ problems }) => problems), broken };
}

/**
 * What a file probably defines that cannot be understood: by what looks like its name, and by its file name.
 *
 * @param toName a guess as the name that it would be, or undefined when it cannot be one
 */
export function guessNames(
  file: string,
  text: string,
  toName: (guess: string) => string | undefined,
): readonly string[] {
  const written = /(?:^|[\s{,])["']?name["']?\s*:\s*["']?([\w-]+)/.exec(text)?.[1] ?? "";
  const stem = file.slice(file.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
  const names = [written, stem].map((guess) => toName(guess.toLowerCase()));
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Code unit by code unit, for orders that are the same everywhere. */
export const compareText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
