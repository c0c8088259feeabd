import fs from "node:fs";
import { syncDirectory } from "../core/atomic-file.ts";
import { removeFile } from "../core/filesystem.ts";
import { ensureDirectory } from "../core/home.ts";
import { type Fact, MAX_FACT_BYTES, SEAL } from "./fact.ts";
import { firstSegment, type Journal, listSegments, sealSegment, segmentPath } from "./segments.ts";

/**
 * Appends one fact, durably and without a lock: one write of `\n` + JSON + `\n` on an append-only
 * descriptor, then fsync. The newline before the record cuts it off from whatever a crash left behind.
 *
 * A writer that was paused may find that its segment has been ended meanwhile. It then looks whether its
 * line stands before the seal, and if not, appends once more to the segment that is open now.
 *
 * @returns where the fact stands.
 * @throws the system's error; a short write as `ENOSPC`. The fact is not in the journal then.
 */
export function appendFact(journal: Journal, fact: Fact, hooks: AppendHooks = {}): Place {
  const bytes = Buffer.from(`\n${JSON.stringify(fact)}\n`);
  if (bytes.length > MAX_FACT_BYTES) throw new Error(`fact of ${bytes.length} bytes; bodies belong in blobs`);
  for (let near = journal.near; ; near = undefined) {
    // Whether it still is the newest one is found out on the way.
    const segment = near ?? openSegment(journal.dir);
    hooks.onSegment?.(segment);
    const place = appendTo(journal, segment, bytes, hooks.beforeSync);
    if (place !== undefined) return place;
  }
}

export interface AppendHooks {
  /** Told the segment's number before each attempt, for bodies that go beside it. */
  readonly onSegment?: (segment: number) => void;
  /**
   * Told the place once the fact stands there for every reader, and before the disk has it: files made anew at any
   * time can then be written in the time that the disk takes. Nothing may be reported as done here.
   */
  readonly beforeSync?: (place: Place) => void;
}

/** Where a record is in the journal. */
export interface Place {
  readonly segment: number;
  /** The bytes it takes, newlines included; absent when other writers came so close that it was not looked up. */
  readonly bytes?: { readonly start: number; readonly end: number };
}

/** @returns undefined unless the line stands in the segment before its seal. */
function appendTo(
  journal: Journal,
  segment: number,
  bytes: Buffer,
  beforeSync?: (place: Place) => void,
): Place | undefined {
  const { dir } = journal;
  const path = segmentPath(dir, segment);
  const next = segmentPath(dir, segment + 1);
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_APPEND);
  } catch (error) {
    // It was delivered and deleted between the listing and now.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    // Asked in this order: the next segment is created before the seal, so while there is none, no seal
    // stands before `start`.
    const start = fs.fstatSync(fd).size;
    if (fs.existsSync(next)) {
      finishRotation(dir, segment, fd);
      return undefined;
    }
    writeOnce(fd, bytes);
    const place = placeOf(fd, dir, segment, start, bytes);
    if (place === undefined) return undefined;
    try {
      beforeSync?.(place);
    } finally {
      fs.fsyncSync(fd);
    }
    if (start + bytes.length >= journal.segmentBytes && !fs.existsSync(next)) rotate(dir, segment);
    return place;
  } finally {
    fs.closeSync(fd);
  }
}

/** Where the line that was written at or behind `start` stands; undefined unless that is before the seal. */
function placeOf(fd: number, dir: string, segment: number, start: number, bytes: Buffer): Place | undefined {
  const segments = listSegments(dir);
  const { nlink, size } = fs.fstatSync(fd);
  const kept = segments.includes(segment) && nlink > 0;
  const end = start + bytes.length;
  if (kept && segments.at(-1) === segment) {
    return size === end ? { segment, bytes: { start, end } } : { segment };
  }
  return standsBeforeSeal(fd, start, bytes, kept) ? { segment } : undefined;
}

/** The newest segment's number; creates the first one of a new journal. */
function openSegment(dir: string): number {
  ensureDirectory(dir);
  for (;;) {
    const newest = listSegments(dir).at(-1);
    if (newest !== undefined) return newest;
    const first = firstSegment(dir);
    if (createSegment(dir, first)) removeIfStray(dir, first);
  }
}

/** While we were paused it may have been there, ended and deleted: its number is used up then. */
function removeIfStray(dir: string, segment: number): void {
  if (!listSegments(dir).includes(segment)) removeFile(segmentPath(dir, segment));
}

function createSegment(dir: string, segment: number): boolean {
  try {
    fs.closeSync(fs.openSync(segmentPath(dir, segment), "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  syncDirectory(dir);
  return true;
}

/** The fact is safe by now, so a failure here (a full disk) is left to the next writer. */
function rotate(dir: string, segment: number): void {
  try {
    if (createSegment(dir, segment + 1)) removeIfStray(dir, segment + 1);
    sealSegment(dir, segment);
  } catch {
    // Until the seal is there, readers stay; whoever comes next appends it.
  }
}

/** Appends the seal that a writer killed in the middle of a rotation still owes. */
function finishRotation(dir: string, segment: number, fd: number): void {
  const size = fs.fstatSync(fd).size;
  const tail = Buffer.alloc(Math.min(size, SEAL.length + 2));
  fs.readSync(fd, tail, 0, tail.length, size - tail.length);
  if (tail.includes(SEAL)) return;
  try {
    sealSegment(dir, segment);
  } catch {
    // A full disk, or it has been deleted since. A reader appends it as well.
  }
}

/** Writes the record in one go. Only its closing newline may be late: the next record brings one along. */
function writeOnce(fd: number, bytes: Buffer): void {
  const written = fs.writeSync(fd, bytes, 0, bytes.length);
  if (written >= bytes.length) return;
  if (written === bytes.length - 1) {
    try {
      fs.writeSync(fd, "\n");
    } catch {
      // Complete but for the newline: it counts as soon as anybody appends.
    }
    return;
  }
  throw Object.assign(new Error("short write: the disk is full"), { code: "ENOSPC" });
}

/** @param open whether the seal, if it is not there yet, is still to come, and readers wait for it. */
function standsBeforeSeal(fd: number, start: number, bytes: Buffer, open: boolean): boolean {
  const size = fs.fstatSync(fd).size;
  const written = Buffer.alloc(size - start);
  let filled = 0;
  while (filled < written.length) {
    const count = fs.readSync(fd, written, filled, written.length - filled, start + filled);
    if (count === 0) break;
    filled += count;
  }
  // The closing newline may still be missing; whoever ends the segment brings it.
  const own = written.indexOf(bytes.subarray(0, -1));
  const seal = written.indexOf(`\n${SEAL}\n`);
  return own !== -1 && (seal === -1 ? open : own < seal);
}
