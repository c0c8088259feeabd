/** A metric of the contract. Names and labels are fixed: dashboards, alerts and users' queries rest on them. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Histograms only: upper bounds, ascending, without +Inf. */
  readonly buckets?: readonly number[];
  /** Divides the ledger's whole numbers to the metric's unit; 1 where left out. */
  readonly scale?: number;
}

/** Above this many series of one metric a label value not seen before becomes `other`. */
export const SERIES_CEILING = 1000;

/** Durations are kept in whole milliseconds and cost in whole nano-dollars, so that sums know no order. */
export const MS_PER_SECOND = 1000;
export const NANO_USD_PER_USD = 1_000_000_000;

/** What the ledger keeps. */
export const ledgerMetrics = {
  switches: {
    name: "hypertool_persona_switches_total",
    type: "counter",
    help: "Persona switches.",
    labelNames: ["from_persona", "to_persona", "chatmode"],
  },
  duration: {
    name: "hypertool_persona_duration_seconds",
    type: "histogram",
    help: "Duration of persona sessions that ended.",
    labelNames: ["persona", "chatmode"],
    buckets: [10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800],
    scale: MS_PER_SECOND,
  },
  stageDuration: {
    name: "hypertool_workflow_stage_duration_seconds",
    type: "histogram",
    help: "Duration of workflow stages that were executed.",
    labelNames: ["workflow", "stage", "persona"],
    buckets: [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
    scale: MS_PER_SECOND,
  },
  qualityGate: {
    name: "hypertool_workflow_quality_gate_total",
    type: "counter",
    help: "Stages that passed or failed, their work and all their gates together.",
    labelNames: ["workflow", "stage", "result"],
  },
  runs: {
    name: "hypertool_workflow_runs_total",
    type: "counter",
    help: "Workflow runs by result.",
    labelNames: ["workflow", "result"],
  },
  runDuration: {
    name: "hypertool_workflow_run_duration_seconds",
    type: "histogram",
    help: "Duration of workflow runs.",
    labelNames: ["workflow"],
    buckets: [10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 28800],
    scale: MS_PER_SECOND,
  },
  stageRetries: {
    name: "hypertool_workflow_stage_retries_total",
    type: "counter",
    help: "Attempts at the work of a stage after its first.",
    labelNames: ["workflow", "stage"],
  },
  lastRun: {
    name: "hypertool_workflow_last_run_timestamp_seconds",
    type: "gauge",
    help: "When the latest run with this result ended, in seconds since the epoch.",
    labelNames: ["workflow", "result"],
    scale: MS_PER_SECOND,
  },
  tokens: {
    name: "hypertool_persona_tokens_used_total",
    type: "counter",
    help: "Tokens used, input and output together.",
    labelNames: ["persona", "chatmode", "model"],
  },
  calls: {
    name: "hypertool_llm_calls_total",
    type: "counter",
    help: "LLM calls by outcome.",
    labelNames: ["persona", "model", "outcome"],
  },
  cost: {
    name: "hypertool_llm_cost_usd_total",
    type: "counter",
    help: "Cost of LLM calls with a known price, in US dollars.",
    labelNames: ["persona", "chatmode", "model", "workflow"],
    scale: NANO_USD_PER_USD,
  },
  unpriced: {
    name: "hypertool_llm_unpriced_calls_total",
    type: "counter",
    help: "LLM calls whose price is unknown.",
    labelNames: ["model"],
  },
  callDuration: {
    name: "hypertool_llm_call_duration_seconds",
    type: "histogram",
    help: "Duration of LLM calls.",
    labelNames: ["persona", "model"],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300],
    scale: MS_PER_SECOND,
  },
} as const satisfies Record<string, MetricDefinition>;

/** What is made at the moment of exposition. */
export const momentMetrics = {
  budgetLimit: {
    name: "hypertool_persona_token_budget_limit",
    type: "gauge",
    help: "Tokens that a persona may use in the current window of its budget.",
    labelNames: ["persona"],
  },
  budgetRemaining: {
    name: "hypertool_persona_token_budget_remaining",
    type: "gauge",
    help: "Tokens left of a persona's budget in its current window; below 0 when more was used.",
    labelNames: ["persona"],
  },
  langfuseCost: {
    name: "hypertool_langfuse_cost_usd",
    type: "gauge",
    help: "Cost of calls in US dollars, as Langfuse has it for the time of the latest export.",
    labelNames: ["model", "persona"],
  },
  langfuseTokens: {
    name: "hypertool_langfuse_tokens",
    type: "gauge",
    help: "Tokens of calls, as Langfuse has them for the time of the latest export.",
    labelNames: ["model", "persona"],
  },
  langfuseLatency: {
    name: "hypertool_langfuse_latency_seconds",
    type: "gauge",
    help: "Mean latency of calls, as Langfuse has it for the time of the latest export.",
    labelNames: ["model", "persona"],
  },
  pending: {
    name: "hypertool_telemetry_pending",
    type: "gauge",
    help: "Facts that a sink has not delivered yet.",
    labelNames: ["sink"],
  },
  failures: {
    name: "hypertool_telemetry_failures_total",
    type: "counter",
    help: "Deliveries that failed, by reason.",
    labelNames: ["sink", "reason"],
  },
  dropped: {
    name: "hypertool_telemetry_dropped_total",
    type: "counter",
    help: "Records that no backend will ever have, by reason.",
    labelNames: ["sink", "reason"],
  },
  buildInfo: {
    name: "hypertool_build_info",
    type: "gauge",
    help: "Version of tta-persona; the value is 1.",
    labelNames: ["version"],
  },
} as const satisfies Record<string, MetricDefinition>;
