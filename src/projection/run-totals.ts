import type { Fact } from "../journal/fact.ts";
import { ledgerMetrics } from "./metric-catalogue.ts";
import { isRunFinished, isRunStarted, isStageFinished } from "./run-fact-guards.ts";
import { RUN_RESULTS, type RunFinished, type RunStarted, type StageFinished } from "./run-facts.ts";
import { NO_PERSONA } from "./session.ts";
import { addToCounter, observe, predeclare, raiseGauge, type Totals } from "./totals.ts";

/** Adds what a fact says of a workflow run. Each fact counts by itself, so runs side by side do not meet here. */
export function countRunFact(totals: Totals, fact: Fact): Totals {
  if (isRunStarted(fact)) return predeclareRun(totals, fact.data, fact.ts);
  if (isStageFinished(fact)) return countStage(totals, fact.data, fact.ts);
  if (isRunFinished(fact)) return countRun(totals, fact.data, fact.ts);
  return totals;
}

/** Whatever the run may count stands at 0 from its start, or `increase` would not see the first of it. */
function predeclareRun(totals: Totals, { workflow, stages }: RunStarted, at: number): Totals {
  let next = predeclare(totals, ledgerMetrics.runDuration, [workflow], at);
  for (const result of RUN_RESULTS) next = predeclare(next, ledgerMetrics.runs, [workflow, result], at);
  for (const { id, persona, chatmode } of stages) {
    next = predeclare(next, ledgerMetrics.stageDuration, [workflow, id, persona], at);
    next = predeclare(next, ledgerMetrics.qualityGate, [workflow, id, "passed"], at);
    next = predeclare(next, ledgerMetrics.qualityGate, [workflow, id, "failed"], at);
    next = predeclare(next, ledgerMetrics.stageRetries, [workflow, id], at);
    next = predeclare(next, ledgerMetrics.switches, [NO_PERSONA, persona, chatmode], at);
    next = predeclare(next, ledgerMetrics.duration, [persona, chatmode], at);
  }
  return next;
}

function countStage(totals: Totals, data: StageFinished, at: number): Totals {
  const { workflow, stage, persona, result } = data;
  if (result === "skip") return totals;
  const took = durationMs(data.startedAt, at);
  let next = observe(totals, ledgerMetrics.stageDuration, [workflow, stage, persona], took, at);
  const retries = Math.max(0, data.attempts - 1);
  next = addToCounter(next, ledgerMetrics.stageRetries, [workflow, stage], retries, at);
  // Whoever cancels says nothing about quality.
  if (result === "cancellation") return next;
  const gate = result === "success" ? "passed" : "failed";
  return addToCounter(next, ledgerMetrics.qualityGate, [workflow, stage, gate], 1, at);
}

function countRun(totals: Totals, { workflow, result, startedAt }: RunFinished, at: number): Totals {
  let next = addToCounter(totals, ledgerMetrics.runs, [workflow, result], 1, at);
  next = observe(next, ledgerMetrics.runDuration, [workflow], durationMs(startedAt, at), at);
  return raiseGauge(next, ledgerMetrics.lastRun, [workflow, result], whole(at), at);
}

function durationMs(startedAt: number, at: number): number {
  return whole(at - startedAt);
}

/** Bounded, as every amount is, so that no clock can make a sum infinite. */
function whole(ms: number): number {
  return Math.min(Math.max(0, Math.round(ms)), Number.MAX_SAFE_INTEGER);
}
