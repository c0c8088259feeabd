import { didYouMean } from "../core/did-you-mean.ts";

const PREFIX = "tta-";

/** Longest plain name; it becomes a label value, a span attribute and part of file names. */
export const MAX_NAME_LENGTH = 64;

/** Label values with a meaning of their own: no persona yet, and the overflow above the series ceiling. */
const RESERVED = ["none", "other"];

const KEBAB_CASE = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** The short names of the script this program replaced. Each holds only while the persona it means is there. */
export const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ["backend", "backend-engineer"],
  ["frontend", "frontend-engineer"],
  ["devops", "devops-engineer"],
  ["testing", "testing-specialist"],
  ["observability", "observability-expert"],
  ["obs", "observability-expert"],
  ["data", "data-scientist"],
  ["ds", "data-scientist"],
]);

/** The name without the `tta-` of the old definition files. */
export function plainName(raw: string): string {
  return raw.startsWith(PREFIX) ? raw.slice(PREFIX.length) : raw;
}

/** Whether a definition file may carry this name: kebab-case with or without one `tta-`, not a reserved word. */
export function isPersonaName(raw: string): boolean {
  const name = plainName(raw);
  return (
    name.length <= MAX_NAME_LENGTH &&
    KEBAB_CASE.test(name) &&
    !name.startsWith(PREFIX) &&
    !RESERVED.includes(name)
  );
}

export type NameResolution<P> =
  | { readonly kind: "found"; readonly persona: P }
  | { readonly kind: "ambiguous"; readonly candidates: readonly P[] }
  /** `suggestions` are plain names, the likeliest first; there may be none. */
  | { readonly kind: "unknown"; readonly suggestions: readonly string[] };

/**
 * Finds the persona a user means: by plain name, `tta-` name, an old short name, or a prefix that only one
 * persona has, in this order. Upper and lower case are the same.
 */
export function resolvePersonaName<P extends { readonly name: string }>(
  input: string,
  personas: readonly P[],
): NameResolution<P> {
  const wanted = plainName(input.toLowerCase());
  const named = (name: string | undefined) => personas.find((persona) => persona.name === name);

  const persona = named(wanted) ?? named(SHORT_NAMES.get(wanted));
  if (persona !== undefined) return { kind: "found", persona };

  const candidates = wanted === "" ? [] : personas.filter(({ name }) => name.startsWith(wanted));
  const [only, second] = candidates;
  if (only !== undefined && second === undefined) return { kind: "found", persona: only };
  if (only !== undefined) return { kind: "ambiguous", candidates };
  return { kind: "unknown", suggestions: suggest(wanted, personas) };
}

/** Compares with the names, the words they are made of, and the short names. */
function suggest(wanted: string, personas: readonly { readonly name: string }[]): readonly string[] {
  const meaning = new Map<string, string[]>();
  const add = (spelling: string, name: string) => {
    meaning.set(spelling, [...(meaning.get(spelling) ?? []), name]);
  };
  for (const { name } of personas) {
    for (const spelling of [name, ...name.split("-")]) add(spelling, name);
  }
  for (const [short, name] of SHORT_NAMES) {
    if (personas.some((persona) => persona.name === name)) add(short, name);
  }
  const names = didYouMean(wanted, meaning.keys(), meaning.size).flatMap(
    (spelling) => meaning.get(spelling) ?? [],
  );
  return [...new Set(names)].slice(0, 3);
}
