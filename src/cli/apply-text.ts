import { userHomeOf } from "../apply/places.ts";
import type { TargetResult } from "../apply/result.ts";
import { resultsText } from "../apply/result-text.ts";
import type { AppliedJson } from "./apply-shapes.ts";
import type { CliContext } from "./context.ts";

/** What became of each file, a line each, and then the lines that would change. */
export function appliedText(results: readonly AppliedJson[], { env }: CliContext): string {
  const diffs = results.flatMap(({ diff }) => (diff === null ? [] : [diff]));
  return resultsText(results, userHomeOf(env)) + diffs.join("");
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
