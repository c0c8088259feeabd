import fs from "node:fs";
import { errorCode } from "../core/errors.ts";
import type { FileContent } from "./target.ts";

/** No configuration that a person wrote is longer. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file that may have to be edited, and finds out before anything is done whether it can be.
 *
 * @param otherwise what is left to do where it stays as it is, for hints.
 */
export function readEditable(file: string, otherwise = "leave this client out"): FileContent {
  try {
    if (fs.lstatSync(file, { throwIfNoEntry: false }) === undefined) return { kind: "missing" };
    if (fs.statSync(file, { throwIfNoEntry: false }) === undefined) {
      return unusable(
        file,
        "dangling-link",
        "is a link to a file that does not exist",
        "Correct the link, or remove it.",
      );
    }
    const path = fs.realpathSync(file);
    const stats = fs.statSync(path);
    const problem = problemOf(path, stats, otherwise);
    if (problem !== undefined) return unusable(file, ...problem);
    return { kind: "file", path, bytes: fs.readFileSync(path), mode: stats.mode & 0o7777 };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOTDIR") return { kind: "missing" };
    if (code === undefined) throw error;
    return unusable(file, "unreadable", `cannot be read (${code})`, "Check its permissions.");
  }
}

type Problem = readonly [reason: string, what: string, hint: string];

function problemOf(path: string, stats: fs.Stats, otherwise: string): Problem | undefined {
  if (!stats.isFile()) return ["no-file", "is not a regular file", "Put a configuration file in its place."];
  if (stats.size > MAX_BYTES) return ["too-long", "is longer than 4 MiB", `Shorten it, or ${otherwise}.`];
  // The owner's word, which counts for us also where we could write all the same.
  if ((stats.mode & 0o222) === 0)
    return ["read-only", "is read-only", `Make it writable (chmod u+w), or ${otherwise}.`];
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0 && stats.uid !== uid)
    return ["foreign-owner", "belongs to another user", `Change its owner, or ${otherwise}.`];
  // Replacing one name would leave the other with what is old.
  if (stats.nlink > 1)
    return ["hard-link", "has another name by a hard link", "Use a symbolic link instead."];
  if (!mayWrite(path) || !mayWrite(path.slice(0, path.lastIndexOf("/")) || "/")) {
    return ["read-only", "or its directory may not be written", `Check their permissions, or ${otherwise}.`];
  }
  return undefined;
}

function mayWrite(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function unusable(file: string, reason: string, what: string, hint: string): FileContent {
  return { kind: "unusable", failure: { reason, message: `${file} ${what}.`, hint } };
}
