import fs from "node:fs";
import type { Paint } from "../../core/output.ts";
import type { RunResult } from "../../projection/run-facts.ts";
import type { StageOutcome } from "../../workflow/engine-context.ts";
import { findStageLogs } from "../../workflow/stage-log-path.ts";
import type { CliContext } from "../context.ts";
import type { RunJson } from "../run-shapes.ts";
import { terminalText } from "../terminal-text.ts";
import type { Execution } from "./execute.ts";
import { gateJson } from "./gate-json.ts";
import type { PreparedRun } from "./prepare.ts";
import { resultMark, resultWord, shortDuration } from "./stage-lines.ts";

/** Of what a failed stage has printed, this much is shown at the end; all of it is in its log. */
const SHOWN_LOG_BYTES = 32 * 1024;

/** The document of `run --json`. */
export function runJson({ workflow, resumes }: PreparedRun, { runId, trace, outcome }: Execution): RunJson {
  return {
    schema: "tta-persona/run/1",
    runId,
    workflow: workflow.name,
    result: outcome.result,
    dryRun: false,
    resumes: resumes?.id ?? null,
    traceId: trace.traceId,
    durationSeconds: (outcome.endedAt - outcome.startedAt) / 1000,
    stages: outcome.stages.map((one) => ({
      id: one.stage.id,
      persona: one.stage.persona,
      chatmode: one.stage.chatmode,
      needs: [...one.stage.needs],
      result: one.result,
      reused: one.isReused,
      attempts: one.attempts,
      durationSeconds: (one.endedAt - one.startedAt) / 1000,
      outputs: Object.keys(one.outputs),
      gates: one.gates.map(gateJson),
      error: one.error ?? null,
    })),
  };
}

/** The last lines of a run: what the stages that failed have printed, then how it ended and what to do. */
export function summaryText(
  { workflow }: PreparedRun,
  { runId, outcome, isResumable }: Execution,
  ctx: CliContext,
): string {
  const { paint } = ctx;
  const failed = outcome.stages.filter(({ error }) => error !== undefined);
  const shown = failed.map((one) => failedOutput(one, runId, ctx));
  const took = shortDuration(outcome.endedAt - outcome.startedAt);
  const line = `${resultMark(outcome.result, paint)} ${paint.bold(workflow.name)} ${endOf(outcome.result, took)}  ${paint.dim(`run ${runId}`)}\n`;
  if (isDone(outcome.result)) return line;
  const isBegun = outcome.stages.some(({ result }) => result === "success");
  const resume = [
    `tta-persona run ${workflow.name} --resume`,
    isBegun ? "go on behind the stages that are done" : "try again with the same parameters",
  ];
  const isUnconfirmed = failed.some(({ error }) => error?.type === "not_confirmed");
  const confirmed = [`${resume[0]} --yes`, "and confirm what nobody is asked for here"];
  const hints = [
    ...(isResumable ? [resume] : []),
    ...(isResumable && isUnconfirmed ? [confirmed] : []),
    [`tta-persona runs show ${runId}`, "what happened"],
  ];
  const width = Math.max(...hints.map(([command = ""]) => command.length));
  return [
    ...shown,
    line,
    ...hints.map(([command = "", doc = ""]) => `  ${paint.bold(command.padEnd(width))}  ${paint.dim(doc)}\n`),
  ].join("");
}

const isDone = (result: RunResult) => result === "success" || result === "skip";

function endOf(result: RunResult, took: string): string {
  return `${resultWord(result)} ${isDone(result) ? "in" : "after"} ${took}`;
}

function failedOutput({ stage, tail }: StageOutcome, runId: string, ctx: CliContext): string {
  const { home, paint, hasColor } = ctx;
  const logs = findStageLogs(home, runId, stage.id).map((log) => lastBytes(log) ?? "");
  const kept = logs.join("");
  // A full disk has nothing of it.
  const printed = kept.trim() === "" ? tail.map((one) => `${one}\n`).join("") : kept;
  const text = terminalText(printed, hasColor);
  if (text.trim() === "") return "";
  return `\n${heading(stage.id, paint)}\n${text.endsWith("\n") ? text : `${text}\n`}\n`;
}

function heading(stage: string, paint: Paint): string {
  return paint.bold(`--- ${stage} ---`);
}

/** Whole lines from the end of a file. */
function lastBytes(path: string): string | undefined {
  try {
    const text = fs.readFileSync(path, "utf8");
    if (text.length <= SHOWN_LOG_BYTES) return text;
    const cut = text.slice(-SHOWN_LOG_BYTES);
    return `…\n${cut.slice(cut.indexOf("\n") + 1)}`;
  } catch {
    return undefined;
  }
}
