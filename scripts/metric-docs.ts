import { CALL_OUTCOMES } from "../src/projection/llm-facts.ts";
import type { ledgerMetrics, momentMetrics } from "../src/projection/metric-catalogue.ts";
import { RUN_RESULTS } from "../src/projection/run-facts.ts";

/** What docs/metrics.md says of a metric beyond its definition. */
export interface MetricDoc {
  readonly unit: string;
  /** When its value changes. */
  readonly changes: string;
  /** What the example answers, and the query, which has to have an answer wherever the metric has been counted. */
  readonly question: string;
  readonly query: string;
  /** How many series to expect. */
  readonly series: string;
  /** Where a label means something else than in `labelDocs`. */
  readonly labels?: Readonly<Record<string, string>>;
}

type MetricKey = keyof typeof ledgerMetrics | keyof typeof momentMetrics;

const codes = (values: readonly string[]) => values.map((value) => `\`${value}\``).join(", ");

/** What values a label has. */
export const labelDocs: Readonly<Record<string, string>> = {
  persona: "name of a persona",
  from_persona: "name of the persona before; `none` at the first switch of a session, and so of every stage",
  to_persona: "name of the persona switched to",
  chatmode:
    "name of the chatmode; `default` without one; in a run, the workflow's name unless the stage has one",
  workflow: "name of the workflow",
  stage: "id of the stage",
  model: "name of the model as the caller gave it, without its provider",
  sink: codes(["pushgateway", "otlp", "langfuse"]),
  version: "such as `0.1.0`",
  outcome: codes(CALL_OUTCOMES),
};

const runResults = codes(RUN_RESULTS);

export const metricDocs: Readonly<Record<MetricKey, MetricDoc>> = {
  switches: {
    unit: "switches",
    changes:
      "With every switch to another persona or chatmode, a stage's included. Not when it was active already.",
    question: "How often was which persona left for which, within a day?",
    query:
      'sum by (from_persona, to_persona) (increase(hypertool_persona_switches_total{from_persona!="none"}[1d])) > 0',
    series: "pairs of personas in use, times chatmodes",
  },
  duration: {
    unit: "seconds",
    changes: "When a session ends: by a switch, by `end`, with its stage, or after `session.idleTimeout`.",
    question: "How long does a session of each persona last, in the mean of a day, in seconds?",
    query:
      "sum by (persona) (increase(hypertool_persona_duration_seconds_sum[1d])) / (sum by (persona) (increase(hypertool_persona_duration_seconds_count[1d])) > 0)",
    series: "personas in use times chatmodes, each with 12 buckets",
  },
  stageDuration: {
    unit: "seconds",
    changes: "When a stage ends that was executed, retries included; not for one that was skipped.",
    question: "Which part of the stages took longer than five minutes? Exact, since 300 is a bucket's bound.",
    query:
      '1 - sum by (workflow, stage) (increase(hypertool_workflow_stage_duration_seconds_bucket{le=~"300([.]0)?"}[1d])) / (sum by (workflow, stage) (increase(hypertool_workflow_stage_duration_seconds_count[1d])) > 0)',
    series: "stages times their personas, each with 11 buckets",
  },
  qualityGate: {
    unit: "stages",
    changes:
      "When a stage ends: `passed` when its work and all its gates did. Not when it was skipped or cancelled.",
    question: "Which part of the stages did not pass, by stage?",
    query:
      'sum by (workflow, stage) (increase(hypertool_workflow_quality_gate_total{result="failed"}[1d])) / (sum by (workflow, stage) (increase(hypertool_workflow_quality_gate_total[1d])) > 0)',
    series: "two per stage",
    labels: { result: codes(["passed", "failed"]) },
  },
  runs: {
    unit: "runs",
    changes: "When a run ends. One that was killed has no end, and is not counted.",
    question: "How did runs end within a week?",
    query: "sum by (workflow, result) (increase(hypertool_workflow_runs_total[1w])) > 0",
    series: "six per workflow",
    labels: { result: runResults },
  },
  runDuration: {
    unit: "seconds",
    changes: "When a run ends, however it ends.",
    question: "How long does a run take in the mean, in seconds?",
    query:
      "sum by (workflow) (increase(hypertool_workflow_run_duration_seconds_sum[1w])) / (sum by (workflow) (increase(hypertool_workflow_run_duration_seconds_count[1w])) > 0)",
    series: "one per workflow, each with 11 buckets",
  },
  stageRetries: {
    unit: "attempts",
    changes: "When a stage ends, by its attempts after the first.",
    question: "Which stages need more than one attempt?",
    query: "sum by (workflow, stage) (increase(hypertool_workflow_stage_retries_total[1d])) > 0",
    series: "one per stage",
  },
  lastRun: {
    unit: "seconds since the epoch",
    changes: "When a run ends with this result.",
    question: "How long ago did each workflow last end well, in seconds?",
    query: 'time() - max by (workflow) (hypertool_workflow_last_run_timestamp_seconds{result="success"})',
    series: "up to six per workflow",
    labels: { result: runResults },
  },
  tokens: {
    unit: "tokens",
    changes: "With every call that is recorded, by input and output together.",
    question: "How many tokens did each persona use, by model, within a day?",
    query: "sum by (persona, model) (increase(hypertool_persona_tokens_used_total[1d])) > 0",
    series: "personas times chatmodes times models",
  },
  calls: {
    unit: "calls",
    changes: "With every call that is recorded, those that failed or were broken off included.",
    question: "Which part of the calls failed, by model?",
    query:
      'sum by (model) (increase(hypertool_llm_calls_total{outcome!="ok"}[1d])) / (sum by (model) (increase(hypertool_llm_calls_total[1d])) > 0)',
    series: "personas times models, times four",
  },
  cost: {
    unit: "US dollars",
    changes: "With every call that is recorded and has a known price.",
    question: "What did each persona cost within a day?",
    query: "sum by (persona) (increase(hypertool_llm_cost_usd_total[1d])) > 0",
    series: "personas times chatmodes, models and workflows",
    labels: { workflow: "name of the workflow; `none` outside of runs" },
  },
  unpriced: {
    unit: "calls",
    changes:
      "With every call that is recorded and whose cost is unknown: the price is, or the call broke off before its usage was told. Not when it was refused or never reached a server, which is free.",
    question: "Which models are missing from the cost?",
    query: "sum by (model) (increase(hypertool_llm_unpriced_calls_total[1d])) > 0",
    series: "one per model",
  },
  callDuration: {
    unit: "seconds",
    changes: "With every call that is recorded with its duration.",
    question: "Within how many seconds are nine of ten calls answered, about?",
    query:
      "histogram_quantile(0.9, sum by (model, le) (increase(hypertool_llm_call_duration_seconds_bucket[1d]))) >= 0",
    series: "personas times models, each with 13 buckets",
  },
  budgetLimit: {
    unit: "tokens",
    changes: "When the budget is changed.",
    question: "How many tokens may each persona use in its window?",
    query: "max by (persona) (hypertool_persona_token_budget_limit)",
    series: "one per persona in use that has a budget",
  },
  budgetRemaining: {
    unit: "tokens",
    changes: "With every call, when the budget is changed or reset, and when its window begins anew.",
    question: "Which part is left, by machine? A machine that has stopped pushing leaves its last word.",
    query:
      "hypertool_persona_token_budget_remaining / (hypertool_persona_token_budget_limit > 0) and on (job, instance) (time() - push_time_seconds < 3600)",
    series: "one per persona in use that has a budget",
  },
  langfuseCost: {
    unit: "US dollars",
    changes:
      "With `tta-persona langfuse export`, to what the time of that export came to. No counter: do not `increase` it.",
    question: "What did calls cost, by model, as Langfuse has it?",
    query: "sum by (model) (hypertool_langfuse_cost_usd)",
    series: "models times personas",
    labels: { persona: "name of a persona; `none` for calls of other programs" },
  },
  langfuseTokens: {
    unit: "tokens",
    changes: "As the one above.",
    question: "How many tokens were used, by persona, as Langfuse has it?",
    query: "sum by (persona) (hypertool_langfuse_tokens)",
    series: "models times personas",
    labels: { persona: "name of a persona; `none` for calls of other programs" },
  },
  langfuseLatency: {
    unit: "seconds",
    changes: "As the one above.",
    question: "Which model is the slowest, as Langfuse has it?",
    query: "topk(1, max by (model) (hypertool_langfuse_latency_seconds))",
    series: "models times personas",
    labels: { persona: "name of a persona; `none` for calls of other programs" },
  },
  pending: {
    unit: "facts",
    changes: "With every fact, and with every delivery.",
    question: "What waits, by machine and sink?",
    query: "max by (instance, sink) (hypertool_telemetry_pending)",
    series: "one per sink that is configured",
  },
  failures: {
    unit: "deliveries",
    changes:
      "With every attempt that failed. It begins with its first failure, so the very first is seen in the value only.",
    question: "Where do deliveries fail, and why?",
    query: "max by (instance, sink, reason) (hypertool_telemetry_failures_total)",
    series: "one per sink and reason that occurred",
    labels: {
      reason: `\`http_<status>\`, ${codes(["connection_refused", "connection_reset", "dns", "invalid_response", "timeout", "tls", "unreachable", "unknown"])}, \`grpc_<status>\`, \`disk_<code>\``,
    },
  },
  dropped: {
    unit: "records",
    changes:
      "When a backend refuses a single record for good, or the journal's bound is reached before a sink had it.",
    question: "What will no backend ever have?",
    query: "max by (instance, sink, reason) (hypertool_telemetry_dropped_total)",
    series: "one per sink and reason that occurred",
    labels: {
      reason: `\`http_400\`, \`http_413\`, \`rejected\` (by an OTLP backend, in an answer that accepted others), \`evicted\``,
    },
  },
  buildInfo: {
    unit: "none; the value is 1",
    changes: "With an update.",
    question: "Which versions are in use, on how many machines?",
    query: "count by (version) (hypertool_build_info)",
    series: "one",
  },
};
