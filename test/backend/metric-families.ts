import type { CounterFamily, HistogramFamily, MetricFamily } from "../../src/projection/metric-family.ts";

export function switches(value: number): CounterFamily {
  return {
    type: "counter",
    name: "hypertool_persona_switches_total",
    help: "Persona switches.",
    labelNames: ["from_persona", "to_persona", "chatmode"],
    series: [{ labels: ["none", "backend-engineer", "default"], value }],
  };
}

export const durations: HistogramFamily = {
  type: "histogram",
  name: "hypertool_persona_duration_seconds",
  help: "Length of ended sessions.",
  labelNames: ["persona"],
  buckets: [0.5, 10, 30],
  series: [{ labels: ["backend-engineer"], counts: [1, 0, 2, 4], sum: 1234.5 }],
};

export const remaining: MetricFamily = {
  type: "gauge",
  name: "hypertool_persona_token_budget_remaining",
  help: "Tokens left in the window.",
  labelNames: ["persona"],
  series: [{ labels: ["backend-engineer"], value: -1e21 }],
};
