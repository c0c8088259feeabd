import fs from "node:fs";
import { errorCode, type Failure } from "../core/errors.ts";

const NO_FILE: Readonly<Record<string, unknown>> = {};

/** `a.b` in nested objects, as `conf` writes them. Only texts: that is all that `config set` ever wrote. */
export function lookUp(file: Readonly<Record<string, unknown>>, key: string): string | undefined {
  if (file === NO_FILE) return undefined;
  let value: unknown = file;
  for (const part of key.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value === undefined || value === null ? undefined : String(value);
}

/**
 * The user's file, by `node:fs` alone; `conf` writes it.
 *
 * @param problems gets what is wrong with it: it holds nothing then.
 */
export function readConfigFile(path: string, problems: Failure[]): Readonly<Record<string, unknown>> {
  if (!fs.existsSync(path)) return NO_FILE;
  try {
    const text = readRegularFile(path);
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    problems.push(brokenConfig(path, "it holds no JSON object"));
  } catch (error) {
    problems.push(brokenConfig(path, errorCode(error) ?? "it is not valid JSON"));
  }
  return {};
}

/**
 * A pipe or a device could block: it is opened without waiting, and not read. The descriptor is asked what it is, since
 * a hot command asks others too, and the first `stat` of a process takes a tenth of a millisecond.
 *
 * @returns undefined for what is no file.
 * @throws the system's error.
 */
function readRegularFile(path: string): string | undefined {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const stat = fs.fstatSync(fd);
    return stat.isFile() || stat.isDirectory() ? fs.readFileSync(fd, "utf8") : undefined;
  } finally {
    fs.closeSync(fd);
  }
}

function brokenConfig(path: string, why: string): Failure {
  return {
    reason: "broken-config",
    message: `${path} cannot be read (${why}); its settings are passed over.`,
    hint: "Mend the file, or move it away and use: tta-persona config set <key> <value>",
  };
}
