import fs from "node:fs";
import { listSegments, segmentPath } from "./segments.ts";

export interface JournalStatus {
  readonly segments: number;
  readonly bytes: number;
  /** Of the last append, by the file's time stamp; undefined for an empty journal. */
  readonly lastWriteAt?: number;
}

export function journalStatus(dir: string): JournalStatus {
  const stats = listSegments(dir)
    .map((segment) => fs.statSync(segmentPath(dir, segment), { throwIfNoEntry: false }))
    .filter((stat) => stat !== undefined);
  const last = stats.at(-1);
  return {
    segments: stats.length,
    bytes: stats.reduce((sum, { size }) => sum + size, 0),
    ...(last === undefined ? {} : { lastWriteAt: last.mtimeMs }),
  };
}
