import fc from "fast-check";
import type { Budget } from "../../src/projection/llm-facts.ts";

const arbitraryBudget: fc.Arbitrary<Budget> = fc.record({
  tokens: fc.integer({ min: 1, max: 1000 }),
  window: fc.constantFrom("day", "week", "month", "run"),
  isHard: fc.boolean(),
});

const persona = fc.constantFrom("architect", "backend-engineer", "__proto__");
const runId = fc.option(fc.constantFrom("r1", "r2"), { nil: undefined });
/** Ids of facts that reserve, as far as they are told; a test gives its facts such ids. */
const reservation = fc.constantFrom(...Array.from({ length: 6 }, (_, i) => reservationId(i)));

export function reservationId(index: number): string {
  return `${index}`.padStart(32, "0");
}

/** Type and data of facts that budgets are made of. */
export const arbitraryBudgetBody = fc.oneof(
  fc.record({
    type: fc.constant("budget.set"),
    data: fc.record({ persona, budget: fc.option(arbitraryBudget) }),
  }),
  fc.record({ type: fc.constant("budget.reset"), data: fc.record({ persona }) }),
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("budget.reserved"),
      data: fc.record({
        persona,
        tokens: fc.integer({ min: 1, max: 300 }),
        budget: arbitraryBudget,
        runId,
      }),
    }),
  },
  fc.record({ type: fc.constant("budget.released"), data: fc.record({ persona, reservation }) }),
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("llm.called"),
      data: fc.record({
        persona,
        chatmode: fc.constant("default"),
        model: fc.constant("large"),
        outcome: fc.constant("ok"),
        tokens: fc.nat({ max: 300 }),
        costUsd: fc.constant(null),
        runId,
        budget: fc.option(arbitraryBudget, { nil: undefined }),
        reservation: fc.option(reservation, { nil: undefined }),
      }),
    }),
  },
);
