import { type MetricDefinition, SERIES_CEILING } from "./metric-catalogue.ts";
import type { MetricFamily } from "./metric-family.ts";

/** Metric totals by metric name, then by series key. JSON, as the ledger's snapshot keeps it. */
export type Totals = Readonly<Record<string, Readonly<Record<string, Series>>>>;

export type Series = ValueSeries | HistogramSeries;

/** Of a counter or a gauge. */
interface ValueSeries {
  readonly labels: readonly string[];
  /** Whole, in the metric's scaled unit. */
  readonly value: number;
  /** Time of its first fact, milliseconds since the epoch. */
  readonly born: number;
}

interface HistogramSeries {
  readonly labels: readonly string[];
  /** Observations per bucket, not cumulative, the last for +Inf. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly born: number;
}

export function seriesKey(labels: readonly string[]): string {
  return JSON.stringify(labels);
}

/** Adds a whole number in the metric's scaled unit to a counter's series. */
export function addToCounter(
  totals: Totals,
  metric: MetricDefinition,
  labels: readonly string[],
  amount: number,
  at: number,
): Totals {
  return changeValue(totals, metric, labels, (known) => known + amount, at);
}

/** Sets a gauge's series to a whole number in the metric's scaled unit, unless it has had a larger one. */
export function raiseGauge(
  totals: Totals,
  metric: MetricDefinition,
  labels: readonly string[],
  value: number,
  at: number,
): Totals {
  return changeValue(totals, metric, labels, (known) => Math.max(known, value), at);
}

/** @param change gets the value so far, 0 for a new series. */
function changeValue(
  totals: Totals,
  metric: MetricDefinition,
  labels: readonly string[],
  change: (known: number) => number,
  at: number,
): Totals {
  const bounded = boundLabels(totals[metric.name] ?? {}, labels);
  const known = totals[metric.name]?.[seriesKey(bounded)] as ValueSeries | undefined;
  return withSeries(totals, metric, {
    labels: bounded,
    value: change(known?.value ?? 0),
    born: known?.born ?? at,
  });
}

/** Makes a series visible at 0 before it first counts; never uses up more than half the ceiling. */
export function predeclare(
  totals: Totals,
  metric: MetricDefinition,
  labels: readonly string[],
  at: number,
): Totals {
  const known = totals[metric.name] ?? {};
  if (known[seriesKey(labels)] !== undefined) return totals;
  if (Object.keys(known).length >= SERIES_CEILING / 2) return totals;
  const series =
    metric.type === "histogram"
      ? { labels, counts: noObservations(metric), sum: 0, born: at }
      : { labels, value: 0, born: at };
  return withSeries(totals, metric, series);
}

function noObservations({ buckets = [] }: MetricDefinition): number[] {
  return new Array<number>(buckets.length + 1).fill(0);
}

/** Observes a value, a whole number in the metric's scaled unit. */
export function observe(
  totals: Totals,
  metric: MetricDefinition,
  labels: readonly string[],
  value: number,
  at: number,
): Totals {
  const buckets = metric.buckets ?? [];
  const scale = metric.scale ?? 1;
  const bounded = boundLabels(totals[metric.name] ?? {}, labels);
  const known = totals[metric.name]?.[seriesKey(bounded)] as HistogramSeries | undefined;
  const counts = [...(known?.counts ?? noObservations(metric))];
  const index = buckets.findIndex((bound) => value <= bound * scale);
  const bucket = index === -1 ? buckets.length : index;
  counts[bucket] = (counts[bucket] ?? 0) + 1;
  return withSeries(totals, metric, {
    labels: bounded,
    counts,
    sum: (known?.sum ?? 0) + value,
    born: known?.born ?? at,
  });
}

/**
 * Above the ceiling, values that a label has not had before become `other`; should even that combination
 * be new, all of them do. The journal's order decides which came first.
 */
function boundLabels(known: Readonly<Record<string, Series>>, labels: readonly string[]): readonly string[] {
  if (known[seriesKey(labels)] !== undefined) return labels;
  const all = Object.values(known);
  if (all.length < SERIES_CEILING) return labels;
  const bounded = labels.map((value, index) =>
    all.some((series) => series.labels[index] === value) ? value : "other",
  );
  return known[seriesKey(bounded)] === undefined ? labels.map(() => "other") : bounded;
}

function withSeries(totals: Totals, metric: MetricDefinition, series: Series): Totals {
  const family = totals[metric.name];
  return { ...totals, [metric.name]: { ...family, [seriesKey(series.labels)]: series } };
}

/** A metric's series in its own unit, ordered by their labels. */
export function toFamily(totals: Totals, metric: MetricDefinition): MetricFamily {
  const scale = metric.scale ?? 1;
  const series = Object.values(totals[metric.name] ?? {}).sort((a, b) =>
    seriesKey(a.labels) < seriesKey(b.labels) ? -1 : 1,
  );
  const head = { name: metric.name, help: metric.help, labelNames: metric.labelNames };
  if (metric.type === "histogram") {
    const histograms = series.filter((one): one is HistogramSeries => "counts" in one);
    return {
      ...head,
      type: "histogram",
      buckets: metric.buckets ?? [],
      series: histograms.map(({ labels, counts, sum }) => ({ labels, counts, sum: sum / scale })),
    };
  }
  const values = series.filter((one): one is ValueSeries => "value" in one);
  return {
    ...head,
    type: metric.type,
    series: values.map(({ labels, value }) => ({ labels, value: value / scale })),
  };
}
