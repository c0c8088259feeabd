import { ExitCode, errorCode, UserError } from "../core/errors.ts";
import { writeText } from "../core/output.ts";
import { printable } from "./printable.ts";
import type { GlobalFlags } from "./route.ts";

/** A document of the contract: `{"schema": "tta-persona/<command>/1", …}`. */
export interface JsonDocument {
  readonly schema: string;
  readonly [field: string]: unknown;
}

/** The only way to say something. A command calls `answer` or `done` once. */
export interface Output {
  /** What was asked for, on stdout: the text for people, or with `--json` the document. */
  answer(document: JsonDocument, text: string): void;
  /** What was done, likewise; with `--quiet` the text is left out. */
  done(document: JsonDocument, text: string): void;
  /** One line on stderr that changes nothing about the outcome; not with `--quiet`. */
  note(line: string): void;
  /** Text as it is on stdout, whatever the flags say: help, and formats of others. */
  raw(text: string): void;
  /** Lines on stderr, whatever the flags say. */
  complain(lines: readonly string[]): void;
}

export function createOutput(flags: GlobalFlags): Output {
  const out = (text: string) => writeOut(text);
  return {
    answer: (document, text) => out(flags.json ? `${JSON.stringify(document)}\n` : text),
    done(document, text) {
      if (flags.json) out(`${JSON.stringify(document)}\n`);
      else if (!flags.quiet) out(text);
    },
    note(line) {
      if (!flags.quiet) writeError([`tta-persona: ${printable(line)}`]);
    },
    raw: out,
    complain: (lines) => writeError(lines.map(printable)),
  };
}

function writeOut(text: string): void {
  if (text === "") return;
  try {
    writeText(1, text);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    const failure = { reason: "output-failed", message: `Standard output cannot be written (${code}).` };
    throw new UserError(failure, ExitCode.failed);
  }
}

/** Where stderr itself fails there is nobody left to tell. */
function writeError(lines: readonly string[]): void {
  try {
    writeText(2, `${lines.join("\n")}\n`);
  } catch {
    // The exit code has to do.
  }
}
