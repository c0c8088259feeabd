import fs from "node:fs";
import { syncDirectory, writeFully } from "../core/atomic-file.ts";
import { errorCode } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { FileEdit } from "./target.ts";

/** A file to replace, and the name under which its new content lies beside it until then. */
export interface Replacement extends FileEdit {
  readonly temporary: string;
}

export interface ReplaceFailure {
  /** `changed`: somebody else wrote the file between the plan and now. */
  readonly reason: "changed" | "not-written" | "not-restored";
  /** Where it happened. */
  readonly path: string;
  /** The system's word for it, where it has one. */
  readonly code?: string;
}

/**
 * Replaces all files or none. Each is written beside the old one with its mode, made safe on the disk, compared with
 * what was planned upon, renamed, and read back; whatever fails, those that were replaced get their bytes back.
 * Killed at any moment, each file is as it was or as it should be.
 */
export function replaceFiles(replacements: readonly Replacement[]): Result<void, ReplaceFailure> {
  const replaced: Replacement[] = [];
  let current = replacements[0];
  try {
    for (current of replacements) prepare(current);
    for (current of replacements) {
      if (!holds(current.path, current.before)) throw new Changed();
      put(current, replaced);
    }
    return ok(undefined);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined && !(error instanceof Changed)) throw error;
    const path = current?.path ?? "";
    const lost = restore(replaced);
    if (lost !== undefined) return err({ reason: "not-restored", path: lost });
    return err({
      reason: error instanceof Changed ? "changed" : "not-written",
      path,
      ...(code === undefined ? {} : { code }),
    });
  } finally {
    for (const { temporary } of replacements) removeQuietly(temporary);
  }
}

/** What a process that was killed has left behind. */
export function removeQuietly(temporary: string): void {
  try {
    fs.rmSync(temporary, { force: true });
  } catch {
    // The next one tries again.
  }
}

/** True while a file holds these bytes; undefined: while it is not there. */
function holds(path: string, bytes: Buffer | undefined): boolean {
  try {
    const found = fs.readFileSync(path);
    return bytes?.equals(found) === true;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return bytes === undefined;
  }
}

class Changed extends Error {}

function prepare({ path, after, mode, temporary }: Replacement): void {
  if (after === undefined) return;
  // Of the project, and no secret of ours: with the modes that the user has for such.
  fs.mkdirSync(directoryOf(path), { recursive: true });
  const fd = fs.openSync(temporary, "wx", 0o600);
  try {
    writeFully(fd, after);
    keepOwner(fd, path);
    fs.fchmodSync(fd, mode);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** A new file would be ours, or of our group. What the system does not allow stays as it is. */
function keepOwner(fd: number, path: string): void {
  const old = fs.statSync(path, { throwIfNoEntry: false });
  const own = fs.fstatSync(fd);
  if (old === undefined || (old.uid === own.uid && old.gid === own.gid)) return;
  try {
    fs.fchownSync(fd, old.uid, old.gid);
  } catch (error) {
    if (errorCode(error) !== "EPERM") throw error;
  }
}

function put(replacement: Replacement, replaced: Replacement[]): void {
  const { path, after, temporary } = replacement;
  if (after === undefined) fs.rmSync(path);
  else fs.renameSync(temporary, path);
  replaced.push(replacement);
  syncDirectory(directoryOf(path));
  // A file system that says it has written, and has not.
  if (!holds(path, after)) throw Object.assign(new Error("read back otherwise"), { code: "EIO" });
}

/** @returns the path of the first one that could not be given its bytes back. */
function restore(replaced: readonly Replacement[]): string | undefined {
  let lost: string | undefined;
  for (const replacement of replaced.toReversed()) {
    const { path, before, temporary } = replacement;
    try {
      if (!holds(path, replacement.after)) {
        // Somebody else has written it in this moment; what they wrote is theirs.
        lost = path;
      } else if (before === undefined) {
        fs.rmSync(path);
      } else {
        removeQuietly(temporary);
        prepare({ ...replacement, after: before });
        fs.renameSync(temporary, path);
      }
      syncDirectory(directoryOf(path));
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      lost = path;
    }
  }
  return lost;
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
