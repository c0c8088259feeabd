import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { errorCode } from "../core/errors.ts";
import { ensureDirectory, type Home } from "../core/home.ts";

/** Above this many lines the ones that later lines have overtaken are left out. */
const COMPACT_AFTER_LINES = 100;

/**
 * What shell prompts know of projects, since they cannot hash files: a line `<name>⇥<root>` for each time that a
 * project's persona was trusted, the last of a root counts, with `!` for a name where it has none any more. A prompt
 * shows what a project's file says only where this says the same.
 */
function promptProjectsPath(home: Home): string {
  return `${home.state}/projects`;
}

/**
 * Appends what a project's file says now, without a lock. Never fails: the prompt then shows what is in force without
 * the project, until it is trusted the next time.
 */
export function tellPrompts(home: Home, root: string, name: string | undefined): void {
  if (/[\t\n]/.test(root)) return;
  const path = promptProjectsPath(home);
  try {
    ensureDirectory(home.state);
    fs.appendFileSync(path, `${name ?? "!"}\t${root === "" ? "/" : root}\n`, { mode: 0o600 });
    const lines = fs.readFileSync(path, "utf8").split("\n").filter(Boolean);
    if (lines.length > COMPACT_AFTER_LINES) replaceFile(path, compact(lines), false);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

function compact(lines: readonly string[]): string {
  const latest = new Map(lines.map((line) => [line.slice(line.indexOf("\t")), line]));
  return [...latest.values()]
    .filter((line) => !line.startsWith("!"))
    .map((line) => `${line}\n`)
    .join("");
}
