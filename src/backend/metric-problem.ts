import type { HistogramFamily, MetricFamily } from "../projection/metric-family.ts";

/** https://prometheus.io/docs/concepts/data_model/, without the colons reserved for recording rules. */
const METRIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Names that begin with two underscores are Prometheus' own. */
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The first thing in the families that a backend would misread or refuse, in one line; undefined if all is well. */
export function findMetricProblem(families: readonly MetricFamily[]): string | undefined {
  const names = new Set<string>();
  for (const family of families) {
    const problem = names.has(family.name) ? "appears twice" : problemOfFamily(family);
    if (problem !== undefined) return `metric ${JSON.stringify(family.name)}: ${problem}`;
    names.add(family.name);
  }
  return undefined;
}

function problemOfFamily(family: MetricFamily): string | undefined {
  if (!METRIC_NAME.test(family.name)) return "not a valid metric name";
  if (typeof family.help !== "string") return "has no help text";
  const badLabel = family.labelNames.find((name) => !LABEL_NAME.test(name));
  if (badLabel !== undefined) return `${JSON.stringify(badLabel)} is not a valid label name`;
  if (new Set(family.labelNames).size < family.labelNames.length) return "a label name appears twice";
  if (family.type === "histogram") {
    const problem = problemOfBuckets(family);
    if (problem !== undefined) return problem;
  }
  return problemOfLabelValues(family) ?? problemOfNumbers(family);
}

function problemOfLabelValues(family: MetricFamily): string | undefined {
  const seen = new Set<string>();
  for (const { labels } of family.series) {
    if (labels.length !== family.labelNames.length) return "a series has too many or too few label values";
    for (const [index, name] of family.labelNames.entries()) {
      if (typeof labels[index] !== "string") return `a value of label ${name} is not a string`;
    }
    const key = JSON.stringify(labels);
    if (seen.has(key)) return `the series ${key} appears twice`;
    seen.add(key);
  }
  return undefined;
}

function problemOfNumbers(family: MetricFamily): string | undefined {
  if (family.type === "histogram") {
    for (const { counts, sum } of family.series) {
      if (counts.length !== family.buckets.length + 1) return "counts and buckets do not match";
      if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) {
        return "a bucket's count is not a natural number";
      }
      if (!Number.isFinite(sum)) return "a sum is not a finite number";
    }
    return undefined;
  }
  for (const { value } of family.series) {
    if (!Number.isFinite(value)) return "a value is not a finite number";
    if (family.type === "counter" && value < 0) return "a counter is negative";
  }
  return undefined;
}

function problemOfBuckets({ buckets, labelNames }: HistogramFamily): string | undefined {
  if (labelNames.includes("le")) return "a histogram cannot have a label le of its own";
  if (!buckets.every(Number.isFinite)) return "a bucket's bound is not a finite number";
  const isAscending = buckets.every((bound, index) => index === 0 || bound > (buckets[index - 1] ?? bound));
  return isAscending ? undefined : "the buckets' bounds do not ascend";
}
