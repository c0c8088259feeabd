import fs from "node:fs";
import { removeFile } from "../core/filesystem.ts";
import { blobDirectory } from "./blobs.ts";
import { type Cursor, deleteSegmentsBelow, listSegments, segmentPath } from "./segments.ts";

export interface RetentionLimits {
  /** Segments whose last write is older than this go, once delivered. */
  readonly ageMs: number;
  /** Bound on the journal and its blobs together. */
  readonly sizeBytes: number;
}

/** Where the slowest of those stand that facts are kept for. */
export interface Passed {
  /** Of all, those included that nobody delivers to at the moment. */
  readonly all: Cursor;
  /** Of those that are delivered to. */
  readonly living: Cursor;
  /** Of the metric totals: a segment they have not passed is never deleted. */
  readonly ledger: Cursor;
}

export interface Evicted {
  /** Segments deleted with every checkpoint past them. */
  readonly delivered: readonly number[];
  /** Segments deleted undelivered, because the size bound left no choice. */
  readonly lost: readonly number[];
  /** Segments that lost blobs of theirs because of the size bound; of the open one only as many as it took. */
  readonly blobs: readonly number[];
}

/**
 * Deletes what is too old, then what is too much, always the oldest first: blobs that no living sink waits for,
 * delivered segments, those that only others wait for, then the blobs that living sinks wait for, those of the open
 * segment last, and only then their facts. The open segment always stays. A segment's blobs go one segment late, since a
 * writer that met a rotation put them under the number before.
 *
 * Call it under the lease only, with checkpoints that are on disk.
 */
export function enforceRetention(
  dirs: { readonly journal: string; readonly blobs: string },
  limits: RetentionLimits,
  passed: Passed,
  now: number,
): Evicted {
  const all = listSegments(dirs.journal);
  const segments = all.slice(0, -1);
  const open = all.at(-1);
  const evicted = { delivered: [] as number[], lost: [] as number[], blobs: [] as number[] };
  // The blobs go first: whoever is killed in between finds the segment and comes by again.
  const drop = (segment: number, list: number[]) => {
    fs.rmSync(blobDirectory(dirs.blobs, segment - 1), { recursive: true, force: true });
    deleteSegmentsBelow(dirs.journal, segment + 1);
    list.push(segment);
  };
  const ledger = passed.ledger.segment;
  const delivered = Math.min(passed.all.segment, ledger);
  const living = Math.min(passed.living.segment, ledger);
  // Never one from the middle, whatever its time says: that the next one is there is how a writer learns
  // that its segment was ended.
  const young = segments.findIndex((segment) => {
    const path = segmentPath(dirs.journal, segment);
    const age = now - (fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now);
    return age <= limits.ageMs || segment >= delivered;
  });
  const left = young === -1 ? [] : segments.slice(young);
  for (const segment of segments.slice(0, segments.length - left.length)) drop(segment, evicted.delivered);
  let size = usage(dirs);
  const isOver = () => size > limits.sizeBytes;
  const dropBlobsBelow = (bound: number) => {
    const oldest = left[0] ?? open;
    for (const segment of oldest === undefined ? [] : [oldest - 1, ...left]) {
      if (!isOver() || segment >= bound) return;
      const bytes = directorySize(blobDirectory(dirs.blobs, segment));
      if (bytes === 0) continue;
      fs.rmSync(blobDirectory(dirs.blobs, segment), { recursive: true, force: true });
      evicted.blobs.push(segment);
      size -= bytes;
    }
  };
  const dropBelow = (bound: number, list: number[]) => {
    while (isOver() && left[0] !== undefined && left[0] < bound) {
      size -= fs.statSync(segmentPath(dirs.journal, left[0]), { throwIfNoEntry: false })?.size ?? 0;
      size -= directorySize(blobDirectory(dirs.blobs, left[0] - 1));
      drop(left[0], list);
      left.shift();
    }
  };
  dropBlobsBelow(living - 1);
  dropBelow(delivered, evicted.delivered);
  dropBelow(living, evicted.lost);
  dropBlobsBelow(Number.POSITIVE_INFINITY);
  if (open !== undefined && isOver()) {
    const freed = freeOldest(blobDirectory(dirs.blobs, open), size - limits.sizeBytes);
    if (freed > 0) evicted.blobs.push(open);
    size -= freed;
  }
  dropBelow(ledger, evicted.lost);
  return evicted;
}

/** Deletes the oldest files of a directory until that many bytes are free. @returns how many are. */
function freeOldest(dir: string, bytes: number): number {
  const files = (fs.existsSync(dir) ? fs.readdirSync(dir) : [])
    // Somebody is writing these.
    .filter((name) => !name.endsWith(".tmp"))
    .map((name) => ({
      path: `${dir}/${name}`,
      stat: fs.statSync(`${dir}/${name}`, { throwIfNoEntry: false }),
    }))
    .sort((a, b) => (a.stat?.mtimeMs ?? 0) - (b.stat?.mtimeMs ?? 0));
  let freed = 0;
  for (const { path, stat } of files) {
    if (freed >= bytes) break;
    removeFile(path);
    freed += stat?.size ?? 0;
  }
  return freed;
}

/** Bytes that the journal and its blobs take. */
export function usage(dirs: { readonly journal: string; readonly blobs: string }): number {
  return directorySize(dirs.journal) + directorySize(dirs.blobs);
}

function directorySize(dir: string): number {
  if (!fs.existsSync(dir)) return 0;
  let total = 0;
  for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      total += fs.statSync(`${entry.parentPath}/${entry.name}`, { throwIfNoEntry: false })?.size ?? 0;
    }
  }
  return total;
}
