import fs from "node:fs";
import { type Failure, systemErrorCode } from "../core/errors.ts";
import { hashText } from "../core/hash.ts";
import { type ProjectFolder, projectFolders } from "../core/project-directories.ts";
import { err, ok, type Result } from "../core/result.ts";
import { OWN_FOLDER, type PersonaPlaces, projectPersonaFile, type Trust } from "./places.ts";

/** A project that names a persona of its own, or may come to. */
export interface Project {
  /** Absolute, without a slash at its end. */
  readonly root: string;
  /** `<root>/.tta-persona/persona`: one name. */
  readonly file: string;
  /** `project:<hash of the root>` */
  readonly scope: string;
}

/** More than a name has no business there. */
const MAX_BYTES = 256;

/** The nearest project above the working directory that names a persona, whether or not it is trusted. */
export function findProject(places: PersonaPlaces): Project | undefined {
  return findProjects(places)[0];
}

/** All projects above the working directory that name a persona, the nearest first, trusted or not. */
export function findProjects({ cwd, userDir }: PersonaPlaces): readonly Project[] {
  return projectFolders(cwd, [OWN_FOLDER])
    .filter((folder) => projectPersonaFile([folder], userDir) !== undefined)
    .map(({ root }) => projectAt(root));
}

/** The nearest project above the working directory whose file was ever trusted, and whether it still is. */
export function findCountingProject(
  places: PersonaPlaces & { readonly trustOf: (file: string) => Trust },
): { readonly project: Project; readonly isTrusted: boolean } | undefined {
  for (const project of findProjects(places)) {
    const trust = places.trustOf(project.file);
    if (trust !== "never") return { project, isTrusted: trust === "trusted" };
  }
  return undefined;
}

/**
 * The project that a persona is to be written for: the one that names one already, else the nearest that has a folder
 * of ours, else the repository, else the working directory.
 */
export function projectToWrite(places: PersonaPlaces): Project {
  const found = findProject(places);
  if (found !== undefined) return found;
  const isOurs = ({ root, name }: ProjectFolder) => `${root}/${name}/personas` !== places.userDir;
  const [own] = projectFolders(places.cwd, [OWN_FOLDER]).filter(isOurs);
  const [nearest] = own === undefined ? projectFolders(places.cwd, [".git"]) : [own];
  return projectAt(nearest?.root ?? places.cwd);
}

export function projectAt(root: string): Project {
  return { root, file: `${root}/${OWN_FOLDER}/persona`, scope: `project:${hashText(root)}` };
}

/** The name that the file holds, as it was written; whether there is such a persona is another question. */
export function readProjectPersona({ file }: Project): Result<string, Failure> {
  const hint = "It holds one name in one line. See: tta-persona list";
  try {
    const stat = fs.statSync(file);
    // Whatever is no regular file could block the read.
    const text = stat.isFile() && stat.size <= MAX_BYTES ? fs.readFileSync(file, "utf8").trim() : "";
    if (/^[A-Za-z][A-Za-z0-9-]*$/.test(text)) return ok(text);
    return err({ reason: "broken-project-persona", message: `${file}: names no persona.`, hint });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return err({ reason: "broken-project-persona", message: `${file}: cannot be read (${code}).`, hint });
  }
}
