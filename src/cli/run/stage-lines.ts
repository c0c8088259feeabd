import { formatDuration } from "../../core/duration.ts";
import type { Paint } from "../../core/output.ts";
import type { GateChecked, RunResult } from "../../projection/run-facts.ts";
import type { StageOutcome } from "../../workflow/engine-context.ts";

/** A sign and a word for how a run, a stage or a gate ended; signs alone would say nothing to some. */
export function resultMark(result: RunResult, paint: Paint): string {
  switch (result) {
    case "success":
      return paint.green("✓");
    case "skip":
      return paint.dim("-");
    default:
      return paint.red("✗");
  }
}

/** `1.4s` below a minute, then as everywhere. */
export function shortDuration(ms: number): string {
  return ms < 60_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)}s` : formatDuration(ms);
}

/** One line about a stage that is over. */
export function stageLine(outcome: StageOutcome, idWidth: number, paint: Paint): string {
  const { stage, result, attempts, error, isBlocked, isReused } = outcome;
  const parts = [`${resultMark(result, paint)} ${paint.bold(stage.id.padEnd(idWidth))}  ${stage.persona}`];
  if (isReused) parts.push(paint.dim("done before"));
  else if (result === "skip")
    parts.push(paint.dim(isBlocked ? "not run" : "skipped: its condition does not hold"));
  else parts.push(paint.dim(shortDuration(outcome.endedAt - outcome.startedAt)));
  if (attempts > 1) parts.push(paint.dim(`${attempts} attempts`));
  if (error !== undefined) parts.push(`${result}: ${error.message}`);
  return parts.join("  ");
}

export function gateLine({ gate, result, detail }: GateChecked, paint: Paint): string {
  const mark = result === "passed" ? paint.green("✓") : paint.red("✗");
  return `    ${mark} gate ${gate}: ${detail}`;
}
