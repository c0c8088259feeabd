import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished } from "vitest";

/** A directory that is removed when the running test is over. */
export function temporaryDirectory(): string {
  const directory = newDirectory();
  onTestFinished(() => remove(directory));
  return directory;
}

/** A directory that is removed when all tests of the file are over; to be called outside them. */
export function temporaryDirectoryOfFile(): string {
  const directory = newDirectory();
  afterAll(() => remove(directory));
  return directory;
}

function newDirectory(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "tta-persona-test-")));
}

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}
