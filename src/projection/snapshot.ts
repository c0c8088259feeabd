import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { UserError } from "../core/errors.ts";
import { ensureDirectory } from "../core/home.ts";
import type { Cursor } from "../journal/segments.ts";

/** A projection's state at one place of the journal; the tail after it makes it current. */
export interface Snapshot<State> {
  readonly cursor: Cursor;
  readonly state: State;
}

/**
 * Reads a snapshot; undefined where there is none or what is there makes no sense, since the journal has
 * it all once more.
 *
 * @param oldest the caller makes what it needs of schemas from this one on.
 * @throws the system's error where it is there and may not be read: to begin anew would lose what it holds.
 * @throws UserError `newer-home` for a snapshot of a newer program: this one must neither use nor replace it.
 */
export function readSnapshot<State>(
  path: string,
  schema: number,
  oldest = schema,
): Snapshot<State> | undefined {
  if (!fs.existsSync(path)) return undefined;
  const text = fs.readFileSync(path, "utf8");
  let value: { schema?: unknown; cursor?: Partial<Cursor>; state?: State };
  try {
    value = JSON.parse(text.slice(text.indexOf("{")));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (typeof value.schema === "number" && value.schema > schema) throw newerHome();
  const { cursor, state } = value;
  const valid =
    typeof value.schema === "number" &&
    value.schema >= oldest &&
    typeof state === "object" &&
    state !== null &&
    typeof cursor?.segment === "number" &&
    typeof cursor.offset === "number" &&
    typeof cursor.seq === "number";
  return valid ? { cursor: cursor as Cursor, state: state as State } : undefined;
}

/** Keeps a snapshot so that it survives a power cut. @throws the system's error. */
export function writeSnapshot<State>(path: string, schema: number, snapshot: Snapshot<State>): void {
  ensureDirectory(path.slice(0, path.lastIndexOf("/")));
  replaceFile(path, snapshotText(schema, snapshot));
}

/** A snapshot as it stands in a file; other lines may stand before it. */
export function snapshotText<State>(schema: number, snapshot: Snapshot<State>): string {
  return `${JSON.stringify({ schema, ...snapshot })}\n`;
}

export function newerHome(): UserError {
  return new UserError({
    reason: "newer-home",
    message: "This home was written by a newer tta-persona.",
    hint: "Upgrade with: npm install -g tta-persona",
  });
}
