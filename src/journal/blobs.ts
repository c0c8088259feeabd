import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { systemClock } from "../core/clock.ts";
import { ensureDirectory } from "../core/home.ts";

/** Directory of the bodies whose facts were written while this segment was open. */
export function blobDirectory(blobs: string, segment: number): string {
  return `${blobs}/${String(segment).padStart(8, "0")}`;
}

/**
 * Keeps a body that is too big for a fact, such as a prompt or a response.
 *
 * @param hash of the content: equal bodies of a segment are kept once.
 * @returns the path relative to the blobs' directory, for the fact.
 * @throws the system's error.
 */
export function putBlob(blobs: string, segment: number, hash: string, content: string): string {
  const dir = blobDirectory(blobs, segment);
  ensureDirectory(dir);
  const file = `${dir}/${hash}`;
  // Retention takes the oldest of the open segment first, by their time.
  if (!isTouched(file)) replaceFile(file, content);
  return `${dir.slice(blobs.length + 1)}/${hash}`;
}

/** Whether it is there, and as new as if it had been written now. */
function isTouched(file: string): boolean {
  try {
    // The system's, whose times those of the other files are. In seconds.
    const now = systemClock.now() / 1000;
    fs.utimesSync(file, now, now);
    return true;
  } catch {
    // It is not there; what else may be wrong, writing it tells.
    return false;
  }
}

/** The body, or undefined when retention has taken it. */
export function readBlob(blobs: string, path: string): string | undefined {
  try {
    return fs.readFileSync(`${blobs}/${path}`, "utf8");
  } catch {
    return undefined;
  }
}
