import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { errorCode, UserError } from "../core/errors.ts";
import type { Result } from "../core/result.ts";
import type { HookEdit, HookProblem } from "../guard/hook-settings.ts";
import type { CliContext } from "./context.ts";

export interface HookChange extends HookEdit {
  readonly file: string;
}

/**
 * Changes the hooks in the project's `.claude/settings.json`, or, `local`, in the user's own beside it: where it is a link, in the file that it leads to, and
 * with the mode that it has.
 *
 * @param edit gets an empty text where there is no such file
 * @throws UserError where it cannot be read, understood or was changed by somebody else meanwhile.
 */
export function changeHooks(
  ctx: CliContext,
  edit: (text: string) => Result<HookEdit, HookProblem>,
  { dryRun, local }: { readonly dryRun: boolean; readonly local: boolean },
): HookChange {
  const directory = `${ctx.cwd()}/.claude`;
  const given = `${directory}/settings${local ? ".local" : ""}.json`;
  const file = fs.existsSync(given) ? fs.realpathSync(given) : given;
  const before = readText(file);
  const edited = edit(before ?? "");
  if (!edited.ok) {
    const { offset, message } = edited.error;
    const lines = (before ?? "").slice(0, offset).split("\n");
    throw new UserError({
      reason: "broken-settings",
      message: `${file}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}: ${message}. Nothing was changed.`,
      hint: "Correct it there, and run the command again.",
    });
  }
  const change = { ...edited.value, file };
  if (dryRun || !change.changed) return change;
  fs.mkdirSync(directory, { recursive: true });
  if (readText(file) !== before) {
    throw new UserError({
      reason: "changed-meanwhile",
      message: `${file} was changed by somebody else meanwhile. Nothing was changed.`,
      hint: "Run the command again.",
    });
  }
  const text = change.text.endsWith("\n") || before !== undefined ? change.text : `${change.text}\n`;
  const mode = before === undefined ? 0o644 : fs.statSync(file).mode & 0o777;
  replaceFile(file, text, true, mode);
  // The umask may have taken some of it.
  if (before !== undefined) fs.chmodSync(file, mode);
  return change;
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new UserError({
      reason: "unreadable-settings",
      message: `${file} cannot be read (${errorCode(error) ?? "unknown error"}).`,
    });
  }
}
