import fs from "node:fs";

/** From where definitions are looked up. Both paths are absolute. */
export interface PersonaPlaces {
  readonly cwd: string;
  /** The user's own persona directory; it need not exist. */
  readonly userDir: string;
}

export interface PersonaDirectory {
  readonly path: string;
  readonly kind: "user" | "project";
}

/** Longest definition that is read, in UTF-16 units. */
export const MAX_DEFINITION_LENGTH = 262_144;

/** Below a project's root, the one that wins first. */
const PROJECT_FOLDERS = ["/.tta-persona", "/.hypertool"];

/**
 * The directories that are there, the one that takes precedence first: those of the nearest parent of `cwd`
 * that has any, then the user's. "There" includes what cannot be opened: whoever reads it finds out and says so.
 */
export function personaDirectories({ cwd, userDir }: PersonaPlaces): readonly PersonaDirectory[] {
  const user = trimSlashes(userDir);
  const found: PersonaDirectory[] = [];
  for (let root: string | undefined = trimSlashes(cwd); root !== undefined; root = parentOf(root)) {
    for (const folder of PROJECT_FOLDERS) {
      // Asked first, since nearly every parent has none.
      if (!fs.existsSync(root + folder)) continue;
      const path = `${root}${folder}/personas`;
      // A home named `.tta-persona` holds the user's own personas, and they stay the user's beneath it.
      if (path !== user && exists(path)) found.push({ path, kind: "project" });
    }
    if (found.length > 0) break;
  }
  if (exists(user)) found.push({ path: user, kind: "user" });
  return found;
}

export type DefinitionFormat = "json" | "yaml";

/**
 * How a file in a persona directory is to be read, by its ending; undefined: not a definition. Neither are
 * hidden files, which editors and archivers leave behind.
 */
export function formatOf(fileName: string): DefinitionFormat | undefined {
  if (fileName.startsWith(".")) return undefined;
  if (fileName.endsWith(".json")) return "json";
  return fileName.endsWith(".yaml") || fileName.endsWith(".yml") ? "yaml" : undefined;
}

/** `lstat`, so that a dangling link counts as there and is reported instead of passed over. */
function exists(path: string): boolean {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return (error as { code?: unknown }).code !== "ENOTDIR";
  }
}

/** The root directory is the empty string here, so that folders can be appended to it. */
function trimSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

function parentOf(path: string): string | undefined {
  return path === "" ? undefined : path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
