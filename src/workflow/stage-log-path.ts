import fs from "node:fs";
import type { Home } from "../core/home.ts";
import { blobDirectory } from "../journal/blobs.ts";

/** A stage's log lies beside the segment that its start stands in, and goes with it. */
export function stageLogPath({ blobs }: Home, segment: number, runId: string, stage: string): string {
  return `${blobDirectory(blobs, segment)}/${runId}.${stage}.log`;
}

/** The log of a stage of a run, wherever it lies; undefined when there is none, or none any more. */
export function findStageLog({ blobs }: Home, runId: string, stage: string): string | undefined {
  const segments = fs.existsSync(blobs) ? fs.readdirSync(blobs) : [];
  return segments
    .map((segment) => `${blobs}/${segment}/${runId}.${stage}.log`)
    .find((path) => fs.existsSync(path));
}
