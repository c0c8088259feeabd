import fs from "node:fs";
import { replaceFile, syncDirectory, writeFully } from "./atomic-file.ts";
import { removeFile } from "./filesystem.ts";
import { trimSlashes } from "./project-directories.ts";

/**
 * Writes a file that is not there yet, all of it or none. Links that lead nowhere count as there.
 *
 * @param mode of the file, less what the umask takes away
 * @throws the system's error, with the path; `EEXIST` when there is one, which is left alone.
 */
export function createFile(path: string, content: string, mode: number): void {
  const fd = fs.openSync(path, "wx", mode);
  try {
    writeFully(fd, Buffer.from(content));
    fs.fsyncSync(fd);
  } catch (error) {
    removeFile(path);
    throw withPath(error, path);
  } finally {
    fs.closeSync(fd);
  }
  syncDirectory(path.slice(0, path.lastIndexOf("/")));
}

/**
 * Replaces what a file holds, behind a link and with the permissions that it had; a reader finds the old or the new
 * content. A link that leads nowhere is replaced itself.
 *
 * @throws the system's error, with the path; the old content is untouched then.
 */
export function overwriteFile(path: string, content: string): void {
  const stats = fs.statSync(path, { throwIfNoEntry: false });
  const target = stats === undefined ? path : fs.realpathSync(path);
  const mode = stats === undefined ? 0o644 : stats.mode & 0o777;
  try {
    replaceFile(target, content, true, mode);
    // The umask may have taken some of it.
    if (stats !== undefined) fs.chmodSync(target, mode);
  } catch (error) {
    throw withPath(error, path);
  }
}

/**
 * Where a file leads that is a link out of all of these directories; undefined where it is none. Whoever has made it
 * chose what would be overwritten.
 */
export function linkOutOf(directories: readonly string[], file: string): string | undefined {
  if (fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined;
  if (!fs.existsSync(file)) return undefined;
  const target = fs.realpathSync(file);
  const isWithin = (directory: string) =>
    fs.existsSync(directory) && target.startsWith(`${trimSlashes(fs.realpathSync(directory))}/`);
  return directories.some(isWithin) ? undefined : target;
}

/** Of a write that failed the system knows no path, only a descriptor. */
function withPath(error: unknown, path: string): unknown {
  return error instanceof Error && !("path" in error) ? Object.assign(error, { path }) : error;
}
