import { isThere, projectDirectories, trimSlashes } from "../core/project-directories.ts";
import type { SourceFormat } from "../core/source.ts";

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

/** Below a project's root, the one that wins first. */
const PROJECT_FOLDERS = [".tta-persona", ".hypertool"];

/**
 * The directories that are there, the one that takes precedence first: those of the nearest parent of `cwd`
 * that has any, then the user's. "There" includes what cannot be opened: whoever reads it finds out and says so.
 */
export function personaDirectories({ cwd, userDir }: PersonaPlaces): readonly PersonaDirectory[] {
  const user = trimSlashes(userDir);
  // A home named `.tta-persona` holds the user's own personas, and they stay the user's beneath it.
  const found: PersonaDirectory[] = projectDirectories(cwd, PROJECT_FOLDERS, "personas", user).map(
    (path) => ({
      path,
      kind: "project",
    }),
  );
  if (isThere(user)) found.push({ path: user, kind: "user" });
  return found;
}

/**
 * How a file in a persona directory is to be read, by its ending; undefined: not a definition. Neither are
 * hidden files, which editors and archivers leave behind.
 */
export function formatOf(fileName: string): SourceFormat | undefined {
  if (fileName.startsWith(".")) return undefined;
  if (fileName.endsWith(".json")) return "json";
  return fileName.endsWith(".yaml") || fileName.endsWith(".yml") ? "yaml" : undefined;
}
