import { readDefinitionText } from "../core/definition-text.ts";
import { type DefinitionProblem, guessNames } from "../core/definitions.ts";
import type { ValuePath } from "../core/json-scan.ts";
import { err, ok, type Result } from "../core/result.ts";
import { schemaProblems } from "../core/schema-problem.ts";
import { parseSource, type SourceFormat } from "../core/source.ts";
import { isPersonaName, plainName, SHORT_NAMES } from "./names.ts";
import { headOf, type Persona } from "./persona.ts";
import { personaFileSchema } from "./schema.ts";

/** What is wrong with a persona's definition; `names` are plain names. */
export type PersonaProblem = DefinitionProblem;

export interface DefinitionFile {
  /** Absolute path. */
  readonly file: string;
  readonly format: SourceFormat;
  readonly kind: "user" | "project";
}

/** Reads one definition; the problems of a broken one are in document order, and there is at least one. */
export function readDefinition(
  definition: DefinitionFile,
): Result<Persona, readonly [PersonaProblem, ...PersonaProblem[]]> {
  const { file, format, kind } = definition;
  const text = readDefinitionText(file);
  if (!text.ok) return err([{ file, ...text.error, names: guessNames(file, "", toName) }]);

  const source = parseSource(text.value, format);
  if (!source.ok) {
    const hint = `Correct the ${format === "json" ? "JSON" : "YAML"} there.`;
    return err([
      { file, ...source.error, hint, code: "broken", names: guessNames(file, text.value, toName) },
    ]);
  }

  const parsed = personaFileSchema.safeParse(source.value.value);
  if (parsed.success) {
    const name = plainName(parsed.data.name);
    return ok({ ...parsed.data, ...headOf(parsed.data, name, { kind, file }) });
  }
  const stated = statedName(source.value.value);
  const names = stated === undefined ? guessNames(file, "", toName) : [stated];
  const [first, ...rest] = schemaProblems(parsed.error.issues, source.value, hintFor);
  return err([{ file, ...first, names }, ...rest.map((problem) => ({ file, ...problem, names }))]);
}

const hintFor = (path: ValuePath): string => HINTS.get(path[0]) ?? "Correct the value, or remove the field.";

const HINTS: ReadonlyMap<unknown, string> = new Map([
  [undefined, 'Write a mapping with at least a name, such as {"name": "security-auditor"}.'],
  ["name", 'Write a kebab-case name, such as "security-auditor".'],
  [
    "budget",
    'Write for instance {"tokens": 2000000, "window": "day"}; windows are day, week, month and run.',
  ],
  ["capture", "It takes full, masked, metadata or none."],
]);

function statedName(value: unknown): string | undefined {
  const name = (value as { name?: unknown } | null)?.name;
  return typeof name === "string" && isPersonaName(name) ? plainName(name) : undefined;
}

function toName(guess: string): string | undefined {
  if (!isPersonaName(guess)) return undefined;
  const name = plainName(guess);
  return SHORT_NAMES.get(name) ?? name;
}
