import fs from "node:fs";
import { listSegments, segmentPath } from "../journal/segments.ts";

/** Changes with every append; costs one look at a directory and one at a file. */
export function journalEnd(dir: string): string {
  const newest = listSegments(dir).at(-1);
  if (newest === undefined) return "";
  return `${newest}:${fs.statSync(segmentPath(dir, newest), { throwIfNoEntry: false })?.size ?? 0}`;
}
