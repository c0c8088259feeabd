import fs from "node:fs";
import { syncDirectory, writeFully } from "./atomic-file.ts";

/**
 * Writes a file that is not there yet, all of it or none. Links that lead nowhere count as there.
 *
 * @param mode of the file, less what the umask takes away
 * @throws the system's error; `EEXIST` when there is one, which is left alone.
 */
export function createFile(path: string, content: string, mode: number): void {
  const fd = fs.openSync(path, "wx", mode);
  try {
    writeFully(fd, Buffer.from(content));
    fs.fsyncSync(fd);
  } catch (error) {
    fs.rmSync(path, { force: true });
    throw error;
  } finally {
    fs.closeSync(fd);
  }
  syncDirectory(path.slice(0, path.lastIndexOf("/")));
}
