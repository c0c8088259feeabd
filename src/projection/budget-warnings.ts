import type { Owner } from "../core/owner.ts";
import { type BudgetsState, personaBudget } from "./budget.ts";
import type { BudgetWindow } from "./llm-facts.ts";

/** That a call went over the soft limit of its persona's budget: once in a window, by the journal's order. */
export interface BudgetWarning {
  readonly window: BudgetWindow;
  readonly limit: number;
  /** In that window by now. */
  readonly used: number;
  /** Id of the call's fact, and who made it: that process warns, and no other. */
  readonly call: string;
  readonly owner: Owner;
}

/** Of the windows that are kept, the one used last at the end. */
export function budgetWarnings(state: BudgetsState, persona: string): readonly BudgetWarning[] {
  return personaBudget(state, persona).used.flatMap(({ window, tokens, warned }) =>
    warned === undefined ? [] : [{ window, used: tokens, ...warned }],
  );
}
