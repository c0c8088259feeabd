import fs from "node:fs";
import path from "node:path";
import { replaceFile } from "../core/atomic-file.ts";
import { ExitCode, errorCode, UserError } from "../core/errors.ts";
import { ensureDirectory } from "../core/home.ts";
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
}

export type FileOutcome = "written" | "unchanged" | "replaced";

/** They are for other programs and for a project's repository, and hold nothing secret. */
const READABLE_BY_ALL = 0o644;
const ENTERED_BY_ALL = 0o755;

/**
 * What becomes of each file.
 *
 * @throws UserError `file-exists` when one is there with another content and must not be replaced.
 */
export function planFiles(files: readonly GivenFile[], isForced: boolean): readonly PlannedFile[] {
  const planned = files.map((given): PlannedFile => {
    const before = contentOf(given.file);
    if (before === undefined) return { ...given, outcome: "written" };
    return { ...given, outcome: before === given.content ? "unchanged" : "replaced" };
  });
  const inTheWay = planned.filter(({ outcome }) => outcome === "replaced").map(({ file }) => file);
  if (inTheWay.length === 0 || isForced) return planned;
  throw new UserError({
    reason: "file-exists",
    message: `${inTheWay.join(", ")} ${inTheWay.length === 1 ? "is" : "are"} there with another content.`,
    hint: "Nothing was written. Choose another directory, or replace what is there with --force.",
  });
}

/** @throws UserError when the system refuses one; files before it are written then. */
export function writeFiles(files: readonly PlannedFile[]): void {
  for (const { file, content, outcome } of files) {
    if (outcome === "unchanged") continue;
    try {
      ensureDirectory(path.dirname(file), ENTERED_BY_ALL);
      replaceFile(file, content, true, READABLE_BY_ALL);
    } catch (error) {
      throw refused(error, file);
    }
  }
}

/** What was done, or would be in a dry run: a line for each file. */
export function describeFiles(files: readonly PlannedFile[], isDryRun = false): string {
  const verbs = isDryRun
    ? { written: "Would write", unchanged: "Already there:", replaced: "Would replace" }
    : { written: "Wrote", unchanged: "Already there:", replaced: "Replaced" };
  return files.map(({ file, outcome }) => `${verbs[outcome]} ${printable(file)}\n`).join("");
}

function contentOf(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
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
