import fs from "node:fs";
import { removeFile } from "./filesystem.ts";
import { randomHex } from "./random.ts";

/** Writes all of it or throws: a short write is a full disk that did not say so. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    const count = fs.writeSync(fd, bytes, written, bytes.length - written);
    if (count <= 0) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
    written += count;
  }
}

/**
 * Replaces a file so that a reader, or whoever comes after a crash, finds the old or the new content and
 * nothing between: temporary file in the same directory, fsync, rename, fsync of the directory.
 *
 * @param durable without it the two fsyncs are left out: for files that can be made anew.
 * @param mode less the umask; the user's alone by default.
 * @throws the system's error (`ENOSPC`, `EACCES` …); the old content is untouched then.
 */
export function replaceFile(path: string, content: string, durable = true, mode = 0o600): void {
  const temporary = `${path}.${randomHex(6)}.tmp`;
  const fd = fs.openSync(temporary, "wx", mode);
  try {
    writeFully(fd, Buffer.from(content));
    if (durable) fs.fsyncSync(fd);
    fs.closeSync(fd);
    fs.renameSync(temporary, path);
  } catch (error) {
    try {
      fs.closeSync(fd);
    } catch {
      // It was closed before the rename failed.
    }
    removeFile(temporary);
    throw error;
  }
  if (durable) syncDirectory(path.slice(0, path.lastIndexOf("/")));
}

/** Makes a created, renamed or removed name survive a power cut. */
export function syncDirectory(path: string): void {
  const fd = fs.openSync(path, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
