import fs from "node:fs";
import { errorCode } from "../core/errors.ts";
import { ensureDirectory, type Home } from "../core/home.ts";
import { blobDirectory } from "../journal/blobs.ts";

/**
 * Where a stage's log goes: beside the segment that the stage's start stands in, and away with it. Where the directory
 * cannot be made, the log says so itself.
 */
export function stageLogPath({ blobs }: Home, segment: number, runId: string, stage: string): string {
  const dir = blobDirectory(blobs, segment);
  try {
    ensureDirectory(dir);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
  return `${dir}/${runId}.${stage}.log`;
}

/** What a gate's script prints has a log of its own beside its stage's. */
export function gateLogPath(stageLog: string, gate: string): string {
  return `${stageLog.slice(0, -".log".length)}.gate-${gate}.log`;
}

/** The logs of a stage of a run, its gates' behind it, wherever they lie; none when they are gone. */
export function findStageLogs({ blobs }: Home, runId: string, stage: string): readonly string[] {
  const segments = fs.existsSync(blobs) ? fs.readdirSync(blobs) : [];
  for (const segment of segments) {
    const own = `${runId}.${stage}.log`;
    const gates = `${runId}.${stage}.gate-`;
    const names = fs
      .readdirSync(`${blobs}/${segment}`)
      .filter((name) => name === own || name.startsWith(gates));
    if (names.length === 0) continue;
    const ordered = [...names.filter((name) => name === own), ...names.filter((name) => name !== own).sort()];
    return ordered.map((name) => `${blobs}/${segment}/${name}`);
  }
  return [];
}
