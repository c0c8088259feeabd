import fs from "node:fs";
import { type Environment, envValue } from "../core/environment.ts";
import { trimSlashes } from "../core/project-directories.ts";
import type { McpFile } from "./clients/client.ts";
import { mcpClients } from "./clients/mcp-clients.ts";

/** From where configuration files are looked up. Paths are absolute, without a slash at their end. */
export interface ClientPlaces {
  readonly cwd: string;
  /** The user's home directory; undefined where the environment names none. */
  readonly userHome: string | undefined;
}

/** As the environment names it. */
export function userHomeOf(env: Environment): string | undefined {
  const userHome = envValue(env, "HOME");
  return userHome === undefined ? undefined : trimSlashes(userHome);
}

/**
 * Where a client's file is, or would be. Of a project's, it is the nearest parent of the working directory that has
 * one, as the tools themselves look for it; never beyond the repository, and never the user's home, whose files are
 * the user's and no project's.
 *
 * @returns undefined where there is no such file.
 */
export function findFile(
  { base, path }: Pick<McpFile, "base" | "path">,
  places: ClientPlaces,
): string | undefined {
  const roots =
    base === "project" ? projectRoots(places) : places.userHome === undefined ? [] : [places.userHome];
  return roots.map((root) => `${root}/${path}`).find(isThere);
}

/** What makes a directory a project's, where it is no repository. */
const PROJECT_MARKS = [".tta-persona", ".claude", ".github"];

/**
 * The directory that a project's file would be made in: the repository's, or else the nearest that is marked as one.
 *
 * @returns undefined where there is no project: nothing is made in a home or just anywhere.
 */
export function projectRoot(places: ClientPlaces): string | undefined {
  const roots = projectRoots(places);
  const last = roots.at(-1);
  if (last !== undefined && isThere(`${last}/.git`)) return last;
  return roots.find((root) => PROJECT_MARKS.some((mark) => isThere(`${root}/${mark}`)));
}

/** Whether any client has a file here: all that a first switch needs to know before it looks closer. */
export function hasClientFile(places: ClientPlaces): boolean {
  return mcpClients.some(({ files }) => files.some((file) => findFile(file, places) !== undefined));
}

/** The working directory and its parents up to the repository's, the nearest first. */
function projectRoots({ cwd, userHome }: ClientPlaces): readonly string[] {
  const roots: string[] = [];
  for (let root = cwd; root !== userHome; root = root.slice(0, root.lastIndexOf("/"))) {
    roots.push(root);
    if (root === "" || isThere(`${root}/.git`)) break;
  }
  return roots;
}

/** `lstat`, so that a link that leads nowhere counts as there, and is told. */
function isThere(path: string): boolean {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A part of the path is no directory.
    return false;
  }
}
