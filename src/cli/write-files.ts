import fs from "node:fs";
import path from "node:path";
import { readEditable } from "../apply/read-file.ts";
import { replaceFiles } from "../apply/replace-files.ts";
import type { FileEdit } from "../apply/target.ts";
import { ExitCode, errorCode, UserError } from "../core/errors.ts";
import { ensureDirectory } from "../core/home.ts";
import { randomHex } from "../core/random.ts";
import { linkOutOf } from "../core/write-file.ts";
import { printable } from "./printable.ts";
import { systemError } from "./system-error.ts";

/** A file that a command gives to the user. */
export interface GivenFile {
  /** Absolute path. */
  readonly file: string;
  readonly content: string;
}

export interface PlannedFile extends GivenFile {
  readonly outcome: FileOutcome;
  /** What has to be written; undefined: nothing. */
  readonly edit: FileEdit | undefined;
}

export type FileOutcome = "written" | "unchanged" | "replaced";

/** They are for other programs and for a project's repository, and hold nothing secret. */
const READABLE_BY_ALL = 0o644;
const ENTERED_BY_ALL = 0o755;

/**
 * What becomes of each file. One that is a link stays one, and keeps the mode that it has.
 *
 * @param roots directories; a link that leads out of all of them is not followed.
 * @throws UserError `file-exists` when one is there with another content and must not be replaced, or why one cannot.
 */
export function planFiles(
  files: readonly GivenFile[],
  isForced: boolean,
  roots: readonly string[],
): readonly PlannedFile[] {
  const planned = files.map((given) => planFile(given, roots));
  const inTheWay = planned.filter(({ outcome }) => outcome === "replaced").map(({ file }) => file);
  if (inTheWay.length === 0 || isForced) return planned;
  throw new UserError({
    reason: "file-exists",
    message: `${inTheWay.join(", ")} ${inTheWay.length === 1 ? "is" : "are"} there with another content.`,
    hint: "Nothing was written. Choose another directory, or replace what is there with --force.",
  });
}

function planFile(given: GivenFile, roots: readonly string[]): PlannedFile {
  const { file, content } = given;
  if (contentOf(file) === content) return { ...given, outcome: "unchanged", edit: undefined };
  const after = Buffer.from(content);
  const there = readEditable(file);
  switch (there.kind) {
    case "missing":
      return {
        ...given,
        outcome: "written",
        edit: { path: file, before: undefined, after, mode: READABLE_BY_ALL & ~process.umask() },
      };
    case "unusable": {
      const { reason, message } = there.failure;
      throw cannotReplace(reason, message);
    }
    case "file": {
      const target = linkOutOf(roots, file);
      if (target !== undefined) {
        throw cannotReplace("link-outside", `${file} is a link to ${target}, which lies elsewhere.`);
      }
      const { path, bytes: before, mode } = there;
      return { ...given, outcome: "replaced", edit: { path, before, after, mode } };
    }
  }
}

function cannotReplace(reason: string, message: string): UserError {
  const hint = "Nothing was written. Choose another directory, or see to that file first.";
  return new UserError({ reason, message, hint });
}

/** All of them or none. @throws UserError when the system refuses one. */
export function writeFiles(files: readonly PlannedFile[]): void {
  const edits = files.flatMap(({ edit }) => (edit === undefined ? [] : [edit]));
  for (const { path: file } of edits) {
    try {
      ensureDirectory(path.dirname(file), ENTERED_BY_ALL);
    } catch (error) {
      throw refused(error, file);
    }
  }
  const written = replaceFiles(
    edits.map((edit) => ({ ...edit, temporary: `${edit.path}.${randomHex(6)}.tmp` })),
  );
  if (written.ok) return;
  const { reason, path: file, code } = written.error;
  if (code !== undefined) throw refused(Object.assign(new Error(reason), { code }), file);
  const message =
    reason === "changed"
      ? "was changed by somebody else meanwhile"
      : "could not be given its old content back";
  throw new UserError({ reason: `file-${reason}`, message: `${file} ${message}.` }, ExitCode.failed);
}

/** What was done, or would be in a dry run: a line for each file. */
export function describeFiles(files: readonly PlannedFile[], isDryRun = false): string {
  const verbs = isDryRun
    ? { written: "Would write", unchanged: "Already there:", replaced: "Would replace" }
    : { written: "Wrote", unchanged: "Already there:", replaced: "Replaced" };
  return files.map(({ file, outcome }) => `${verbs[outcome]} ${printable(file)}\n`).join("");
}

/** Undefined where there is none, or what could keep its reader waiting. */
function contentOf(file: string): string | undefined {
  try {
    return fs.statSync(file).isFile() ? fs.readFileSync(file, "utf8") : undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw refused(error, file);
  }
}

/** What a user's directory refuses has nothing to do with the home, of which the general hints speak. */
function refused(error: unknown, place: string): unknown {
  const known = systemError(error, place);
  if (known === undefined) return error;
  const { reason, message } = known;
  return new UserError(
    { reason, message, hint: "Choose a directory that you may write to." },
    ExitCode.failed,
  );
}
