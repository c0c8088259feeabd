import fs from "node:fs";
import { errorCode, type Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { isOutputKey, MAX_NAME_LENGTH } from "./names.ts";

/** What a stage hands on, by key. */
export type Outputs = Readonly<Record<string, string>>;

const MAX_BYTES = 1024 * 1024;

/** The fact of a stage's end names all keys. */
export const MAX_OUTPUTS = 1000;

/**
 * Reads the file that a stage wrote to as `$TTA_OUTPUT`. One that is not there holds nothing.
 *
 * Failures: `output-too-big`, `output-too-many`, `output-unreadable`, `output-line`. They name the line, never what is in it.
 */
export function readOutputs(path: string): Result<Outputs, Failure> {
  let bytes: Buffer;
  try {
    // Not blocking: opening a pipe would wait for somebody to write to it.
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile()) return unreadable("not a file");
      if (stat.size > MAX_BYTES) return tooBig();
      bytes = fs.readFileSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") return ok({});
    return unreadable(code ?? "unknown error");
  }
  return parseOutputs(bytes);
}

/**
 * The format of GitHub's `GITHUB_OUTPUT` (actions/runner, `FileCommandManager`): `key=value`, or `key<<DELIMITER`,
 * lines, `DELIMITER`. Values are taken as they are, to the last blank; the last of equal keys counts. Lines may end
 * with CRLF.
 */
export function parseOutputs(bytes: Uint8Array): Result<Outputs, Failure> {
  if (bytes.length > MAX_BYTES) return tooBig();
  let text: string;
  try {
    // A mark of the byte order is taken away.
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return err({ reason: "output-line", message: "What the stage wrote to $TTA_OUTPUT is not UTF-8." });
  }
  const lines = text.split("\n");
  const outputs = new Map<string, string>();
  for (let at = 0; at < lines.length; at++) {
    const number = at + 1;
    const raw = lines[at] ?? "";
    const line = withoutReturn(raw);
    if (line === "") continue;
    const equals = line.indexOf("=");
    const marker = line.indexOf("<<");
    if (equals === -1 && marker === -1) return badLine(number, "is no key=value pair");
    const isBlock = marker !== -1 && (equals === -1 || marker < equals);
    const key = line.slice(0, isBlock ? marker : equals);
    if (!isOutputKey(key)) {
      return badLine(
        number,
        `has a key that is not of the form [a-z][a-z0-9_]*, at most ${MAX_NAME_LENGTH} characters`,
      );
    }
    let value = line.slice(equals + 1);
    if (isBlock) {
      const delimiter = line.slice(marker + 2);
      if (delimiter === "") return badLine(number, "has no delimiter after <<");
      let end = at + 1;
      while (end < lines.length && withoutReturn(lines[end] ?? "") !== delimiter) end++;
      if (end === lines.length) return badLine(number, "begins a value whose delimiter does not follow");
      // A carriage return is part of the value, unless all lines of the file end with one.
      const clean = raw === line ? (other: string) => other : withoutReturn;
      value = lines
        .slice(at + 1, end)
        .map(clean)
        .join("\n");
      at = end;
    }
    if (value.includes("\0")) return badLine(number, "has a value with a NUL byte");
    outputs.set(key, value);
    if (outputs.size > MAX_OUTPUTS) return tooMany();
  }
  return ok(Object.fromEntries(outputs));
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function unreadable(why: string): Result<Outputs, Failure> {
  return err({
    reason: "output-unreadable",
    message: `What the stage wrote to $TTA_OUTPUT cannot be read (${why}).`,
    hint: "Append to the file; do not replace it by something else.",
  });
}

function tooBig(): Result<Outputs, Failure> {
  return err({
    reason: "output-too-big",
    message: "The stage wrote more than 1 MiB to $TTA_OUTPUT.",
    hint: "Hand on the path of a file instead.",
  });
}

function tooMany(): Result<Outputs, Failure> {
  return err({
    reason: "output-too-many",
    message: `The stage wrote more than ${MAX_OUTPUTS} keys to $TTA_OUTPUT.`,
    hint: "Hand on the path of a file instead.",
  });
}

function badLine(number: number, what: string): Result<Outputs, Failure> {
  return err({
    reason: "output-line",
    message: `Line ${number} of what the stage wrote to $TTA_OUTPUT ${what}.`,
    hint: "Write key=value, or key<<END, the lines of the value, END.",
  });
}
