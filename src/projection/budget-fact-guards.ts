import type { Fact } from "../journal/fact.ts";
import { isAmount, isText } from "./facts.ts";
import {
  BUDGET_WINDOWS,
  type Budget,
  type BudgetReleased,
  type BudgetReleasedFact,
  type BudgetReserved,
  type BudgetReservedFact,
  type BudgetReset,
  type BudgetResetFact,
  type BudgetSet,
  type BudgetSetFact,
  type LlmCalled,
} from "./llm-facts.ts";

/** Nothing in a fact is trusted because its type says so; apart from `facts.ts`, which hot commands load. */
type Claimed<Data> = Partial<Record<keyof Data, unknown>>;

export function isBudgetSet(fact: Fact): fact is BudgetSetFact {
  const data: Claimed<BudgetSet> = fact.data;
  return (
    fact.type === "budget.set" && isText(data.persona) && (data.budget === null || isBudget(data.budget))
  );
}

export function isBudgetReset(fact: Fact): fact is BudgetResetFact {
  const data: Claimed<BudgetReset> = fact.data;
  return fact.type === "budget.reset" && isText(data.persona);
}

export function isBudgetReserved(fact: Fact): fact is BudgetReservedFact {
  const data: Claimed<BudgetReserved> = fact.data;
  return (
    fact.type === "budget.reserved" &&
    isText(data.persona) &&
    isTokenLimit(data.tokens) &&
    isBudget(data.budget) &&
    (data.runId === undefined || isText(data.runId))
  );
}

export function isBudgetReleased(fact: Fact): fact is BudgetReleasedFact {
  const data: Claimed<BudgetReleased> = fact.data;
  return fact.type === "budget.released" && isText(data.persona) && isText(data.reservation);
}

/** What a call says of budgets. A part that makes no sense is passed over: its tokens are used all the same. */
export function budgetPartOf(
  call: Claimed<LlmCalled>,
): Pick<LlmCalled, "budget" | "reservation" | "budgetTokens" | "runId"> {
  return {
    ...(isBudget(call.budget) ? { budget: call.budget } : {}),
    ...(isText(call.reservation) ? { reservation: call.reservation } : {}),
    ...(isTokenLimit(call.budgetTokens) ? { budgetTokens: call.budgetTokens } : {}),
    ...(isText(call.runId) ? { runId: call.runId } : {}),
  };
}

function isBudget(value: unknown): value is Budget {
  if (typeof value !== "object" || value === null) return false;
  const { tokens, window, isHard }: Claimed<Budget> = value;
  return (
    isTokenLimit(tokens) && BUDGET_WINDOWS.some((known) => known === window) && typeof isHard === "boolean"
  );
}

function isTokenLimit(value: unknown): value is number {
  return isAmount(value) && Number.isInteger(value) && value > 0;
}
