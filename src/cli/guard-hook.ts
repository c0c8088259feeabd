import { readEditable } from "../apply/read-file.ts";
import { type ReplaceFailure, replaceFiles } from "../apply/replace-files.ts";
import { decodeText, encodeText } from "../apply/text-file.ts";
import { ExitCode, UserError } from "../core/errors.ts";
import { randomHex } from "../core/random.ts";
import type { Result } from "../core/result.ts";
import type { HookEdit, HookProblem } from "../guard/hook-settings.ts";
import type { CliContext } from "./context.ts";

export interface HookChange extends HookEdit {
  readonly file: string;
}

/**
 * Changes the hooks in the project's `.claude/settings.json`, or, `local`, in the user's own beside it, as a switch
 * changes the files of agents: behind a link, with the mode that it has, every byte around the hook kept, or not at all.
 *
 * @param edit gets an empty text where there is no such file
 * @throws UserError where it cannot be edited, understood or was changed by somebody else meanwhile.
 */
export function changeHooks(
  ctx: CliContext,
  edit: (text: string) => Result<HookEdit, HookProblem>,
  { dryRun, local }: { readonly dryRun: boolean; readonly local: boolean },
): HookChange {
  const given = `${ctx.cwd()}/.claude/settings${local ? ".local" : ""}.json`;
  const content = readEditable(given, "change it by hand");
  if (content.kind === "unusable") throw new UserError(content.failure);
  const file = content.kind === "file" ? content.path : given;
  const text = content.kind === "file" ? decodeText(content.bytes) : { mark: "", body: "" };
  if (text === undefined) throw unusable(`${file} is not a text in UTF-8`, "Save it as one");
  const edited = edit(text.body);
  if (!edited.ok) {
    const { offset, message } = edited.error;
    const lines = text.body.slice(0, offset).split("\n");
    const place = `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
    throw unusable(`${file}:${place}: ${message}`, "Correct it there");
  }
  const change = { ...edited.value, file };
  if (dryRun || !change.changed) return change;
  const replaced = replaceFiles([
    {
      path: file,
      before: content.kind === "file" ? content.bytes : undefined,
      after: encodeText({ ...text, body: change.text }),
      mode: content.kind === "file" ? content.mode : 0o644 & ~process.umask(),
      temporary: `${file}.${randomHex(6)}.tmp`,
    },
  ]);
  if (!replaced.ok) throw notWritten(file, replaced.error);
  return change;
}

function unusable(what: string, remedy: string): UserError {
  return new UserError({
    reason: "broken-settings",
    message: `${what}. Nothing was changed.`,
    hint: `${remedy}, and run the command again.`,
  });
}

function notWritten(file: string, { reason, code = "unknown error" }: ReplaceFailure): UserError {
  switch (reason) {
    case "changed":
      return new UserError({
        reason: "changed-meanwhile",
        message: `${file} was changed by somebody else meanwhile. Nothing was changed.`,
        hint: "Run the command again.",
      });
    case "not-written":
      return new UserError(
        {
          reason: "not-written",
          message: `${file} cannot be written (${code}). Nothing was changed.`,
          hint: "Free some space or check its permissions, and run the command again.",
        },
        ExitCode.failed,
      );
    case "not-restored":
      return new UserError({
        reason: "not-restored",
        message: `${file} was changed by somebody else in the same moment.`,
        hint: "Look at it, and run the command again.",
      });
  }
}
