import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { type Environment, envFlag } from "../core/environment.ts";
import { errorCode } from "../core/errors.ts";
import { ensureDirectory, type Home } from "../core/home.ts";

/**
 * What a project's file would change without being asked takes effect only when the user has read it: trust is bound
 * to content and place, and gone with the next change. The place of a file in a project's folder is there, whatever is a
 * link in it: nobody has approved of another project who approved of a file that it links to. That of any other file is
 * where its links lead. `TTA_PERSONA_TRUST=1` trusts all, for CI.
 */
export function isTrusted(home: Home, env: Environment, file: string): boolean {
  return trustOf(home, env, file) === "trusted";
}

/** `changed`: the file was trusted with another content. */
export type Trust = "trusted" | "changed" | "never";

/**
 * As `isTrusted`, telling apart why a file is not. A link to nothing was never trusted, unless it was before.
 *
 * @throws the system's error when it cannot be read.
 */
export function trustOf(home: Home, env: Environment, file: string): Trust {
  if (envFlag(env, "TTA_PERSONA_TRUST")) return "trusted";
  // Where nothing was ever trusted there is nothing to compare with.
  if (!fs.existsSync(`${home.state}/trusted`) && !fs.existsSync(`${home.state}/trusted.json`)) return "never";
  const list = readList(home);
  const known = placesOf(file).flatMap((place) =>
    [readTrusted(home, place), list[place]].filter((one) => one !== undefined),
  );
  if (known.length === 0) return "never";
  const path = fs.realpathSync(file);
  // Whatever is no regular file could block the read, and cannot have been read by anybody.
  if (!fs.statSync(path).isFile()) return "changed";
  return known.includes(hashOf(fs.readFileSync(path))) ? "trusted" : "changed";
}

/** @throws the system's error when the file cannot be read or the home not be written. */
export function trustFile(home: Home, file: string): void {
  const hash = hashOf(fs.readFileSync(file));
  const [path = file] = placesOf(file);
  ensureDirectory(`${home.state}/trusted`);
  // One for each, so that two that are trusted at once do not lose each other.
  replaceFile(trustPath(home, path), `${hash}  ${path}\n`);
}

/**
 * Under which paths trust in a file may have been kept: that of its place, and that of its content within the same
 * project, which earlier versions took.
 */
function placesOf(file: string): readonly string[] {
  const [, root, below] = /^(.*)(\/\.(?:tta-persona|hypertool)\/.*)$/s.exec(file) ?? [];
  if (root === undefined || below === undefined) return [fs.realpathSync(file)];
  const realRoot = root === "" ? "" : fs.realpathSync(root);
  const place = `${realRoot}${below}`;
  const target = realPathOf(file);
  return target === undefined || target === place || !target.startsWith(`${realRoot}/`)
    ? [place]
    : [place, target];
}

/** Undefined for a link to nothing. */
function realPathOf(file: string): string | undefined {
  try {
    return fs.realpathSync(file);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return undefined;
  }
}

/** Hex SHA-256 of what was trusted. */
function readTrusted(home: Home, path: string): string | undefined {
  try {
    return fs.readFileSync(trustPath(home, path), "utf8").slice(0, 64);
  } catch {
    return undefined;
  }
}

/** What earlier versions have kept: hex SHA-256 by absolute path. */
function readList(home: Home): Readonly<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(`${home.state}/trusted.json`, "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, string>) : {};
  } catch {
    return {};
  }
}

function hashOf(content: string | Buffer): string {
  // Loaded when it is needed, and not before: the guard's bundle holds this, too.
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash("sha256").update(content).digest("hex");
}

function trustPath(home: Home, path: string): string {
  return `${home.state}/trusted/${hashOf(path)}`;
}
