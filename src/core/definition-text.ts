import fs from "node:fs";
import { errorCode } from "./errors.ts";
import { err, ok, type Result } from "./result.ts";

/** Longest definition that is read, in UTF-16 units. */
export const MAX_DEFINITION_LENGTH = 262_144;

export interface TextProblem {
  readonly message: string;
  readonly hint: string;
  readonly code: "broken" | "dangling-link";
}

const broken = (message: string, hint: string) => err({ message, hint, code: "broken" } as const);

/** Reads a file that somebody wrote by hand, whatever may stand in its place; on failure, what to tell of it. */
export function readDefinitionText(file: string): Result<string, TextProblem> {
  try {
    const stats = fs.statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) {
      const isLink = fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
      if (!isLink) return broken("does not exist", "Check how it is spelt.");
      const hint = "Correct the link, or remove it.";
      return err({ message: "a link to a file that does not exist", hint, code: "dangling-link" });
    }
    if (!stats.isFile()) {
      return broken("not a regular file", "Put a definition in its place, or rename it.");
    }
    // At most four bytes make a unit, so that no huge file is read.
    const bytes = stats.size > 4 * MAX_DEFINITION_LENGTH ? undefined : fs.readFileSync(file);
    if (bytes !== undefined) {
      const text = decode(bytes);
      if (text === undefined) {
        return broken("not a text in UTF-8", "Save it as one, or remove it.");
      }
      if (text.length <= MAX_DEFINITION_LENGTH) return ok(text);
    }
    const limit = `${MAX_DEFINITION_LENGTH / 1024} Ki`;
    return broken(`longer than ${limit} characters`, "Shorten it, or move it elsewhere.");
  } catch (error) {
    const message = `cannot be read (${errorCode(error) ?? "unknown error"})`;
    return broken(message, "Check its permissions.");
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
