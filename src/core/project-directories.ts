import fs from "node:fs";

/**
 * Directories of the nearest parent of `cwd` that has any of them, in the order that was asked for. "Has" includes
 * what cannot be opened: whoever reads it finds out and says so.
 *
 * @param cwd absolute
 * @param folders below a project's root, such as `.tta-persona`
 * @param name of the directory in them
 * @param user the user's own such directory, without a slash at its end: it stays the user's wherever it lies
 */
export function projectDirectories(
  cwd: string,
  folders: readonly string[],
  name: string,
  user: string,
): readonly string[] {
  for (let root: string | undefined = trimSlashes(cwd); root !== undefined; root = parentOf(root)) {
    const found: string[] = [];
    for (const folder of folders) {
      // Asked first, since nearly every parent has none.
      if (!fs.existsSync(`${root}/${folder}`)) continue;
      const path = `${root}/${folder}/${name}`;
      if (path !== user && isThere(path)) found.push(path);
    }
    if (found.length > 0) return found;
  }
  return [];
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
