import { printable, table } from "../core/printable.ts";
import type { TargetResult } from "./result.ts";

/** A command of the user's, among the results. */
export const HOOK_CLIENT = "onSwitch";

/** What became of each file, a line each. The hot path and the full program print the same, to the byte. */
export function resultsText(results: readonly TargetResult[], userHome: string | undefined): string {
  if (results.length === 0) return "";
  return table(
    results.map((result) => [
      `  ${result.client}`,
      result.file === null ? "-" : printable(shortPath(result.file, userHome)),
      printable(wordsOf(result)),
    ]),
  );
}

/** What was not applied, for stderr: it is why the command fails. */
export function unappliedLines(results: readonly TargetResult[]): readonly string[] {
  return results.flatMap(({ client, message, hint }) => [
    `tta-persona: ${client}: ${message ?? "not applied"}`,
    ...(hint === null ? [] : [`  ${hint}`]),
  ]);
}

/** A switch is made and applied, and only this could not be written down. */
export function notRecordedText(code: string): string {
  return `what was applied is not recorded (${code})`;
}

function wordsOf({ outcome, message, reload, client }: TargetResult): string {
  switch (outcome) {
    case "changed":
      if (client === HOOK_CLIENT) return "ran";
      return reload === null ? "changed" : `changed; to take it in, ${reload}`;
    case "would-change":
      return client === HOOK_CLIENT ? "would run" : "would be changed";
    case "already":
      return "already so";
    case "skipped":
      return `skipped: ${message}`;
    case "refused":
    case "failed":
      return `${outcome}: ${message}`;
  }
}

function shortPath(file: string, userHome: string | undefined): string {
  return userHome !== undefined && file.startsWith(`${userHome}/`) ? `~${file.slice(userHome.length)}` : file;
}
