import fs from "node:fs";
import { errorCode } from "../core/errors.ts";
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

/** Where a stage's gates look for values. */
export interface ValuePlaces {
  /** The stage's working directory. */
  readonly cwd: string;
  readonly logFile: string | undefined;
  readonly outputs: Outputs;
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
  return compare(found.value, bounds);
}

/** Compares a number, or with `equals` a text. */
export function compare(value: string, { min, max, equals }: Bounds): Verdict {
  if (equals !== undefined) {
    const passed = value === equals;
    return { passed, detail: passed ? `is ${value}` : `is ${value}, not ${equals}` };
  }
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) return { passed: false, detail: `${value} is no number` };
  if (min !== undefined && number < min) return { passed: false, detail: `${value} < ${min}` };
  if (max !== undefined && number > max) return { passed: false, detail: `${value} > ${max}` };
  const kept = [min === undefined ? [] : `≥ ${min}`, max === undefined ? [] : `≤ ${max}`].flat();
  return { passed: true, detail: `${value} ${kept.join(", ")}` };
}

type Found = { readonly value: string } | { readonly missing: string };

function findValue(source: ValueSource, { cwd, logFile, outputs }: ValuePlaces): Found {
  if (source.from === "output") {
    const value = Object.hasOwn(outputs, source.key) ? outputs[source.key] : undefined;
    return value === undefined ? { missing: `no output ${source.key}` } : { value };
  }
  const path = source.from === "log" ? logFile : absolute(source.file, cwd);
  const name = source.from === "log" ? "the log" : source.file;
  const text = path === undefined ? { missing: `no ${name}` } : readText(path, name);
  if ("missing" in text) return text;
  if (source.from === "json") return readPath(text.value, source.path, name);
  const pattern = compilePattern(source.pattern);
  const last = pattern === undefined ? undefined : [...text.value.matchAll(pattern)].at(-1);
  return last === undefined
    ? { missing: `${name} has nothing that matches ${source.pattern}` }
    : { value: last[1] ?? last[0] };
}

function readText(path: string, name: string): Found {
  try {
    const { size } = fs.statSync(path);
    if (size > MAX_FILE_BYTES) return { missing: `${name} is longer than ${MAX_FILE_BYTES} bytes` };
    return { value: fs.readFileSync(path, "utf8") };
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
  return typeof value === "object" ? { missing: `${path} in ${name} is no value` } : { value: String(value) };
}

export function absolute(path: string, base: string): string {
  return path.startsWith("/") ? path : `${base}/${path}`;
}
