import { formatDuration } from "../../core/duration.ts";
import type { Paint } from "../../core/output.ts";
import type { GateChecked, RunResult } from "../../projection/run-facts.ts";
import type { Stage } from "../../workflow/definition.ts";
import type { StageOutcome } from "../../workflow/engine-context.ts";
import { printable } from "../printable.ts";

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

/** How a run or a stage ended, for a person. */
export function resultWord(result: RunResult): string {
  return resultWords[result];
}

const resultWords: Readonly<Record<RunResult, string>> = {
  success: "done",
  skip: "nothing to do",
  failure: "failed",
  error: "could not be done",
  timeout: "timed out",
  cancellation: "cancelled",
};

/** Of the columns that all stages of a workflow share. */
export interface StageColumns {
  readonly id: number;
  readonly persona: number;
}

export function stageColumns(stages: readonly Stage[]): StageColumns {
  return {
    id: Math.max(...stages.map(({ id }) => id.length)),
    persona: Math.max(...stages.map(({ persona }) => persona.length)),
  };
}

/** One line about a stage that is over. */
export function stageLine(outcome: StageOutcome, columns: StageColumns, paint: Paint): string {
  const { stage, result, attempts, error, isBlocked, isReused } = outcome;
  const name = paint.bold(stage.id.padEnd(columns.id));
  const parts = [`${resultMark(result, paint)} ${name}  ${stage.persona.padEnd(columns.persona)}`];
  if (isReused) parts.push(paint.dim("done before"));
  else if (result === "skip")
    parts.push(paint.dim(isBlocked ? "not run" : "skipped: its condition does not hold"));
  else parts.push(paint.dim(shortDuration(outcome.endedAt - outcome.startedAt)));
  if (attempts > 1) parts.push(paint.dim(`${attempts} attempts`));
  if (error !== undefined) parts.push(errorText(result, printable(error.message)));
  return parts.join("  ");
}

/** Not "cancelled: cancelled". */
function errorText(result: RunResult, message: string): string {
  const word = resultWord(result);
  return message === word ? word : `${word}: ${message}`;
}

export function gateLine({ gate, result, detail }: GateChecked, paint: Paint): string {
  const mark = result === "passed" ? paint.green("✓") : paint.red("✗");
  return `    ${mark} gate ${printable(gate)}: ${printable(detail)}`;
}
