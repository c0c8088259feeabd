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

export function appliedJson(result: TargetResult, diff: string | null = null): AppliedJson {
  return { ...result, diff };
}
