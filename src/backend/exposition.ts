import type { Metric } from "prom-client";
import type { HistogramFamily, MetricFamily } from "../projection/metric-family.ts";
import { findMetricProblem } from "./metric-problem.ts";

/** The content type of {@link renderExposition}'s text, version 0.0.4 of Prometheus' format. */
export const EXPOSITION_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The families in Prometheus' text format, as it is scraped and pushed.
 *
 * @throws Error naming the family and what is wrong with it; prom-client itself would write `NaN` or
 *   `"undefined"` without a word. {@link findMetricProblem} asks beforehand.
 */
export async function renderExposition(families: readonly MetricFamily[]): Promise<string> {
  const problem = findMetricProblem(families);
  if (problem !== undefined) throw new Error(problem);
  if (families.length === 0) return "";

  const { Registry } = await import("./prom-client.ts");
  const registry = new Registry();
  for (const family of families) registry.registerMetric(asMetric(family));
  return registry.metrics();
}

/** prom-client cannot restore a histogram, but renders whatever has a name and a `get`. */
function asMetric(family: MetricFamily): Metric {
  const { name, help, type } = family;
  const metric = { name, get: async () => ({ name, help, type, values: samplesOf(family) }) };
  return metric as unknown as Metric;
}

function samplesOf(family: MetricFamily): readonly Sample[] {
  if (family.type === "histogram") return family.series.flatMap((series) => bucketSamples(family, series));
  return family.series.map(({ labels, value }) => ({ labels: namedLabels(family, labels), value }));
}

function bucketSamples(family: HistogramFamily, series: HistogramFamily["series"][number]): Sample[] {
  const labels = namedLabels(family, series.labels);
  const samples: Sample[] = [];
  let cumulative = 0;
  for (const [index, count] of series.counts.entries()) {
    cumulative += count;
    const bound = family.buckets[index];
    const le = bound === undefined ? "+Inf" : String(bound);
    samples.push({ metricName: `${family.name}_bucket`, labels: { ...labels, le }, value: cumulative });
  }
  samples.push({ metricName: `${family.name}_sum`, labels, value: series.sum });
  samples.push({ metricName: `${family.name}_count`, labels, value: cumulative });
  return samples;
}

function namedLabels(family: MetricFamily, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(family.labelNames.map((name, index) => [name, values[index] ?? ""]));
}
