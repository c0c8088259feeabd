import type { TargetResult } from "../apply/result.ts";
import { envValue } from "../core/environment.ts";
import type { AppliedJson } from "./apply-shapes.ts";
import type { CliContext } from "./context.ts";
import { printable, table } from "./printable.ts";

/** What became of each file, a line each. */
export function appliedText(results: readonly AppliedJson[], ctx: CliContext): string {
  if (results.length === 0) return "";
  const rows = results.map((result) => [
    `  ${result.client}`,
    result.file === null ? "-" : printable(shortPath(result.file, ctx)),
    printable(wordsOf(result)),
  ]);
  return table(rows) + results.flatMap(({ diff }) => (diff === null ? [] : [diff])).join("");
}

/** What was not applied, for stderr: it is why the command fails. */
export function complainUnapplied(results: readonly AppliedJson[], ctx: CliContext): void {
  const lines = results.flatMap(({ client, message, hint }) => [
    `tta-persona: ${client}: ${message ?? "not applied"}`,
    ...(hint === null ? [] : [`  ${hint}`]),
  ]);
  if (lines.length > 0) ctx.output.complain(lines);
}

export function appliedJson(result: TargetResult, diff: string | null = null): AppliedJson {
  return { ...result, diff };
}

function wordsOf({ outcome, message, reload, client }: AppliedJson): string {
  switch (outcome) {
    case "changed":
      if (client === "onSwitch") return "ran";
      return reload === null ? "changed" : `changed; to take it in, ${reload}`;
    case "would-change":
      return client === "onSwitch" ? "would run" : "would be changed";
    case "already":
      return "already so";
    case "skipped":
      return `skipped: ${message}`;
    case "refused":
    case "failed":
      return `${outcome}: ${message}`;
  }
}

function shortPath(file: string, { env }: CliContext): string {
  const home = envValue(env, "HOME");
  return home !== undefined && file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file;
}
