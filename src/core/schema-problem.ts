import type * as z from "zod";
import type { ValuePath } from "./json-scan.ts";
import type { Position } from "./position.ts";
import type { Source } from "./source.ts";

export interface SchemaProblem extends Position {
  readonly message: string;
  readonly hint: string;
}

/** What a schema's own message may say after a line break: what to do. */
export const withHint = (message: string, hint: string): string => `${message}\n${hint}`;

/**
 * What a schema found wrong, in the order of the document.
 *
 * @param hintFor what to do about a field, where the schema does not say so itself
 */
export function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  source: Source,
  hintFor: (path: ValuePath) => string,
): readonly [SchemaProblem, ...SchemaProblem[]] {
  const problems = issues
    .flatMap((issue) => simpleIssues(issue))
    .map((one) => describe(one, source, hintFor));
  const [first, ...rest] = problems.sort((a, b) => a.line - b.line || a.column - b.column);
  if (first === undefined) throw new Error("a schema error without an issue");
  return [first, ...rest];
}

/** `stages[2].retry.delay` */
export function fieldName(path: ValuePath): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index > 0 ? "." : ""}${step}`))
    .join("");
}

interface SimpleIssue {
  readonly path: ValuePath;
  readonly message: string;
  readonly isKey: boolean;
}

/** Unknown keys one by one; of a union, what the alternative says that comes nearest. */
function simpleIssues(issue: z.core.$ZodIssue, parent: ValuePath = []): readonly SimpleIssue[] {
  const path = [...parent, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], message: issue.message, isKey: true }));
  }
  if (issue.code === "invalid_key") {
    return issue.issues.map(({ message }) => ({ path, message, isKey: true }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const nearest = issue.errors.find((issues) => !issues.some(isWrongType));
    if (nearest !== undefined) return nearest.flatMap((inner) => simpleIssues(inner, path));
    const expected = issue.errors
      .flat()
      .map((inner) => inner.message.replace(/^.*expected |, received .*$/g, ""));
    const received = /, received .*$/.exec(issue.errors.flat()[0]?.message ?? "")?.[0] ?? "";
    return [{ path, message: `expected ${[...new Set(expected)].join(" or ")}${received}`, isKey: false }];
  }
  return [{ path, message: issue.message, isKey: false }];
}

const isWrongType = (issue: z.core.$ZodIssue): boolean =>
  issue.code === "invalid_type" && issue.path.length === 0;

function describe(
  { path, message: text, isKey }: SimpleIssue,
  source: Source,
  hintFor: (path: ValuePath) => string,
): SchemaProblem {
  const [said = "", hint = hintFor(path)] = text.split("\n");
  const reason = said.replace(/^Invalid (?:input|option): |^Too \w+: /, "");
  const message = reason.endsWith("received undefined") ? "is missing" : reason;
  const field = fieldName(path);
  return {
    ...(isKey ? source.locateKey(path) : source.locate(path)),
    message: field === "" ? message : `${field}${message === "is missing" ? " " : ": "}${message}`,
    hint,
  };
}
