import fs from "node:fs";
import { syncDirectory, writeFully } from "../core/atomic-file.ts";
import { removeFile } from "../core/filesystem.ts";
import { SEAL } from "./fact.ts";

/** Where a journal lives, and at which size it begins a new segment. */
export interface Journal {
  readonly dir: string;
  readonly segmentBytes: number;
  /** The newest segment a moment ago, if that is known: it saves a listing. */
  readonly near?: number;
}

/** A place between two lines of the journal. */
export interface Cursor {
  readonly segment: number;
  /** Bytes into the segment. */
  readonly offset: number;
  /** Facts before this place since the journal began, whether still kept or not. */
  readonly seq: number;
  /** The id that the segment begins with: in a journal that was removed and begun anew it is another one. */
  readonly head?: string;
}

export function isBefore(a: Cursor, b: Cursor): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);
}

export function segmentPath(dir: string, segment: number): string {
  return `${dir}/${fileName(segment, SEGMENT)}`;
}

/** Numbers of the segments that are there, ascending; none where the directory is missing. */
export function listSegments(dir: string): number[] {
  return scan(dir).segments;
}

/** The number that a journal without segments begins with: one that was never used. */
export function firstSegment(dir: string): number {
  return scan(dir).floor;
}

/**
 * Deletes every segment below a number, for good: first the number goes into the name of a file, since a
 * writer that was paused all the while may bring a deleted one into being again. What stands below that
 * number is no part of the journal, whoever put it there.
 */
export function deleteSegmentsBelow(dir: string, floor: number): void {
  const before = scan(dir);
  fs.closeSync(fs.openSync(floorPath(dir, floor), "a", 0o600));
  syncDirectory(dir);
  for (const { number, name, isFloor } of before.files) {
    // The mark before stays until the next time: a listing that runs meanwhile finds one of the two.
    if (number < (isFloor ? before.floor : floor)) removeFile(`${dir}/${name}`);
  }
}

/** By plain loops: every command that appends comes by here, and each helper costs most when it is first used. */
function scan(dir: string) {
  const files: { readonly number: number; readonly name: string; readonly isFloor: boolean }[] = [];
  let floor = 1;
  for (const name of fs.existsSync(dir) ? fs.readdirSync(dir) : []) {
    const isFloor = name.endsWith(FLOOR);
    const number = Number(name.slice(0, -FLOOR.length));
    if (!Number.isSafeInteger(number) || name !== fileName(number, isFloor ? FLOOR : SEGMENT)) continue;
    files.push({ number, name, isFloor });
    if (isFloor && number > floor) floor = number;
  }
  const segments: number[] = [];
  for (const file of files) if (!file.isFloor && file.number >= floor) segments.push(file.number);
  return { files, floor, segments: segments.sort((a, b) => a - b) };
}

/** Of one length, so that what stands before them is the number. */
const SEGMENT = ".jsonl";
const FLOOR = ".floor";

function fileName(number: number, ending: string): string {
  return `${String(number).padStart(8, "0")}${ending}`;
}

function floorPath(dir: string, floor: number): string {
  return `${dir}/${fileName(floor, FLOOR)}`;
}

/**
 * Ends a segment. Whoever finds the next one without this one's seal may append it: only the first seal
 * counts, and a writer whose line comes after it writes again elsewhere.
 */
export function sealSegment(dir: string, segment: number): void {
  const fd = fs.openSync(segmentPath(dir, segment), fs.constants.O_WRONLY | fs.constants.O_APPEND);
  try {
    writeFully(fd, Buffer.from(`\n${SEAL}\n`));
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
