import { type BudgetMoment, budgetFamilies } from "./budget-families.ts";
import { langfuseFamilies } from "./langfuse-figures.ts";
import type { LedgerState } from "./ledger.ts";
import { ledgerMetrics, type MetricDefinition, momentMetrics } from "./metric-catalogue.ts";
import type { MetricFamily } from "./metric-family.ts";
import { toFamily } from "./totals.ts";

/** Delivery's own figures, by sink, at the moment of exposition. */
export interface SinkFigures {
  readonly sink: string;
  readonly pending: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
}

/** All metrics of the contract that have something to show. */
export function expositionFamilies(
  ledger: LedgerState,
  sinks: readonly SinkFigures[],
  version: string,
  moment: BudgetMoment,
): readonly MetricFamily[] {
  const byReason = (
    metric: MetricDefinition,
    of: (figures: SinkFigures) => Readonly<Record<string, number>>,
  ) => ({
    ...head(metric),
    type: "counter" as const,
    series: sinks.flatMap((figures) =>
      Object.entries(of(figures)).map(([reason, value]) => ({ labels: [figures.sink, reason], value })),
    ),
  });
  return [
    ...Object.values(ledgerMetrics).map((metric) => toFamily(ledger.totals, metric)),
    ...budgetFamilies(ledger, moment),
    ...langfuseFamilies(ledger.langfuse),
    {
      ...head(momentMetrics.pending),
      type: "gauge" as const,
      series: sinks.map(({ sink, pending }) => ({ labels: [sink], value: pending })),
    },
    byReason(momentMetrics.failures, ({ failures }) => failures),
    byReason(momentMetrics.dropped, ({ dropped }) => dropped),
    { ...head(momentMetrics.buildInfo), type: "gauge" as const, series: [{ labels: [version], value: 1 }] },
  ].filter((family) => family.series.length > 0);
}

function head({ name, help, labelNames }: MetricDefinition) {
  return { name, help, labelNames };
}
