import {
  isThere,
  type ProjectFolder,
  projectDirectories,
  projectFolders,
  trimSlashes,
} from "../core/project-directories.ts";
import type { SourceFormat } from "../core/source.ts";

/** From where definitions are looked up. Both paths are absolute. */
export interface PersonaPlaces {
  readonly cwd: string;
  /** The user's own persona directory; it need not exist. */
  readonly userDir: string;
  /** Of `findProjectFolders`, where the caller has looked already. */
  readonly folders?: readonly ProjectFolder[];
  /** How far a project's file may be relied upon. Left out where it does not matter, and every file counts. */
  readonly trustOf?: (file: string) => Trust;
}

/** As `config/trust.ts` tells it; `changed`: the file was trusted with another content. */
export type Trust = "trusted" | "changed" | "never";

export interface PersonaDirectory {
  readonly path: string;
  readonly kind: "user" | "project";
}

/** Of a project, the folder that is ours, and may name the project's persona. */
export const OWN_FOLDER = ".tta-persona";

/** Below a project's root, the one that wins first. */
const PROJECT_FOLDERS = [OWN_FOLDER, ".hypertool"];

/** The folders of projects above `cwd` that may hold definitions, or the project's persona. */
export function findProjectFolders(cwd: string): readonly ProjectFolder[] {
  return projectFolders(cwd, PROJECT_FOLDERS);
}

/**
 * The file that names the persona of the nearest project that has one. "Has" includes what is no file, or cannot be
 * read.
 *
 * @param userDir the user's own persona directory: the folder above it is the home, and no project's.
 */
export function projectPersonaFile(folders: readonly ProjectFolder[], userDir: string): string | undefined {
  for (const { root, name } of folders) {
    const folder = `${root}/${name}`;
    if (name === OWN_FOLDER && `${folder}/personas` !== userDir && isThere(`${folder}/persona`)) {
      return `${folder}/persona`;
    }
  }
  return undefined;
}

/**
 * The directories that are there, the one that takes precedence first: those of the nearest parent of `cwd`
 * that has any, then the user's. "There" includes what cannot be opened: whoever reads it finds out and says so.
 */
export function personaDirectories({ cwd, userDir, folders }: PersonaPlaces): readonly PersonaDirectory[] {
  const user = trimSlashes(userDir);
  // A home named `.tta-persona` holds the user's own personas, and they stay the user's beneath it.
  const found: PersonaDirectory[] = projectDirectories(
    folders ?? findProjectFolders(cwd),
    "personas",
    user,
  ).map((path) => ({ path, kind: "project" }));
  if (isThere(user)) found.push({ path: user, kind: "user" });
  return found;
}

/**
 * As `personaDirectories`, and those of projects further up, which the nearest one hides: what they say of a persona may
 * hold all the same.
 */
export function allPersonaDirectories({ cwd, userDir, folders }: PersonaPlaces): readonly PersonaDirectory[] {
  const user = trimSlashes(userDir);
  const found = (folders ?? findProjectFolders(cwd))
    .map(({ root, name }) => `${root}/${name}/personas`)
    .filter((path) => path !== user && isThere(path))
    .map((path): PersonaDirectory => ({ path, kind: "project" }));
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
