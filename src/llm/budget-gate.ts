import type { Budget } from "../projection/llm-facts.ts";

/** A call that is about to be made. */
export interface PlannedCall {
  readonly persona: string;
  /** Of the session that it belongs to. */
  readonly scope: string;
  /** For budgets per run; absent outside of runs. */
  readonly runId?: string;
  /** As far as can be told before: input by its length, and the most that the answer may take. */
  readonly estimatedTokens: number;
}

export type BudgetVerdict =
  | {
      readonly isAllowed: true;
      /** The budget in force, if there is one. */
      readonly budget?: Budget;
      /** What was set aside for the call, by its fact's id. */
      readonly reservation?: string;
    }
  | {
      readonly isAllowed: false;
      readonly budget: Budget;
      /** One line: which budget, and what is left of it. */
      readonly message: string;
      readonly hint?: string;
    };

/** Asked around each call that this program makes itself. */
export interface BudgetGate {
  /** Before: a hard budget may refuse, and may set something aside. */
  allow(call: PlannedCall): BudgetVerdict | Promise<BudgetVerdict>;
  /**
   * After a call that was allowed.
   *
   * @param isRecorded whether its fact, which uses the reservation up, is in the journal; if not, the reservation is
   *   to be given back.
   */
  settle(call: PlannedCall, verdict: BudgetVerdict, isRecorded: boolean): void | Promise<void>;
}
