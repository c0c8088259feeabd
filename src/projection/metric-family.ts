/** One metric with all its series at one moment: what exposition and pushes are made of. */
export type MetricFamily = CounterFamily | GaugeFamily | HistogramFamily;

interface FamilyHead {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** Label values in the order of `labelNames`. */
type LabelValues = readonly string[];

export interface CounterFamily extends FamilyHead {
  readonly type: "counter";
  readonly series: readonly { readonly labels: LabelValues; readonly value: number }[];
}

export interface GaugeFamily extends FamilyHead {
  readonly type: "gauge";
  readonly series: readonly { readonly labels: LabelValues; readonly value: number }[];
}

export interface HistogramFamily extends FamilyHead {
  readonly type: "histogram";
  /** Upper bounds in the metric's unit, ascending, without +Inf. */
  readonly buckets: readonly number[];
  readonly series: readonly {
    readonly labels: LabelValues;
    /** Observations per bucket, not cumulative; one more than `buckets`, the last for +Inf. */
    readonly counts: readonly number[];
    readonly sum: number;
  }[];
}
