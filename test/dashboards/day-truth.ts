import type { ScriptedDay } from "../support/scripted-day.ts";
import type { DASHBOARDS } from "./grafana.ts";

/** A number that was reckoned by hand, or, of what takes as long as the machine takes, what the program has counted. */
type Value = number | ((reported: ScriptedDay["reported"]) => number);

interface Truth {
  readonly dashboard: (typeof DASHBOARDS)[number];
  readonly panel: string;
  /** By column and legend: what the panel has to show, of bars their sum. All there is, unless `more`. */
  readonly shows: Readonly<Record<string, Value>>;
  readonly more?: boolean;
}

const overview = (panel: string, shows: Truth["shows"], more = false): Truth => ({
  dashboard: "persona-overview",
  panel,
  shows,
  more,
});
const workflows = (panel: string, shows: Truth["shows"], more = false): Truth => ({
  ...overview(panel, shows, more),
  dashboard: "workflow-performance",
});
const cost = (panel: string, shows: Truth["shows"], more = false): Truth => ({
  ...overview(panel, shows, more),
  dashboard: "llm-cost",
});

const SESSIONS = "hypertool_persona_duration_seconds";
const STAGES = "hypertool_workflow_stage_duration_seconds";
const RUNS = "hypertool_workflow_run_duration_seconds";

const meanOf =
  (histogram: string, labels: Readonly<Record<string, string>>): Value =>
  (reported) =>
    reported(`${histogram}_sum`, labels) / reported(`${histogram}_count`, labels);

/**
 * What the scripted day has done, reckoned by hand from the script: six switches by hand and ten stages of four runs;
 * seven recorded calls and one of a run's, at 2 and 10 dollars (gpt-4o) and 0.1 and 0.4 (gpt-4o-mini) for a million
 * tokens in and out.
 */
export const dayTruth: readonly Truth[] = [
  overview("Switches", { Switches: 16 }),
  overview("Ended sessions", { "Ended sessions": 16 }),
  overview("Tokens", { Tokens: 833_000 }),
  overview("Switches over time", {
    "backend-engineer": 5,
    "devops-engineer": 5,
    "observability-expert": 1,
    "testing-specialist": 5,
  }),
  overview("Switches by pair", {
    "backend-engineer · devops-engineer": 0,
    "backend-engineer · testing-specialist": 2,
    "devops-engineer · backend-engineer": 1,
    "devops-engineer · testing-specialist": 0,
    "none · backend-engineer": 4,
    "none · devops-engineer": 3,
    "none · observability-expert": 1,
    "none · testing-specialist": 3,
    "testing-specialist · backend-engineer": 0,
    "testing-specialist · devops-engineer": 2,
  }),
  overview("Top chatmodes", { "service-release": 8, default: 4, "incident-drill": 2, review: 1, tdd: 1 }),
  overview(
    "Sessions by persona",
    {
      "Sessions: backend-engineer": 5,
      "Sessions: testing-specialist": 5,
      "Mean: backend-engineer": meanOf(SESSIONS, { persona: "backend-engineer" }),
      "Mean: observability-expert": meanOf(SESSIONS, { persona: "observability-expert" }),
      // The largest of five, in the bucket from two hours to four, is interpolated to its middle.
      "90th percentile: backend-engineer": 10_800,
    },
    true,
  ),
  overview(
    "Time by persona",
    {
      "backend-engineer": (reported) => reported(`${SESSIONS}_sum`, { persona: "backend-engineer" }),
      "testing-specialist": (reported) => reported(`${SESSIONS}_sum`, { persona: "testing-specialist" }),
    },
    true,
  ),
  overview("Tokens over time, by persona", {
    "backend-engineer": 470_000,
    "devops-engineer": 250_000,
    "testing-specialist": 113_000,
  }),
  overview("Tokens by persona and model", {
    "backend-engineer · gpt-4o": 220_000,
    "backend-engineer · gpt-4o-mini": 250_000,
    "devops-engineer · gpt-4o-mini": 250_000,
    "testing-specialist · gpt-4o": 110_000,
    "testing-specialist · llama-house": 3000,
  }),
  overview(
    "Budget burn rate, last hour",
    { "backend-engineer on desk-1": 470 / 400, "testing-specialist on desk-1": 0.113 },
    true,
  ),
  overview("Waiting for delivery", { "Waiting for delivery": 0 }),
  overview("Failed deliveries", {
    "Failed deliveries": (reported) => reported("hypertool_telemetry_failures_total"),
  }),
  overview("Failed deliveries, by sink and reason", { "Failures: http_503 · otlp": 1 }, true),
  overview("Dropped records", {
    "Dropped records": (reported) => reported("hypertool_telemetry_dropped_total"),
  }),
  overview("Installations whose push fails", { "Installations whose push fails": 0 }),
  workflows("Runs", { Runs: 4 }),
  workflows("Successful runs", { "Successful runs": 0.75 }),
  workflows("Releases, last 7 days", { "Releases, last 7 days": 2 }),
  workflows("Runs by result", { success: 3, failure: 1, error: 0 }, true),
  workflows("Gate pass rate by stage", {
    "Passed: build · service-release": 1,
    "Passed: checks · service-release": 2 / 3,
    "Passed: rollout · service-release": 1,
    "Passed: fix · incident-drill": 1,
    "Passed: triage · incident-drill": 1,
  }),
  workflows("Gate pass rate by workflow", { "incident-drill": 1, "service-release": 7 / 8 }),
  workflows("Failed gates", { "service-release · checks": 1, "service-release · build": 0 }, true),
  workflows("Stage duration", { "+Inf": 10, "1": 0 }, true),
  workflows(
    "Stage duration by stage",
    { "Executions: build · service-release": 3, "Executions: rollout · service-release": 2 },
    true,
  ),
  // It alone works for 1.2 s, and at 300 times the speed.
  workflows("Stages slower than 5 minutes", { "service-release · rollout": 1 }, true),
  workflows(
    "Slowest stages",
    {
      "service-release · rollout": meanOf(STAGES, { stage: "rollout" }),
      "incident-drill · fix": meanOf(STAGES, { stage: "fix" }),
    },
    true,
  ),
  workflows("Time to recovery", { "Time to recovery": meanOf(RUNS, { workflow: "incident-drill" }) }),
  workflows("Retries", { "service-release · rollout": 2, "service-release · build": 0 }, true),
  cost("Cost", { Cost: 0.98 }),
  cost("Cost of this month", { "Cost of this month": 0.98 }),
  // One of a model without a price, and the two that were lost: nobody knows what these cost.
  cost("Unpriced calls", { "Unpriced calls": 3 }),
  cost("Unpriced calls by model", { "llama-house": 1, "gpt-4o": 1, "gpt-4o-mini": 1 }),
  cost("Cost over time, by model", { "gpt-4o": 0.9, "gpt-4o-mini": 0.08 }),
  cost("Cost by persona", { "backend-engineer": 0.64, "testing-specialist": 0.3, "devops-engineer": 0.04 }),
  cost("Cost by model", { "gpt-4o": 0.9, "gpt-4o-mini": 0.08 }),
  cost("Cost by workflow", { none: 0.94, "service-release": 0.04 }),
  cost("Cost per call and per 1,000 tokens", {
    "Per call: gpt-4o": 0.3,
    "Per call: gpt-4o-mini": 0.04,
    "Per 1,000 tokens: gpt-4o": 0.9 / 330,
    "Per 1,000 tokens: gpt-4o-mini": 0.08 / 500,
  }),
  cost("Calls by outcome", { ok: 6, error: 2, aborted: 0, blocked: 0 }),
  cost("Failed calls, by model", { "gpt-4o": 1, "gpt-4o-mini": 1, "llama-house": 0 }),
  cost(
    "Calls by model",
    {
      "Calls: gpt-4o": 4,
      "Failed: gpt-4o": 0.25,
      "Failed: gpt-4o-mini": 1 / 3,
      "Failed: llama-house": 0,
      "Mean latency: gpt-4o": 11.4,
      "Mean latency: llama-house": 0.3,
    },
    true,
  ),
  cost(
    "Token budgets",
    {
      "Budget: desk-1 · backend-engineer": 400_000,
      "Used: desk-1 · backend-engineer": 470_000,
      "Left: desk-1 · backend-engineer": -70_000,
      "Left of it: desk-1 · backend-engineer": -0.175,
      "Left: desk-1 · testing-specialist": 887_000,
    },
    true,
  ),
];
