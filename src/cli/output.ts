import type { Environment } from "../core/environment.ts";
import { ExitCode, errorCode, UserError } from "../core/errors.ts";
import { isTerminal, wantsColor, writeText } from "../core/output.ts";
import { escapeControls, escapeControlsInLines } from "../core/printable.ts";
import { printable } from "./printable.ts";
import type { GlobalFlags } from "./route.ts";

/** A document of the contract: `{"schema": "tta-persona/<command>/1", …}`. */
export interface JsonDocument {
  readonly schema: string;
  readonly [field: string]: unknown;
}

/** The only way to say something. A command calls `answer` or `done` once. */
export interface Output {
  /**
   * What was asked for, on stdout: the text for people, or with `--json` the document. Whoever has written what is
   * shown, nothing but our own colours commands the terminal.
   */
  answer(document: JsonDocument, text: string): void;
  /** What was done, likewise; with `--quiet` the text is left out. */
  done(document: JsonDocument, text: string): void;
  /** A text for a file or another program, as it is; on a terminal, as `answer` shows it. */
  content(document: JsonDocument, text: string): void;
  /** One line on stderr that changes nothing about the outcome; not with `--quiet`. */
  note(line: string): void;
  /** Text as it is on stdout, whatever the flags say: help, and formats of others. */
  raw(text: string): void;
  /** Lines on stderr, whatever the flags say. */
  complain(lines: readonly string[]): void;
}

export function createOutput(flags: GlobalFlags, env: Environment): Output {
  const show = (text: string) => writeOut(escapeControlsInLines(text, hasColor(flags, env)));
  return {
    answer(document, text) {
      if (flags.json) writeOut(jsonLine(document));
      else show(text);
    },
    done(document, text) {
      if (flags.json) writeOut(jsonLine(document));
      else if (!flags.quiet) show(text);
    },
    content(document, text) {
      if (flags.json) writeOut(jsonLine(document));
      else if (isTerminal(1)) show(text);
      else writeOut(text);
    },
    note(line) {
      if (!flags.quiet) writeError([`tta-persona: ${printable(line)}`]);
    },
    raw: writeOut,
    complain: (lines) => writeError(lines.map(printable)),
  };
}

/** Whether colours are wanted on stdout. */
export function hasColor({ color }: GlobalFlags, env: Environment): boolean {
  return color && wantsColor(env, 1);
}

/** A document as it is printed. Of what commands a terminal, JSON lets some stand. */
export function jsonLine(document: JsonDocument): string {
  return `${escapeControls(JSON.stringify(document))}\n`;
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
