import fc from "fast-check";
import type { Fact } from "../../src/journal/fact.ts";
import { aFact } from "../journal/a-fact.ts";
import { arbitraryBudgetBody } from "./arbitrary-budget-facts.ts";
import { arbitraryRunBody } from "./arbitrary-run-facts.ts";

const HOUR_MS = 3_600_000;

export const arbitraryPersona = fc.constantFrom("backend-engineer", "testing-specialist", "architect");
const arbitraryChatmode = fc.constantFrom("default", "default", "review");

/** Steps of a clock: seconds mostly, now and then longer than any idle time, now and then back. */
const arbitraryStep = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 600_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 7 * HOUR_MS, max: 80 * HOUR_MS }) },
  { weight: 2, arbitrary: fc.integer({ min: -100 * HOUR_MS, max: -1 }) },
);

const arbitraryCall = fc.record({
  persona: fc.constantFrom("architect", "backend-engineer"),
  chatmode: fc.constant("default"),
  model: fc.constantFrom("large", "small"),
  outcome: fc.constantFrom("ok", "error", "aborted", "blocked"),
  tokens: fc.nat({ max: 200_000 }),
  // Amounts whose sum as floating-point numbers depends on the order.
  costUsd: fc.option(fc.integer({ min: 1, max: 1_000_000_000 }).map((n) => n / 97_000_003)),
  durationSeconds: fc.double({ min: 0, max: 400, noNaN: true }),
});

const arbitraryBody = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("persona.switched"),
      data: fc.record({
        persona: arbitraryPersona,
        chatmode: arbitraryChatmode,
        startedAt: fc.nat(),
        idleTimeoutMs: fc.constantFrom(8 * HOUR_MS, 8 * HOUR_MS, 60_000),
      }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ type: "persona.ended", data: {} }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("llm.called"), data: arbitraryCall }) },
  { weight: 4, arbitrary: arbitraryRunBody },
  { weight: 2, arbitrary: arbitraryBudgetBody },
  // Of a program that knows more, or whose data is not what the type says.
  { weight: 1, arbitrary: fc.constant({ type: "stage.finished", data: { persona: 3 } }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom(
        "persona.switched",
        "llm.called",
        "run.started",
        "stage.finished",
        "budget.set",
        "budget.reserved",
      ),
      data: fc.dictionary(
        fc.constantFrom("persona", "chatmode", "tokens", "stages", "budget"),
        fc.jsonValue(),
      ),
    }),
  },
);

/** A sequence of facts as one journal may hold it. */
export const arbitraryFacts: fc.Arbitrary<Fact[]> = fc
  .array(
    fc.record({
      step: arbitraryStep,
      scope: fc.constantFrom(
        "global",
        "global",
        "shell:7",
        "run:1",
        "run:1/build",
        "run:1/test",
        "__proto__",
        "constructor",
      ),
      body: arbitraryBody,
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    let ts = 1_750_000_000_000;
    return steps.map(({ step, scope, body }) => {
      ts += step;
      return aFact({ ts, scope, type: body.type, data: body.data });
    });
  });

export const arbitraryCalls: fc.Arbitrary<Fact[]> = fc.array(
  arbitraryCall.map((data) => aFact({ type: "llm.called", data })),
  { maxLength: 80 },
);
