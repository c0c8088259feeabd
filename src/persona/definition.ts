import fs from "node:fs";
import type { z } from "zod";
import { errorCode } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { isPersonaName, plainName, SHORT_NAMES } from "./names.ts";
import { headOf, type Persona } from "./persona.ts";
import { type DefinitionFormat, MAX_DEFINITION_LENGTH } from "./places.ts";
import { personaFileSchema } from "./schema.ts";
import { type Position, parseSource, type Source } from "./source.ts";

/** What is wrong with a definition, and where. */
export interface PersonaProblem extends Partial<Position> {
  /** Absolute path of the file or directory. */
  readonly file: string;
  readonly message: string;
  readonly hint: string;
  /**
   * Plain names that the file defines as far as can be told: the one it states, or else what its text and its file
   * name suggest. Empty for a directory.
   */
  readonly names: readonly string[];
}

export interface DefinitionFile {
  /** Absolute path. */
  readonly file: string;
  readonly format: DefinitionFormat;
  readonly kind: "user" | "project";
}

/** Reads one definition; the problems of a broken one are in document order, and there is at least one. */
export function readDefinition(
  definition: DefinitionFile,
): Result<Persona, readonly [PersonaProblem, ...PersonaProblem[]]> {
  const { file, format, kind } = definition;
  const text = readText(file);
  if (!text.ok) return err([{ file, ...text.error, names: guessNames(file) }]);

  const source = parseSource(text.value, format);
  if (!source.ok) {
    const hint = `Correct the ${format === "json" ? "JSON" : "YAML"} there.`;
    return err([{ file, ...source.error, hint, names: guessNames(file, text.value) }]);
  }

  const parsed = personaFileSchema.safeParse(source.value.value);
  if (parsed.success) {
    const name = plainName(parsed.data.name);
    return ok({ ...parsed.data, ...headOf(parsed.data, name, { kind, file }) });
  }
  const stated = statedName(source.value.value);
  const names = stated === undefined ? guessNames(file) : [stated];
  const problems = parsed.error.issues.map((issue) => ({ file, ...describe(issue, source.value), names }));
  const [first, ...rest] = problems.sort((a, b) => a.line - b.line || a.column - b.column);
  if (first === undefined) throw new Error("a schema error without an issue");
  return err([first, ...rest]);
}

function readText(file: string): Result<string, Pick<PersonaProblem, "message" | "hint">> {
  try {
    const stats = fs.statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) {
      return err({
        message: "a link to a file that does not exist",
        hint: "Correct the link, or remove it.",
      });
    }
    if (!stats.isFile()) {
      return err({ message: "not a regular file", hint: "Put a definition in its place, or rename it." });
    }
    const text = fs.readFileSync(file, "utf8");
    if (text.length <= MAX_DEFINITION_LENGTH) return ok(text);
    const limit = `${MAX_DEFINITION_LENGTH / 1024} Ki`;
    return err({ message: `longer than ${limit} characters`, hint: "Shorten it, or move it elsewhere." });
  } catch (error) {
    const message = `cannot be read (${errorCode(error) ?? "unknown error"})`;
    return err({ message, hint: "Check its permissions." });
  }
}

function describe(
  issue: z.core.$ZodIssue,
  source: Source,
): Position & Pick<PersonaProblem, "message" | "hint"> {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  const field = path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index > 0 ? "." : ""}${step}`))
    .join("");
  const reason = issue.message.replace(/^Invalid (?:input|option): |^Too \w+: /, "");
  const message = reason.endsWith("received undefined") ? "is missing" : reason;
  return {
    ...source.locate(path),
    message: field === "" ? message : `${field}${message === "is missing" ? " " : ": "}${message}`,
    hint: HINTS.get(path[0]) ?? "Correct the value, or remove the field.",
  };
}

const HINTS: ReadonlyMap<unknown, string> = new Map([
  [undefined, 'Write a mapping with at least a name, such as {"name": "security-auditor"}.'],
  ["name", 'Write a kebab-case name, such as "security-auditor".'],
  [
    "budget",
    'Write for instance {"tokens": 2000000, "window": "day"}; windows are day, week, month and run.',
  ],
]);

function statedName(value: unknown): string | undefined {
  const name = (value as { name?: unknown } | null)?.name;
  return typeof name === "string" && isPersonaName(name) ? plainName(name) : undefined;
}

/** What a file probably defines that cannot be understood: by what looks like its name, and by its file name. */
function guessNames(file: string, text = ""): readonly string[] {
  const written = /(?:^|[\s{,])["']?name["']?\s*:\s*["']?([\w-]+)/.exec(text)?.[1] ?? "";
  const stem = file.slice(file.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
  const names = [written, stem]
    .map((guess) => guess.toLowerCase())
    .filter(isPersonaName)
    .map(plainName)
    .map((name) => SHORT_NAMES.get(name) ?? name);
  return [...new Set(names)];
}
