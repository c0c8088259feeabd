import { ExitCode, errorCode, UserError } from "../core/errors.ts";

interface Explanation {
  readonly what: string;
  readonly hint: string;
  readonly exitCode: ExitCode;
}

const choosePlace = "Check its permissions, or set TTA_PERSONA_HOME to a directory that you may write to.";
const freeSpace = "Nothing is recorded that was not confirmed. Free some space and run the command again.";
const checkPath = "Move away what is in its place, or set TTA_PERSONA_HOME to another directory.";

const explanations: Readonly<Record<string, Explanation>> = {
  ENOSPC: { what: "the disk is full", hint: freeSpace, exitCode: ExitCode.failed },
  EDQUOT: { what: "the disk quota is used up", hint: freeSpace, exitCode: ExitCode.failed },
  EIO: {
    what: "the disk reports an error",
    hint: "Look into the system's log, and run the command again.",
    exitCode: ExitCode.failed,
  },
  EMFILE: {
    what: "too many open files",
    hint: "Raise the limit (ulimit -n), and run the command again.",
    exitCode: ExitCode.failed,
  },
  ENFILE: {
    what: "the system has too many open files",
    hint: "Run the command again when it has less to do.",
    exitCode: ExitCode.failed,
  },
  EROFS: { what: "the file system is read-only", hint: choosePlace, exitCode: ExitCode.usage },
  EACCES: { what: "permission denied", hint: choosePlace, exitCode: ExitCode.usage },
  EPERM: { what: "not permitted", hint: choosePlace, exitCode: ExitCode.usage },
  ENOTDIR: { what: "a part of the path is no directory", hint: checkPath, exitCode: ExitCode.usage },
  EEXIST: {
    what: "a file, or a link that leads nowhere, is in its place",
    hint: checkPath,
    exitCode: ExitCode.usage,
  },
  EISDIR: { what: "a directory is in its place", hint: checkPath, exitCode: ExitCode.usage },
  ELOOP: { what: "its links lead in a circle", hint: checkPath, exitCode: ExitCode.usage },
  ENAMETOOLONG: { what: "the path is too long", hint: checkPath, exitCode: ExitCode.usage },
};

const notMade: Explanation = {
  what: "it cannot be made there",
  hint: checkPath,
  exitCode: ExitCode.usage,
};

/**
 * What the system refused, as something to tell a user; undefined for what only a bug can bring about.
 *
 * @param place named where the system's error does not name a path, as those of writing do not.
 */
export function systemError(error: unknown, place: string): UserError | undefined {
  const code = errorCode(error);
  if (code === undefined) return undefined;
  const { path, syscall } = error as NodeJS.ErrnoException;
  // Directories are made with all above them, so this is the file system refusing. Anywhere else it is a bug.
  const explanation = code === "ENOENT" && syscall === "mkdir" ? notMade : explanations[code];
  if (explanation === undefined) return undefined;
  const message = `Cannot ${verbOf(syscall)} ${path ?? place}: ${explanation.what} (${code}).`;
  return new UserError(
    { reason: `system-${code?.toLowerCase()}`, message, hint: explanation.hint },
    explanation.exitCode,
  );
}

function verbOf(syscall: string | undefined): string {
  if (syscall === "open") return "open";
  return ["scandir", "read", "stat", "lstat", "readlink"].includes(syscall ?? "") ? "read" : "write";
}
