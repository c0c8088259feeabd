import fs from "node:fs";
import { MAX_DEFINITION_LENGTH } from "../core/definition-text.ts";
import { builtInHeads } from "./built-in.ts";
import { plainName } from "./names.ts";
import { headOf, type PersonaHead } from "./persona.ts";
import { formatOf, type PersonaDirectory, type PersonaPlaces, personaDirectories } from "./places.ts";
import { isPersonaFile } from "./shape.ts";

/**
 * The personas that can be switched to, by name, from the built-in ones and the JSON files of the project and the
 * user. Undefined: only the whole catalogue can decide, because there is YAML, or anything at all is wrong.
 */
export function readPersonaHeads(places: PersonaPlaces): readonly PersonaHead[] | undefined {
  const directories = personaDirectories(places);
  if (directories.length === 0) return builtInHeads;
  const byName = new Map(builtInHeads.map((head) => [head.name, head]));
  for (const directory of directories.toReversed()) {
    const heads = readDirectory(directory);
    if (heads === undefined) return undefined;
    for (const [name, head] of heads) byName.set(name, head);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readDirectory({ path, kind }: PersonaDirectory): ReadonlyMap<string, PersonaHead> | undefined {
  const heads = new Map<string, PersonaHead>();
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
      if (heads.has(name)) return undefined;
      heads.set(name, headOf(definition, name, { kind, file }));
    }
  } catch {
    return undefined;
  }
  return heads;
}
