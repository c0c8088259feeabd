import fs from "node:fs";
import { errorCode } from "../core/errors.ts";
import type { Masker } from "../core/mask.ts";
import { MASK } from "../core/mask-text.ts";
import { isSecretName } from "../core/secret-names.ts";
import type { Bounds, ValueSource } from "./definition.ts";
import { compilePattern } from "./pattern.ts";
import type { Outputs } from "./run-store.ts";

/** What a gate found. The detail is one line, what was measured against what; not masked yet. */
export interface Verdict {
  readonly passed: boolean;
  readonly detail: string;
}

/** A file that is read for a value may be this long. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

const LONGEST_SHOWN = 100;

/** Where a stage's gates look for values. */
export interface ValuePlaces {
  /** The stage's working directory. */
  readonly cwd: string;
  readonly logFile: string | undefined;
  readonly outputs: Outputs;
  readonly masker: Pick<Masker, "text">;
}

/** Takes a value out of a file, the log or the outputs, and compares it. */
export function checkValue(
  source: ValueSource,
  bounds: Bounds,
  isOptional: boolean,
  places: ValuePlaces,
): Verdict {
  const found = findValue(source, places);
  if ("missing" in found) {
    return isOptional
      ? { passed: true, detail: `${found.missing}; nothing to check` }
      : { passed: false, detail: found.missing };
  }
  return compare(found.value, bounds, found.isSecret ? MASK : shorten(places.masker.text(found.value)));
}

/** So that it can be seen what it is compared with. */
function shorten(value: string): string {
  return value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value;
}

/** Compares a number, or with `equals` a text. @param shown what the detail says in place of the value. */
export function compare(value: string, { min, max, equals }: Bounds, shown = value): Verdict {
  if (equals !== undefined) {
    const passed = value === equals;
    const detail = `the value is ${shown === "" ? "empty" : shown}`;
    return { passed, detail: passed ? detail : `${detail}, not ${equals}` };
  }
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) return { passed: false, detail: `${shown} is no number` };
  if (min !== undefined && number < min) return { passed: false, detail: `${shown} < ${min}` };
  if (max !== undefined && number > max) return { passed: false, detail: `${shown} > ${max}` };
  const kept = [min === undefined ? [] : `≥ ${min}`, max === undefined ? [] : `≤ ${max}`].flat();
  return { passed: true, detail: `${shown} ${kept.join(", ")}` };
}

/** What stands around a value may say that it is a secret, and is not there any more when it is shown. */
type Found = { readonly value: string; readonly isSecret: boolean } | { readonly missing: string };

function findValue(source: ValueSource, { cwd, logFile, outputs, masker }: ValuePlaces): Found {
  if (source.from === "output") {
    const value = Object.hasOwn(outputs, source.key) ? outputs[source.key] : undefined;
    return value === undefined
      ? { missing: `no output ${source.key}` }
      : { value, isSecret: isSecretName(source.key) };
  }
  const path = source.from === "log" ? logFile : absolute(source.file, cwd);
  const name = source.from === "log" ? "the log" : source.file;
  const text = path === undefined ? { missing: `no ${name}` } : readText(path, name);
  if ("missing" in text) return text;
  if (source.from === "json") return readPath(text.text, source.path, name);
  const pattern = compilePattern(source.pattern);
  const last = pattern === undefined ? undefined : [...text.text.matchAll(pattern)].at(-1);
  if (last === undefined) return { missing: `${name} has nothing that matches ${source.pattern}` };
  const value = last[1] ?? last[0];
  const masked = masker.text(linesAround(text.text, last.index, last[0].length));
  return { value, isSecret: last[1] !== undefined && !masked.includes(value) };
}

/** The lines, whole, of which a match is a part. */
function linesAround(text: string, at: number, length: number): string {
  const end = text.indexOf("\n", at + length);
  return text.slice(text.lastIndexOf("\n", at - 1) + 1, end === -1 ? text.length : end);
}

function readText(path: string, name: string): { readonly text: string } | { readonly missing: string } {
  try {
    const { size } = fs.statSync(path);
    if (size > MAX_FILE_BYTES) return { missing: `${name} is longer than ${MAX_FILE_BYTES} bytes` };
    return { text: fs.readFileSync(path, "utf8") };
  } catch (error) {
    return { missing: `${name} cannot be read (${errorCode(error) ?? "unknown error"})` };
  }
}

/** A dotted path; numbers are positions in lists. */
function readPath(text: string, path: string, name: string): Found {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { missing: `${name} is not JSON` };
  }
  for (const step of path.split(".")) {
    const holds = typeof value === "object" && value !== null && Object.hasOwn(value, step);
    if (!holds) return { missing: `${name} has no ${path}` };
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  if (typeof value === "object") return { missing: `${path} in ${name} is no value` };
  const key = path.split(".").findLast((step) => !/^\d+$/.test(step)) ?? "";
  return { value: String(value), isSecret: isSecretName(key) };
}

export function absolute(path: string, base: string): string {
  return path.startsWith("/") ? path : `${base}/${path}`;
}
