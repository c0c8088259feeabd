import fs from "node:fs";
import type { Home } from "../core/home.ts";
import type { Cursor } from "../journal/segments.ts";

/** Directory of the sinks' checkpoints, which are snapshots too. */
export function checkpointDirectory(home: Home): string {
  return `${home.state}/sinks`;
}

/**
 * Where the sinks stand that have a checkpoint, whether they are configured now or not. What cannot be read, or is
 * no checkpoint, is left out.
 *
 * @param options `since` leaves out those that were last written before, milliseconds since the epoch; `except`, those
 *   of these sinks.
 */
export function readCheckpointCursors(
  home: Home,
  { since = 0, except = [] }: { readonly since?: number; readonly except?: readonly string[] } = {},
): readonly Cursor[] {
  const dir = checkpointDirectory(home);
  if (!fs.existsSync(dir)) return [];
  return fs
    .readdirSync(dir)
    .filter((name) => name.endsWith(".json") && !except.some((sink) => name.startsWith(`${sink}-`)))
    .map((name) => readCursor(`${dir}/${name}`, since))
    .filter((cursor) => cursor !== undefined);
}

function readCursor(path: string, since: number): Cursor | undefined {
  try {
    if (fs.statSync(path).mtimeMs < since) return undefined;
    const cursor: Cursor = JSON.parse(fs.readFileSync(path, "utf8")).cursor;
    const isWhole = [cursor.segment, cursor.offset, cursor.seq].every(Number.isSafeInteger);
    return isWhole ? cursor : undefined;
  } catch {
    return undefined;
  }
}
