import { didYouMean } from "../core/did-you-mean.ts";
import type { Parameter } from "./definition.ts";

/** https://semver.org/spec/v2.0.0.html, its suggested regular expression. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;

export interface ValueProblem {
  /** Goes on from the parameter's name: `is not …`. */
  readonly message: string;
  readonly hint: string;
}

/** What keeps a text from being a value of this parameter; undefined when nothing does. */
export function parameterProblem(
  { type, values }: Pick<Parameter, "type" | "values">,
  value: string,
): ValueProblem | undefined {
  // No environment variable can hold it.
  if (value.includes("\0")) return { message: "holds a NUL character", hint: "Remove it." };
  switch (type) {
    case "string":
      return undefined;
    case "path":
      return value === "" ? { message: "is empty", hint: "Write a path." } : undefined;
    case "semver":
      return SEMVER.test(value)
        ? undefined
        : { message: "is not a semantic version", hint: semverHint(value) };
    case "boolean":
      return value === "true" || value === "false"
        ? undefined
        : { message: "is neither true nor false", hint: "Write true or false." };
    case "enum":
      return values.includes(value)
        ? undefined
        : { message: `is not one of ${values.join(", ")}`, hint: enumHint(value, values) };
  }
}

function semverHint(value: string): string {
  const bare = value.replace(/^v/, "");
  const repaired = [bare, `${bare}.0`, `${bare}.0.0`].find((candidate) => SEMVER.test(candidate));
  return repaired === undefined ? "Write it like 1.2.3 or 1.2.3-rc.1." : `Write it like ${repaired}.`;
}

function enumHint(value: string, values: readonly string[]): string {
  const [nearest] = didYouMean(value, values);
  return nearest === undefined ? `Write ${values.join(" or ")}.` : `Did you mean ${nearest}?`;
}
