import fs from "node:fs";
import { removeFile } from "./filesystem.ts";
import { ensureDirectory } from "./home.ts";
import { randomHex } from "./random.ts";

/**
 * A lock is a directory of symbolic links named by generation: 1, 2, 3 …. The highest counts, and a link's target is
 * what its holder says of itself. Making a link is atomic, carries its content along, and fails where it exists: there
 * is never an empty or half-written lock, and a generation is taken by one process only.
 */

/** The target of a link whose holder has let go; it stays as a marker until the next generation is taken. */
const RELEASED = "released";

/** The generation that counts, with what its holder says; undefined where nobody ever held it. */
export function readGeneration(
  dir: string,
): { readonly generation: number; readonly text: string | undefined } | undefined {
  const generation = highest(dir);
  return generation === 0 ? undefined : { generation, text: readLink(`${dir}/${generation}`) };
}

/**
 * Takes the next generation.
 *
 * @param isFree whether the one that counts has been released, or its holder is gone for good.
 * @returns the generation, or undefined when somebody holds it or was faster.
 */
export function takeGeneration(
  dir: string,
  text: string,
  isFree: (held: string | undefined, generation: number) => boolean,
): number | undefined {
  ensureDirectory(dir);
  const last = highest(dir);
  if (last > 0) {
    const seen = readLink(`${dir}/${last}`);
    if (!isFree(seen, last)) return undefined;
    // A record is rewritten by its owner only. So if it still is what was judged, its owner is dead for good.
    if (readLink(`${dir}/${last}`) !== seen) return undefined;
  }
  const generation = last + 1;
  try {
    fs.symlinkSync(text, `${dir}/${generation}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
  // Taken from a listing that was old by then: later generations have come and gone past this one.
  const there = generations(dir);
  if (newest(there) !== generation) {
    removeFile(`${dir}/${generation}`);
    return undefined;
  }
  for (const old of there) if (old < generation) removeFile(`${dir}/${old}`);
  return generation;
}

/** Lets go; nothing happens when the generation is not the one that counts any more. */
export function releaseGeneration(dir: string, generation: number): void {
  if (fs.existsSync(dir) && highest(dir) === generation) replaceLink(`${dir}/${generation}`, RELEASED);
}

export function replaceLink(path: string, target: string): void {
  const temporary = `${path.slice(0, path.lastIndexOf("/"))}/.${randomHex(6)}`;
  fs.symlinkSync(target, temporary);
  try {
    fs.renameSync(temporary, path);
  } catch (error) {
    removeFile(temporary);
    throw error;
  }
}

/** The target of a link; undefined where there is none. */
export function readLink(link: string): string | undefined {
  try {
    return fs.readlinkSync(link);
  } catch {
    return undefined;
  }
}

function generations(dir: string): number[] {
  if (!fs.existsSync(dir)) return [];
  return fs
    .readdirSync(dir)
    .map(Number)
    .filter((one) => Number.isSafeInteger(one) && one > 0);
}

function highest(dir: string): number {
  return newest(generations(dir));
}

function newest(there: readonly number[]): number {
  return there.reduce((max, one) => Math.max(max, one), 0);
}
