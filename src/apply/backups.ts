import fs from "node:fs";
import { replaceFile, syncDirectory, writeFully } from "../core/atomic-file.ts";
import { errorCode } from "../core/errors.ts";
import { hashText } from "../core/hash.ts";
import { ensureDirectory, type Home } from "../core/home.ts";
import { randomHex } from "../core/random.ts";
import type { ClientEdit } from "./plan.ts";
import { type Replacement, removeQuietly } from "./replace-files.ts";

/** So many are kept. */
const KEPT = 10;

/** The switch that an apply belongs to. */
export interface AppliedSwitch {
  /** The persona that the files were brought to, and the one that `switch -` went back to then; null: nobody. */
  readonly persona: string | null;
  readonly previous: string | null;
  /** Of its fact; absent where nobody is active, and in what older programs kept. */
  readonly switchId?: string | undefined;
}

/** What one apply was about to do, and the way back. JSON, as `backups/<number>/manifest.json` holds it. */
export interface Backup extends AppliedSwitch {
  readonly number: number;
  readonly files: readonly BackedUpFile[];
}

export interface BackedUpFile {
  readonly client: string;
  /** Links resolved. */
  readonly path: string;
  readonly mode: number;
  /** The name of the copy in the backup's directory; null: there was no file. */
  readonly copy: string | null;
  /** Of what was written, by `hashOf`; null: it was removed. */
  readonly after: string | null;
  readonly temporary: string;
}

/**
 * Keeps the bytes of files before they are replaced, durably, in a directory of its own, and lets the oldest go. Under
 * the apply lock only.
 *
 * @returns what to replace, with the names of temporary files that whoever comes after a crash will know.
 * @throws the system's error; nothing has been touched then.
 */
export function backUp(
  home: Home,
  about: AppliedSwitch,
  edits: readonly ClientEdit[],
): readonly Replacement[] {
  const number = (numbers(home).at(-1) ?? 0) + 1;
  const directory = directoryOf(home, number);
  ensureDirectory(directory);
  const replacements = edits.map((edit) => ({ ...edit, temporary: `${edit.path}.${randomHex(6)}.tmp` }));
  const files = replacements.map(({ client, path, mode, before, after, temporary }, index): BackedUpFile => {
    const copy = before === undefined ? null : String(index);
    if (before !== undefined) writeCopy(`${directory}/${index}`, before);
    return { client, path, mode, copy, after: after === undefined ? null : hashOf(after), temporary };
  });
  syncDirectory(directory);
  replaceFile(`${directory}/manifest.json`, `${JSON.stringify({ ...about, files })}\n`);
  for (const old of numbers(home).slice(0, -KEPT)) {
    fs.rmSync(directoryOf(home, old), { recursive: true, force: true });
  }
  return replacements;
}

/** The latest that is complete. */
export function latestBackup(home: Home): Backup | undefined {
  return completeBackups(home).next().value;
}

/** The latest, and those just before it of the same switch: what was applied again after it. The latest first. */
export function backupsOfLatestSwitch(home: Home): readonly Backup[] {
  const found: Backup[] = [];
  for (const backup of completeBackups(home)) {
    if (!isSameSwitch(backup, found[0] ?? backup)) break;
    found.push(backup);
  }
  return found;
}

/** By its personas only where the fact of one is not known: there may be many switches between the same two. */
export function isSameSwitch(one: AppliedSwitch, other: AppliedSwitch): boolean {
  if (one.switchId !== undefined && other.switchId !== undefined) return one.switchId === other.switchId;
  return one.persona === other.persona && one.previous === other.previous;
}

/** The latest first. */
function* completeBackups(home: Home): Generator<Backup, undefined> {
  for (const number of numbers(home).toReversed()) {
    const backup = readManifest(home, number);
    if (backup !== undefined) yield backup;
  }
}

/** Takes away what the latest apply has left beside its files, if it was killed. Under the apply lock only. */
export function cleanUp(home: Home): void {
  try {
    for (const { temporary } of latestBackup(home)?.files ?? []) removeQuietly(temporary);
  } catch (error) {
    // Where backups cannot be read none can be written either, and that is told.
    if (errorCode(error) === undefined) throw error;
  }
}

/** The bytes that a file had before; undefined: it was not there. @throws the system's error when the copy is gone. */
export function bytesBefore(home: Home, { number }: Backup, { copy }: BackedUpFile): Buffer | undefined {
  return copy === null ? undefined : fs.readFileSync(`${directoryOf(home, number)}/${copy}`);
}

/** Tells our own bytes from somebody else's, who has no reason to forge any; `node:crypto` would cost milliseconds. */
export function hashOf(bytes: Buffer): string {
  return `${bytes.length}-${hashText(bytes.toString("latin1"))}`;
}

function writeCopy(path: string, bytes: Buffer): void {
  const fd = fs.openSync(path, "wx", 0o600);
  try {
    writeFully(fd, bytes);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function readManifest(home: Home, number: number): Backup | undefined {
  try {
    const text = fs.readFileSync(`${directoryOf(home, number)}/manifest.json`, "utf8");
    const manifest = JSON.parse(text) as Omit<Backup, "number">;
    return Array.isArray(manifest.files) ? { ...manifest, number } : undefined;
  } catch (error) {
    // Killed before it was complete, and before any file was touched; or nobody's.
    if (errorCode(error) === undefined && !(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** In order. */
function numbers(home: Home): readonly number[] {
  if (!fs.existsSync(home.backups)) return [];
  return fs
    .readdirSync(home.backups)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function directoryOf(home: Home, number: number): string {
  return `${home.backups}/${String(number).padStart(6, "0")}`;
}
