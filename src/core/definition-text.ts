import fs from "node:fs";
import { errorCode } from "./errors.ts";
import { err, ok, type Result } from "./result.ts";

/** Longest definition that is read, in UTF-16 units. */
export const MAX_DEFINITION_LENGTH = 262_144;

/** Reads a file that somebody wrote by hand, whatever may stand in its place; on failure, what to tell of it. */
export function readDefinitionText(
  file: string,
): Result<string, { readonly message: string; readonly hint: string }> {
  try {
    const stats = fs.statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) {
      const isLink = fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
      return isLink
        ? err({ message: "a link to a file that does not exist", hint: "Correct the link, or remove it." })
        : err({ message: "does not exist", hint: "Check how it is spelt." });
    }
    if (!stats.isFile()) {
      return err({ message: "not a regular file", hint: "Put a definition in its place, or rename it." });
    }
    // At most four bytes make a unit, so that no huge file is read.
    const bytes = stats.size > 4 * MAX_DEFINITION_LENGTH ? undefined : fs.readFileSync(file);
    if (bytes !== undefined) {
      const text = decode(bytes);
      if (text === undefined) {
        return err({ message: "not a text in UTF-8", hint: "Save it as one, or remove it." });
      }
      if (text.length <= MAX_DEFINITION_LENGTH) return ok(text);
    }
    const limit = `${MAX_DEFINITION_LENGTH / 1024} Ki`;
    return err({ message: `longer than ${limit} characters`, hint: "Shorten it, or move it elsewhere." });
  } catch (error) {
    const message = `cannot be read (${errorCode(error) ?? "unknown error"})`;
    return err({ message, hint: "Check its permissions." });
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
