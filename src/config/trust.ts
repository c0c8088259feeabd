import { createHash } from "node:crypto";
import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { type Environment, envFlag } from "../core/environment.ts";
import { ensureDirectory, type Home } from "../core/home.ts";

/**
 * What a project's file would change without being asked takes effect only when the user has read it: trust is bound
 * to the file's path, without links on the way, and content, and gone with the next change. `TTA_PERSONA_TRUST=1` trusts all, for CI.
 */
export function isTrusted(home: Home, env: Environment, file: string): boolean {
  return envFlag(env, "TTA_PERSONA_TRUST") || readTrusted(home)[fs.realpathSync(file)] === hashOf(file);
}

/** @throws the system's error when the file cannot be read or the home not be written. */
export function trustFile(home: Home, file: string): void {
  const hash = hashOf(file);
  ensureDirectory(home.state);
  replaceFile(
    trustPath(home),
    `${JSON.stringify({ ...readTrusted(home), [fs.realpathSync(file)]: hash })}\n`,
  );
}

/** Hex SHA-256 by absolute path. */
function readTrusted(home: Home): Readonly<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(trustPath(home), "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, string>) : {};
  } catch {
    return {};
  }
}

function hashOf(file: string): string {
  return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}

function trustPath(home: Home): string {
  return `${home.state}/trusted.json`;
}
