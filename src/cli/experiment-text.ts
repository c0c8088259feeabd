import type { ExperimentSummary } from "../llm/experiment-store.ts";
import type { ItemResult } from "./experiment-items.ts";
import type { DatasetRunJson } from "./langfuse-shapes.ts";
import { count, usd } from "./llm-text.ts";
import { printable, table } from "./printable.ts";

export interface ExperimentReport {
  readonly dataset: string;
  readonly experimentId: string;
  readonly summary: ExperimentSummary;
  readonly before: ExperimentSummary | undefined;
  readonly results: readonly ItemResult[];
}

/** The figures of an experiment. */
export function summarize(
  results: readonly ItemResult[],
): Pick<
  ExperimentSummary,
  "items" | "failed" | "scored" | "meanScore" | "costUsd" | "unpricedCalls" | "meanLatencySeconds"
> {
  const good = results.filter(({ outcome }) => outcome === "ok");
  const scores = results.flatMap(({ verdict }) => (verdict === undefined ? [] : [verdict.score]));
  const meanScore = mean(scores);
  const meanLatencySeconds = mean(good.map(({ durationSeconds }) => durationSeconds));
  return {
    items: results.length,
    failed: results.length - good.length,
    scored: scores.length,
    ...(meanScore === undefined ? {} : { meanScore }),
    costUsd: results.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0),
    unpricedCalls: results.filter(({ costUsd }) => costUsd === null).length,
    ...(meanLatencySeconds === undefined ? {} : { meanLatencySeconds }),
  };
}

/** The run beside the one before, then what went wrong: each cause once, with the first items that it met. */
export function experimentText({ summary, before, results }: ExperimentReport): string {
  const columns: readonly (readonly [string, (one: ExperimentSummary) => string])[] = [
    ["", ({ name }) => printable(name)],
    ["model", ({ model }) => model],
    ["prompt", ({ prompt }) => (prompt === undefined ? "(template)" : promptText(prompt))],
    ["persona", ({ persona }) => persona],
    ["items", ({ items, failed }) => `${count(items)}${failed === 0 ? "" : `, ${count(failed)} failed`}`],
    ["score", scoreText],
    ["cost", costText],
    ["latency", ({ meanLatencySeconds: s }) => (s === undefined ? "-" : `${s.toFixed(2)} s`)],
  ];
  const rows = columns.map(([title, text]) => [
    title,
    text(summary),
    ...(before === undefined ? [] : [`before: ${text(before)}`]),
  ]);
  const causes = new Map<string, string[]>();
  for (const { id, error, unscored } of results) {
    const cause = error ?? unscored?.message;
    if (cause !== undefined) causes.set(cause, [...(causes.get(cause) ?? []), id]);
  }
  const trouble = [...causes].map(([cause, ids]) => {
    const more = ids.length > 3 ? ` and ${count(ids.length - 3)} more` : "";
    return `${printable(cause)} (${ids.slice(0, 3).map(printable).join(", ")}${more})\n`;
  });
  return table(rows) + trouble.join("");
}

export function experimentJson(report: ExperimentReport): DatasetRunJson {
  const { dataset, experimentId, summary, before, results } = report;
  return {
    schema: "tta-persona/dataset-run/1",
    dataset,
    experimentId,
    run: summaryJson(summary),
    before: before === undefined ? null : summaryJson(before),
    items: results.map(({ id, outcome, output, durationSeconds, costUsd, error, verdict, unscored }) => ({
      id,
      outcome,
      output,
      durationSeconds,
      costUsd,
      error: error ?? null,
      score: verdict?.score ?? null,
      comment: verdict?.comment ?? unscored?.message ?? null,
    })),
  };
}

function summaryJson(summary: ExperimentSummary): DatasetRunJson["run"] {
  const { at, prompt, judge, meanScore, meanLatencySeconds, ...figures } = summary;
  return {
    ...figures,
    at: new Date(at).toISOString(),
    prompt: prompt === undefined ? null : { label: null, ...prompt },
    judge: judge ?? null,
    meanScore: meanScore ?? null,
    meanLatencySeconds: meanLatencySeconds ?? null,
  };
}

function promptText({ name, version, label }: NonNullable<ExperimentSummary["prompt"]>): string {
  return printable(`${name}${label === undefined ? "" : `@${label}`} (version ${version})`);
}

function scoreText({ judge, meanScore, scored, items }: ExperimentSummary): string {
  if (judge === undefined) return "(no judge)";
  const of = scored === items ? "" : `, ${count(scored)} scored`;
  return `${meanScore === undefined ? "-" : meanScore.toFixed(3)} (${printable(judge)}${of})`;
}

function costText({ costUsd, unpricedCalls }: ExperimentSummary): string {
  return unpricedCalls === 0 ? usd(costUsd) : `${usd(costUsd)} and ${count(unpricedCalls)} of unknown price`;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
