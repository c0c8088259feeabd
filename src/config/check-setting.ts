import { isDigit, parseDuration } from "../core/duration.ts";
import type { Failure } from "../core/errors.ts";
import { parsePatterns } from "../core/own-patterns.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { SettingKey } from "./keys.ts";

/** Checks a value's form. @returns the value as it is kept, or what is wrong with it (never quoting a secret). */
export function checkSetting(key: SettingKey, value: string): Result<string, Failure> {
  const wrong = (expected: string) =>
    err({
      reason: "invalid-setting",
      // A URL may hold credentials, in any form that is no URL.
      message:
        key.secret === true || (key.kind.is === "url" && value.includes("@"))
          ? `${key.key} is not valid.`
          : `${key.key} cannot be "${value}".`,
      hint: `It takes ${expected}.`,
    });
  switch (key.kind.is) {
    case "choice":
      return key.kind.values.includes(value) ? ok(value) : wrong(key.kind.values.join(", "));
    case "list": {
      const { values, none } = key.kind;
      const isGood = value === none || value.split(",").every((word) => values.includes(word));
      return isGood
        ? ok(value)
        : wrong(`${values.join(", ")}, separated by commas without blanks, or ${none}`);
    }
    case "duration":
      return (parseDuration(value) ?? 0) > 0 ? ok(value) : wrong("a duration such as 2s, 10m or 8h");
    case "size":
      return parseSize(value) === undefined ? wrong("a size such as 64KiB, 8MiB or 1GiB") : ok(value);
    case "url":
      return isHttpUrl(value) ? ok(value) : wrong("an http:// or https:// URL");
    case "word":
      return key.kind.pattern.test(value) ? ok(value) : wrong(key.kind.expected);
    case "patterns":
      return checkPatterns(key.key, value);
    case "text":
      return value === "" || /[\r\n]/.test(value) ? wrong("one line of text that is not empty") : ok(value);
  }
}

function checkPatterns(key: string, value: string): Result<string, Failure> {
  const patterns = parsePatterns(value);
  const problem = patterns.ok ? (patterns.value.length === 0 ? "it is empty" : undefined) : patterns.error;
  if (problem === undefined) return ok(value);
  const hint = "It takes regular expressions separated by blanks, such as: EMP-\\d{6} ACME-[A-Z]+";
  return err({ reason: "invalid-setting", message: `${key} is not valid: ${problem}.`, hint });
}

const sizeUnits: readonly (readonly [suffix: string, bytes: number])[] = [
  ["KiB", 1024],
  ["MiB", 1024 ** 2],
  ["GiB", 1024 ** 3],
  ["B", 1],
];

/** Bytes of `64KiB`, `8MiB` …, or undefined. */
export function parseSize(text: string): number | undefined {
  const unit = sizeUnits.find(([suffix]) => text.endsWith(suffix));
  if (unit === undefined) return undefined;
  const [suffix, factor] = unit;
  const digits = text.slice(0, -suffix.length);
  if (digits === "" || digits.length > 6 || ![...digits].every(isDigit)) return undefined;
  const bytes = Number(digits) * factor;
  return bytes >= 1024 ? bytes : undefined;
}

function isHttpUrl(text: string): boolean {
  const start = text.slice(0, "https://".length).toLowerCase();
  return (start.startsWith("http://") || start === "https://") && URL.canParse(text);
}
