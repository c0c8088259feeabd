import fs from "node:fs";

/** A folder such as `.tta-persona` that is there. */
export interface ProjectFolder {
  /** Absolute, without a slash at its end: the root directory is the empty string. */
  readonly root: string;
  readonly name: string;
}

/**
 * Which of these folders `cwd` and its parents have, the nearest first, and of one root in the order that was asked
 * for.
 *
 * @param cwd absolute
 */
export function projectFolders(cwd: string, names: readonly string[]): readonly ProjectFolder[] {
  const found: ProjectFolder[] = [];
  for (let root: string | undefined = trimSlashes(cwd); root !== undefined; root = parentOf(root)) {
    for (const name of names) {
      if (fs.existsSync(`${root}/${name}`)) found.push({ root, name });
    }
  }
  return found;
}

/**
 * Directories of the nearest root that has any of them. "Has" includes what cannot be opened: whoever reads it finds
 * out and says so.
 *
 * @param name of the directory in the folders
 * @param user the user's own such directory, without a slash at its end: it stays the user's wherever it lies
 */
export function projectDirectories(
  folders: readonly ProjectFolder[],
  name: string,
  user: string,
): readonly string[] {
  const found: string[] = [];
  let nearest: string | undefined;
  for (const folder of folders) {
    if (nearest !== undefined && folder.root !== nearest) break;
    const path = `${folder.root}/${folder.name}/${name}`;
    if (path === user || !isThere(path)) continue;
    found.push(path);
    nearest = folder.root;
  }
  return found;
}

/** `lstat`, so that a dangling link counts as there and is reported instead of passed over. */
export function isThere(path: string): boolean {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return (error as { code?: unknown }).code !== "ENOTDIR";
  }
}

/** The root directory is the empty string here, so that folders can be appended to it. */
export function trimSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

function parentOf(path: string): string | undefined {
  return path === "" ? undefined : path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
