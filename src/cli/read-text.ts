import fs from "node:fs";
import { errorCode, UserError } from "../core/errors.ts";
import { quote } from "./printable.ts";

/** A file of the user's, in UTF-8. @throws UserError `unreadable-file`. */
export function readTextFile(file: string): string {
  try {
    const text = fs.readFileSync(file);
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch (error) {
    const why = errorCode(error);
    throw new UserError({
      reason: "unreadable-file",
      message: `${quote(file)} cannot be read (${why === undefined || why.startsWith("ERR_") ? "it is no text in UTF-8" : why}).`,
      hint: "Check the path, and what is in it.",
    });
  }
}
