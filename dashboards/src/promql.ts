import {
  ledgerMetrics,
  type MetricDefinition,
  momentMetrics,
} from "../../src/projection/metric-catalogue.ts";

/** All metrics of the contract, so that a query cannot name one that is not there. */
export const metrics = { ...ledgerMetrics, ...momentMetrics };

/** What the Pushgateway adds to each group. */
export const pushTime = { name: "push_time_seconds" };
export const pushFailureTime = { name: "push_failure_time_seconds" };

/** Grafana's variables: all of the time that is shown, and at least four scrapes around each point. */
export const RANGE = "$__range";
export const AROUND_POINT = "$__rate_interval";

type Named = Pick<MetricDefinition, "name">;

/** Series of a metric, of the jobs and installations that are chosen. @param matchers such as `result="failed"` */
export function series({ name }: Named, matchers = "", suffix = ""): string {
  const more = matchers === "" ? "" : `, ${matchers}`;
  return `${name}${suffix}{job=~"$job", instance=~"$instance"${more}}`;
}

/** How much a counter grew: a few events an hour are read as a number, never per second. */
export function increase(metric: Named, window: string, matchers = ""): string {
  return `increase(${series(metric, matchers)}[${window}])`;
}

/** Likewise of one series of a histogram: how many observations (`_count`), what they sum to, how many per bucket. */
export function observed(
  metric: Named,
  what: "count" | "sum" | "bucket",
  window: string,
  matchers = "",
): string {
  return `increase(${series(metric, matchers, `_${what}`)}[${window}])`;
}

/**
 * How much a counter grew in the time that each bar stands for. `increase` over `$__rate_interval` would be too much:
 * that is longer than a bar by a scrape, which it fills by guessing, so that the bars would add up to too much.
 */
export function perBar(labels: readonly string[], metric: Named, matchers = "", suffix = ""): string {
  const selector = series(metric, matchers, suffix);
  return `${sumBy(labels, `rate(${selector}[${AROUND_POINT}])`)} * $__interval_ms / 1000`;
}

export function sum(expression: string): string {
  return `sum(${expression})`;
}

export function sumBy(labels: readonly string[], expression: string): string {
  return `sum by (${labels.join(", ")}) (${expression})`;
}

/** Divides, and has no value where there is nothing to divide by: 0/0 is NaN, and no answer. */
export function ratio(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`;
}

/** Absent means 0 for what is counted over all, and for nothing else. */
export function orZero(expression: string): string {
  return `${expression} or vector(0)`;
}

export function mean(metric: Named, labels: readonly string[], window: string, matchers = ""): string {
  const [total, count] = [
    observed(metric, "sum", window, matchers),
    observed(metric, "count", window, matchers),
  ];
  return labels.length === 0
    ? ratio(sum(total), sum(count))
    : ratio(sumBy(labels, total), sumBy(labels, count));
}

/** Interpolated within a bucket. `>= 0` leaves out NaN, which is what it makes of no observations. */
export function quantile(
  share: number,
  metric: Named,
  labels: readonly string[],
  window: string,
  matchers = "",
): string {
  const buckets = sumBy([...labels, "le"], observed(metric, "bucket", window, matchers));
  return `histogram_quantile(${share}, ${buckets}) >= 0`;
}

/**
 * Which part of the observations lay above a bucket's bound: exact, where a quantile is interpolated. Prometheus 3
 * writes the bound of a bucket as 300.0, earlier ones as 300.
 */
export function shareAbove(
  bound: number,
  metric: Named,
  labels: readonly string[],
  window: string,
  matchers: string,
): string {
  const within = observed(metric, "bucket", window, `${matchers}, le=~"${bound}([.]0)?"`);
  return `1 - ${ratio(sumBy(labels, within), sumBy(labels, observed(metric, "count", window, matchers)))}`;
}
