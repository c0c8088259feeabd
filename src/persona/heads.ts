import fs from "node:fs";
import { MAX_DEFINITION_LENGTH } from "../core/definition-text.ts";
import { builtInHeads, builtInPersonas } from "./built-in.ts";
import { plainName } from "./names.ts";
import { headOf, type PersonaHead, type PersonaOrigin } from "./persona.ts";
import { allPersonaDirectories, formatOf, type PersonaPlaces, personaDirectories } from "./places.ts";
import type { PersonaFile } from "./schema.ts";
import { isPersonaFile } from "./shape.ts";

/**
 * The personas that can be switched to, by name, from the built-in ones and the JSON files of the project and the
 * user. Undefined: only the whole catalogue can decide, because there is YAML, or anything at all is wrong.
 */
export function readPersonaHeads(places: PersonaPlaces): readonly PersonaHead[] | undefined {
  const directories = personaDirectories(places);
  if (directories.length === 0) return builtInHeads;
  const byName = new Map(builtInHeads.map((head) => [head.name, head]));
  for (const { path, kind } of directories.toReversed()) {
    const files = readPersonaFiles(path);
    if (files === undefined) return undefined;
    for (const [name, { definition, file }] of files)
      byName.set(name, headOf(definition, name, { kind, file }));
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A definition of a persona, and where it was found. */
export interface FoundDefinition {
  readonly definition: Omit<PersonaFile, "name">;
  readonly origin: PersonaOrigin;
}

/**
 * Every definition by its plain name, of one name the one that takes precedence first: also those that it hides, and those of
 * projects further up. Undefined: as above.
 */
export function readAllDefinitions(
  places: PersonaPlaces,
): ReadonlyMap<string, readonly FoundDefinition[]> | undefined {
  const found = new Map<string, FoundDefinition[]>();
  const add = (name: string, one: FoundDefinition) => found.set(name, [...(found.get(name) ?? []), one]);
  for (const { path, kind } of allPersonaDirectories(places)) {
    const files = readPersonaFiles(path);
    if (files === undefined) return undefined;
    for (const [name, { definition, file }] of files) add(name, { definition, origin: { kind, file } });
  }
  for (const persona of builtInPersonas()) {
    add(persona.name, { definition: persona, origin: persona.origin });
  }
  return found;
}

/** A valid definition, and the file that holds it. */
interface DefinitionInFile {
  readonly definition: PersonaFile;
  /** Absolute path. */
  readonly file: string;
}

/** The definitions of a directory by their plain names; undefined: there is YAML, or anything at all is wrong. */
function readPersonaFiles(path: string): ReadonlyMap<string, DefinitionInFile> | undefined {
  const files = new Map<string, DefinitionInFile>();
  try {
    for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
      const format = formatOf(entry.name);
      if (format === undefined) continue;
      const file = `${path}/${entry.name}`;
      // Whatever is no regular file could block the read.
      const readable = entry.isFile() || (entry.isSymbolicLink() && fs.statSync(file).isFile());
      if (format === "yaml" || !readable) return undefined;

      const text = fs.readFileSync(file, "utf8");
      // The replacement character: the file may be no UTF-8.
      if (text.length > MAX_DEFINITION_LENGTH || text.includes("\uFFFD")) return undefined;
      const definition: unknown = JSON.parse(text);
      if (!isPersonaFile(definition)) return undefined;
      const name = plainName(definition.name);
      if (files.has(name)) return undefined;
      files.set(name, { definition, file });
    }
  } catch {
    return undefined;
  }
  return files;
}
