import {
  type DefinitionLayer,
  type DefinitionReader,
  layDefinitions,
  readDefinitions,
} from "../core/definitions.ts";
import { err, ok, type Result } from "../core/result.ts";
import { builtInPersonas } from "./built-in.ts";
import { type PersonaProblem, readDefinition } from "./definition.ts";
import { holding } from "./limits.ts";
import { resolvePersonaName } from "./names.ts";
import type { Limits, Persona } from "./persona.ts";
import {
  allPersonaDirectories,
  formatOf,
  type PersonaDirectory,
  type PersonaPlaces,
  personaDirectories,
} from "./places.ts";

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

/** Reads the definitions of the project, the user and the program; the former win. */
export function loadCatalogue(places: PersonaPlaces): Catalogue {
  const near = personaDirectories(places);
  const layers = near.map(read);
  const builtIn = { definitions: builtInPersonas(), problems: [] };
  const { byName, problems, broken } = layDefinitions([...layers, builtIn], ({ name }) => name);
  const personas = [...byName.values()];
  const { trustOf } = places;
  if (trustOf === undefined || !near.some(({ kind }) => kind === "project"))
    return { personas, problems, broken };
  const all = allPersonaDirectories(places).map((directory) => {
    const at = near.findIndex(({ path }) => path === directory.path);
    return layers[at] ?? read(directory);
  });
  const withLimits = (persona: Persona): Persona => {
    const same = [...all, builtIn].flatMap(({ definitions }) =>
      definitions.filter(({ name }) => name === persona.name),
    );
    const { definitions } = holding(same, trustOf);
    const within: readonly Limits[] = definitions.filter((one) => one.origin !== persona.origin);
    return within.length === 0 ? persona : { ...persona, within };
  };
  return { personas: personas.map(withLimits), problems, broken };
}

/**
 * The definitions of one persona, the one that takes precedence first: also those that it hides, and those of projects
 * further up. Where a broken one stands, what is wrong with it.
 */
export function* definitionsOf(
  name: string,
  places: PersonaPlaces,
): Generator<Result<Persona, PersonaProblem>> {
  for (const directory of allPersonaDirectories(places)) {
    const { definitions, problems } = read(directory);
    const problem = problems.find(({ names }) => names.includes(name));
    const found = definitions.find((one) => one.name === name);
    if (problem !== undefined) yield err(problem);
    else if (found !== undefined) yield ok(found);
  }
  const builtIn = builtInPersonas().find((one) => one.name === name);
  if (builtIn !== undefined) yield ok(builtIn);
}

function read({ path, kind }: PersonaDirectory): DefinitionLayer<Persona> {
  return readDefinitions(path, readerOf(kind));
}

const readerOf = (kind: PersonaDirectory["kind"]): DefinitionReader<Persona> => ({
  read(file, fileName) {
    const format = formatOf(fileName);
    return format === undefined ? undefined : readDefinition({ file, format, kind });
  },
  nameOf: ({ name }) => name,
  fileOf: ({ origin }) => (origin.kind === "built-in" ? "" : origin.file),
});

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
