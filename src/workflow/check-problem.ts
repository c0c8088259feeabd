import { didYouMean } from "../core/did-you-mean.ts";
import type { ValuePath } from "../core/json-scan.ts";
import { fieldName } from "../core/schema-problem.ts";

/** Something wrong that the schema cannot see, by its place in the file. */
export interface CheckProblem {
  readonly path: ValuePath;
  readonly message: string;
  readonly hint: string;
}

/** A name that stands for nothing. @param what it is a name of. */
export function unknown(path: ValuePath, what: string, name: string, known: readonly string[]): CheckProblem {
  const meant = didYouMean(name, known);
  const there =
    known.length === 0 ? `There is no ${what} that it could be.` : `Known here: ${known.join(", ")}.`;
  return problem(
    path,
    `no ${what} ${name}`,
    meant.length > 0 ? `Did you mean ${meant.join(" or ")}?` : there,
  );
}

export const problem = (path: ValuePath, message: string, hint: string): CheckProblem => ({
  path,
  message: `${fieldName(path)}: ${message}`,
  hint,
});
