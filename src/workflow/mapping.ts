import * as z from "zod";
import { didYouMean } from "../core/did-you-mean.ts";
import { withHint } from "../core/schema-problem.ts";

/** Which keys of a mapping go together. The published JSON Schema says the same, as far as it can. */
interface KeyRules {
  /** Exactly one of these is there. */
  readonly oneOf?: readonly string[];
  /** At least one of these is there. */
  readonly anyOf?: readonly string[];
  /** What a key wants beside it. */
  readonly wants?: Readonly<Record<string, string>>;
  /** The keys of which one has to be there for this one. */
  readonly belongsTo?: Readonly<Record<string, readonly string[]>>;
}

/** A mapping that knows all its keys, names the one that was meant, and says which of them go together. */
export function mapping<Shape extends z.ZodRawShape>(shape: Shape, rules: KeyRules = {}) {
  const known = Object.keys(shape);
  const strict = z.strictObject(shape, {
    error(issue) {
      if (issue.code !== "unrecognized_keys") return undefined;
      const meant = [...new Set(issue.keys.flatMap((key) => didYouMean(key, known)))];
      const hint =
        meant.length > 0 ? `Did you mean ${meant.join(" or ")}?` : `Known here: ${known.join(", ")}.`;
      return withHint("there is no such key here", hint);
    },
  });
  const { oneOf, anyOf, wants } = rules;
  const required = (keys: readonly string[]) => keys.map((key) => ({ required: [key] }));
  return strict
    .superRefine((value, context) => {
      const message = broken(Object.keys(value), rules);
      if (message !== undefined) context.addIssue(message);
    })
    .meta({
      ...(oneOf === undefined ? {} : { oneOf: required(oneOf) }),
      ...(anyOf === undefined ? {} : { anyOf: required(anyOf) }),
      ...(wants === undefined
        ? {}
        : {
            dependentRequired: Object.fromEntries(
              Object.entries(wants).map(([key, other]) => [key, [other]]),
            ),
          }),
    });
}

/** The first rule that these keys break. */
function broken(given: readonly string[], rules: KeyRules): string | undefined {
  const { oneOf = [], anyOf = [], wants = {}, belongsTo = {} } = rules;
  const chosen = given.filter((key) => oneOf.includes(key));
  if (oneOf.length > 0 && chosen.length === 0) {
    return withHint(`expected one of ${oneOf.join(", ")}`, "Add the one that is meant.");
  }
  if (chosen.length > 1) {
    return withHint(`${chosen.join(" and ")} exclude each other`, "Keep one of them.");
  }
  for (const [key, other] of Object.entries(wants)) {
    if (given.includes(key) && !given.includes(other)) {
      return withHint(`${key} without ${other}`, `Add ${other}.`);
    }
  }
  for (const [key, owners] of Object.entries(belongsTo)) {
    if (given.includes(key) && !owners.some((owner) => given.includes(owner))) {
      return withHint(`${key} without ${owners.join(" or ")}`, `Remove ${key}.`);
    }
  }
  if (anyOf.length > 0 && !anyOf.some((key) => given.includes(key))) {
    return withHint(`expected at least one of ${anyOf.join(", ")}`, "Add one of them.");
  }
  return undefined;
}
