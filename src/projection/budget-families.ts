import { type BudgetView, latestRun, personaBudget, viewBudget } from "./budget.ts";
import type { LedgerState } from "./ledger.ts";
import type { Budget } from "./llm-facts.ts";
import { momentMetrics } from "./metric-catalogue.ts";
import type { GaugeFamily } from "./metric-family.ts";

/** When budgets are shown, and what the definitions say of them. */
export interface BudgetMoment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of a persona's definition, as far as whoever shows the metrics can read it. */
  readonly budgetOf: (persona: string) => Budget | undefined;
}

/** Limit and rest of every persona in use that has a budget. */
export function budgetFamilies(ledger: LedgerState, moment: BudgetMoment): readonly GaugeFamily[] {
  const views = budgetViews(ledger, moment);
  const family = (
    { name, help, labelNames }: (typeof momentMetrics)["budgetLimit" | "budgetRemaining"],
    amount: (view: BudgetView) => number,
  ): GaugeFamily => ({
    name,
    help,
    labelNames,
    type: "gauge",
    series: views.map(([persona, view]) => ({ labels: [persona], value: amount(view) })),
  });
  return [
    family(momentMetrics.budgetLimit, ({ budget }) => budget.tokens),
    family(momentMetrics.budgetRemaining, ({ remaining }) => remaining),
  ];
}

/** When the gauges change though no fact is new: some persona's window ends that something was used in. */
export function budgetsChangeAt(ledger: LedgerState, moment: BudgetMoment): number | undefined {
  const ends = budgetViews(ledger, moment).flatMap(([, { used, end }]) =>
    used > 0 && end !== undefined ? [end] : [],
  );
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/**
 * What facts carry goes before the definition: a persona may have been used in a project whose definitions a process
 * in the background does not see. Of a run's window the latest run is shown.
 */
function budgetViews(
  { personas, budgets }: LedgerState,
  { now, budgetOf }: BudgetMoment,
): readonly (readonly [string, BudgetView])[] {
  const names = [...new Set([...personas, ...Object.keys(budgets)])].sort();
  return names.flatMap((persona) => {
    const fallback = personaBudget(budgets, persona).carried ?? budgetOf(persona);
    const view = viewBudget(budgets, persona, now, fallback, latestRun(budgets, persona));
    return view === undefined ? [] : [[persona, view] as const];
  });
}
