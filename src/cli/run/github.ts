import fs from "node:fs";
import { type Environment, envValue } from "../../core/environment.ts";
import type { StageOutcome } from "../../workflow/engine-context.ts";
import { shortDuration } from "./stage-lines.ts";

/**
 * What GitHub Actions shows beside a job: an annotation for a stage that failed, as a workflow command
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions). Undefined elsewhere.
 */
export function annotationOf(env: Environment, workflow: string, outcome: StageOutcome): string | undefined {
  if (envValue(env, "GITHUB_ACTIONS") !== "true" || outcome.error === undefined) return undefined;
  const title = escapeProperty(`${workflow}: ${outcome.stage.id}`);
  return `::error title=${title}::${escapeData(outcome.error.message)}\n`;
}

/** Appends a table of the stages to the job's summary. Where that cannot be written, the run is none the worse. */
export function writeStepSummary(env: Environment, title: string, stages: readonly StageOutcome[]): void {
  const file = envValue(env, "GITHUB_STEP_SUMMARY");
  if (file === undefined) return;
  const rows = stages.map(({ stage, result, startedAt, endedAt, error }) =>
    [stage.id, stage.persona, result, shortDuration(endedAt - startedAt), error?.message ?? ""].map(cell),
  );
  const table = [
    ["stage", "persona", "result", "duration", ""],
    ["---", "---", "---", "---:", "---"],
    ...rows,
  ];
  const text = `### ${title}\n\n${table.map((row) => `| ${row.join(" | ")} |\n`).join("")}\n`;
  try {
    fs.appendFileSync(file, text);
  } catch {
    // It is GitHub's file, and only a picture.
  }
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "&lt;");

const escapeData = (text: string) =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

const escapeProperty = (text: string) => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
