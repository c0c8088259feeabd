import { errorCode, UserError } from "../core/errors.ts";
import type { Masker } from "../core/mask.ts";
import type { WorkError } from "./do-work.ts";

const MAX_LENGTH = 500;

/**
 * Fit for a fact, a span and a line on a terminal, whatever a file or a program has put into it: masked, on one line,
 * without control characters, and short.
 */
export function told(text: string, masker: Masker): string {
  const line = masker
    .text(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  const characters = [...line.slice(0, 2 * MAX_LENGTH)];
  return characters.length > MAX_LENGTH ? `${characters.slice(0, MAX_LENGTH).join("")}…` : line;
}

/** What was thrown on the way, as the reason why a stage did not succeed. */
export function thrownError(error: unknown): WorkError {
  if (error instanceof UserError) return { type: error.reason, message: error.message };
  const code = errorCode(error);
  // The run's own files: a full disk, a home that was taken away.
  if (code !== undefined) return { type: code, message: `the run's files cannot be written (${code})` };
  return { type: "bug", message: `a bug in tta-persona, please report it: ${String(error)}` };
}
