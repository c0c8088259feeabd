import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
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
  // Also where it is there: retention takes the oldest of the open segment first, by their time.
  replaceFile(`${dir}/${hash}`, content);
  return `${dir.slice(blobs.length + 1)}/${hash}`;
}

/** The body, or undefined when retention has taken it. */
export function readBlob(blobs: string, path: string): string | undefined {
  try {
    return fs.readFileSync(`${blobs}/${path}`, "utf8");
  } catch {
    return undefined;
  }
}
