import { plainWords, programName, type ShellCommand } from "./shell-words.ts";

/** Whether that is what a program is called that applies patches, as Codex calls it. */
export const isPatcher = (name: string): boolean => /^apply_?patch$/i.test(name);

/** Whether a command applies a patch, by itself or by what it runs (`timeout 5 apply_patch`). */
export function appliesPatch(command: ShellCommand): boolean {
  return plainWords(command).some((word) => isPatcher(programName(word)));
}

const HEADER = /^\*\*\* (?:(Add|Delete|Update) File|Move to):(.*)/;

/**
 * The files that a patch adds, updates, deletes or moves to, in the format of Codex's `apply_patch`, which Copilot and
 * opencode know too (https://github.com/openai/codex/blob/main/codex-rs/apply-patch/src/parser.rs).
 */
export function patchPaths(patch: string): readonly string[] {
  const found: string[] = [];
  let isUpdate = false;
  for (const line of patch.split("\n")) {
    // Elsewhere a header may be indented; in an update, what begins with a blank is a line of the file.
    const header = HEADER.exec(isUpdate ? line : line.trimStart());
    if (header === null) continue;
    const [, verb, path = ""] = header;
    // What a file is moved to stands in its update.
    if (verb !== undefined) isUpdate = verb === "Update";
    found.push(path.trim());
  }
  return found;
}
