import fs from "node:fs";
import { errorCode } from "../core/errors.ts";
import { builtInPersonas } from "./built-in.ts";
import { type PersonaProblem, readDefinition } from "./definition.ts";
import { resolvePersonaName } from "./names.ts";
import type { Persona } from "./persona.ts";
import { formatOf, type PersonaDirectory, type PersonaPlaces, personaDirectories } from "./places.ts";

export type { PersonaProblem } from "./definition.ts";

/** Every definition there is, and everything that is wrong with them. */
export interface Catalogue {
  /** By name. */
  readonly personas: readonly Persona[];
  /** By precedence of the place, then by file and position. */
  readonly problems: readonly PersonaProblem[];
  /**
   * Names that a broken file probably defines and that nothing of higher precedence does. A persona of that name
   * from a lower place may be among `personas`; to switch to it would pass over the user's own definition silently.
   */
  readonly broken: ReadonlyMap<string, PersonaProblem>;
}

/**
 * Reads the definitions of the project, the user and the program; the former win. A broken file hides no other.
 * Of two files in one directory that define the same persona neither counts.
 */
export function loadCatalogue(places: PersonaPlaces): Catalogue {
  const personas = new Map(builtInPersonas().map((persona) => [persona.name, persona]));
  const broken = new Map<string, PersonaProblem>();
  const problems: PersonaProblem[] = [];
  for (const directory of personaDirectories(places).toReversed()) {
    const read = readDirectory(directory);
    problems.unshift(...read.problems);
    for (const persona of read.personas) {
      personas.set(persona.name, persona);
      broken.delete(persona.name);
    }
    // Backwards, so that the first problem of a file is the one that is told.
    for (const problem of read.problems.toReversed()) {
      for (const name of problem.names) broken.set(name, problem);
    }
  }
  const byName = [...personas.values()].sort((a, b) => compare(a.name, b.name));
  return { personas: byName, problems, broken };
}

export type CatalogueResolution =
  | { readonly kind: "found"; readonly persona: Persona }
  /** The definition that is meant cannot be used; nothing else of that name may take its place. */
  | { readonly kind: "broken"; readonly name: string; readonly problem: PersonaProblem }
  /** Plain names. */
  | { readonly kind: "ambiguous"; readonly candidates: readonly string[] }
  | { readonly kind: "unknown"; readonly suggestions: readonly string[] };

/** Finds the persona a user means, as `resolvePersonaName` does, among the usable and the broken definitions. */
export function resolveInCatalogue(input: string, { personas, broken }: Catalogue): CatalogueResolution {
  type Entry = { readonly name: string; readonly persona?: Persona; readonly problem?: PersonaProblem };
  const entries = new Map<string, Entry>(
    personas.map((persona) => [persona.name, { name: persona.name, persona }]),
  );
  for (const [name, problem] of broken) entries.set(name, { name, problem });

  const resolution = resolvePersonaName(input, [...entries.values()]);
  if (resolution.kind === "ambiguous") {
    return { kind: "ambiguous", candidates: resolution.candidates.map(({ name }) => name) };
  }
  if (resolution.kind === "unknown") return resolution;
  const { name, persona, problem } = resolution.persona;
  if (problem !== undefined) return { kind: "broken", name, problem };
  if (persona !== undefined) return { kind: "found", persona };
  throw new Error("a catalogue entry is either usable or broken");
}

function readDirectory({ path, kind }: PersonaDirectory): Omit<Catalogue, "broken"> {
  let fileNames: readonly string[];
  try {
    fileNames = fs.readdirSync(path).sort();
  } catch (error) {
    const message = `cannot be read (${errorCode(error) ?? "unknown error"})`;
    const hint = "Make it a directory that you may read, or remove it.";
    return { personas: [], problems: [{ file: path, message, hint, names: [] }] };
  }

  const found = new Map<string, Persona[]>();
  const problems: PersonaProblem[] = [];
  for (const fileName of fileNames) {
    const format = formatOf(fileName);
    if (format === undefined) continue;
    const read = readDefinition({ file: `${path}/${fileName}`, format, kind });
    if (!read.ok) problems.push(...read.error);
    else found.set(read.value.name, [...(found.get(read.value.name) ?? []), read.value]);
  }

  const personas: Persona[] = [];
  for (const [name, [only, ...others]] of found) {
    if (only !== undefined && others.length === 0) personas.push(only);
    else problems.push(...others.map((other) => clash(name, other, only)));
  }
  return { personas, problems: problems.sort((a, b) => compare(a.file, b.file)) };
}

function clash(name: string, persona: Persona, first: Persona | undefined): PersonaProblem {
  return {
    file: fileOf(persona),
    message: `defines ${name}, and so does ${fileOf(first)}`,
    hint: "Rename one of them, or remove it.",
    names: [name],
  };
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

const fileOf = (persona: Persona | undefined): string =>
  persona === undefined || persona.origin.kind === "built-in" ? "" : persona.origin.file;
