import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/journal/fact.ts";
import {
  type BudgetsState,
  foldBudgets,
  isReserved,
  latestRun,
  personaBudget,
  RESERVATION_MS,
  viewBudget,
  withoutDead,
} from "../../src/projection/budget.ts";
import type { Budget, LlmCalled } from "../../src/projection/llm-facts.ts";
import { aFact } from "../journal/a-fact.ts";
import { arbitraryBudgetBody, reservationId } from "./arbitrary-budget-facts.ts";

const HOUR_MS = 3_600_000;
/** A Tuesday. */
const NOW = Date.UTC(2026, 10, 24, 14);
const hard = (tokens: number, window: Budget["window"] = "day"): Budget => ({ tokens, window, isHard: true });
const soft = (tokens: number, window: Budget["window"] = "day"): Budget => ({
  tokens,
  window,
  isHard: false,
});

const fold = (facts: readonly Fact[], from: BudgetsState = {}) => facts.reduce(foldBudgets, from);

function call(tokens: number, more: Partial<LlmCalled> = {}, ts = NOW): Fact {
  const data = { persona: "p", chatmode: "default", model: "m", outcome: "ok", tokens, costUsd: null };
  return aFact({ type: "llm.called", ts, data: { ...data, ...more } });
}
function reserve(tokens: number, budget: Budget, more: { readonly runId?: string } = {}, ts = NOW): Fact {
  return aFact({ type: "budget.reserved", ts, data: { persona: "p", tokens, budget, ...more } });
}
const set = (budget: Budget | null) => aFact({ type: "budget.set", data: { persona: "p", budget } });
const release = (reservation: Fact) =>
  aFact({ type: "budget.released", data: { persona: "p", reservation: reservation.id } });
const reset = () => aFact({ type: "budget.reset", data: { persona: "p" } });

const view = (state: BudgetsState, budget?: Budget, now = NOW, runId?: string) =>
  viewBudget(state, "p", now, budget, runId);

const arbitraryBudgetFacts = fc
  .array(fc.tuple(fc.integer({ min: -2 * HOUR_MS, max: 30 * HOUR_MS }), arbitraryBudgetBody), {
    maxLength: 40,
  })
  .map((steps) => {
    let ts = NOW;
    return steps.map(([step, body], index) => {
      ts += step;
      return aFact({ id: reservationId(index), ts, type: body.type, data: body.data });
    });
  });

test("the state at any cut, kept as JSON, and the tail make the whole", () => {
  fc.assert(
    fc.property(arbitraryBudgetFacts, fc.nat(), (facts, at) => {
      const cut = at % (facts.length + 1);
      const kept = JSON.parse(JSON.stringify(fold(facts.slice(0, cut)))) as BudgetsState;
      expect(fold(facts.slice(cut), kept)).toEqual(fold(facts));
    }),
  );
});

test("what is used does not depend on the order of the calls", () => {
  const arbitraryCalls = fc.array(
    fc
      .record({
        tokens: fc.nat({ max: 1000 }),
        hours: fc.integer({ min: -30, max: 30 }),
        runId: fc.constantFrom("a", "b", undefined),
      })
      .map(({ tokens, hours, runId }) =>
        call(tokens, runId === undefined ? {} : { runId }, NOW + hours * HOUR_MS),
      ),
    { maxLength: 40 },
  );
  const shuffled = arbitraryCalls.chain((calls) =>
    fc.tuple(
      fc.constant(calls),
      fc.shuffledSubarray(calls, { minLength: calls.length, maxLength: calls.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([calls, others]) => {
      for (const window of ["day", "week", "month", "run"] as const) {
        for (const hours of [-30, -20, 0, 20, 30]) {
          const at = NOW + hours * HOUR_MS;
          const used = (facts: readonly Fact[]) => view(fold(facts), soft(1, window), at, "a")?.used;
          expect(used(others)).toBe(used(calls));
        }
      }
      const all = calls.reduce((sum, { data }) => sum + (data as LlmCalled).tokens, 0);
      expect(view(fold(calls), soft(1, "month"))?.used).toBe(all);
    }),
  );
});

test("racing reservations never exceed the limit, in whatever order they come", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.nat({ max: 1000 }),
      fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 16, maxLength: 16 }),
      (limit, used, asked) => {
        const facts = asked.map((tokens) => reserve(tokens, hard(limit)));
        const state = fold([call(used), ...facts]);
        const granted = facts.filter(({ id }) => isReserved(state, "p", id));
        const sum = granted.reduce((total, { data }) => total + (data as { tokens: number }).tokens, 0);
        expect(view(state, hard(limit))).toMatchObject({ used, reserved: sum, remaining: limit - used });
        if (granted.length > 0) expect(used + sum).toBeLessThanOrEqual(limit);
        // None that would have fitted at its place was turned down.
        let taken = used;
        for (const { id, data } of facts) {
          const { tokens } = data as { tokens: number };
          expect(isReserved(state, "p", id)).toBe(taken + tokens <= limit);
          if (taken + tokens <= limit) taken += tokens;
        }
      },
    ),
  );
});

test("no fact, whatever it claims, can spoil the state", () => {
  const type = fc.constantFrom(
    "budget.set",
    "budget.reset",
    "budget.reserved",
    "budget.released",
    "llm.called",
  );
  const budget = fc.record({ tokens: fc.double(), window: fc.string(), isHard: fc.jsonValue() });
  const data = fc.record({
    persona: fc.constantFrom<unknown>("p", "__proto__", "constructor", "", 7),
    chatmode: fc.constant("default"),
    model: fc.constant("m"),
    outcome: fc.constant("ok"),
    costUsd: fc.constant(null),
    tokens: fc.double(),
    budget: fc.oneof(budget, fc.jsonValue(), fc.constant(hard(10))),
    runId: fc.jsonValue(),
    reservation: fc.jsonValue(),
  });
  const facts = fc.array(
    fc.tuple(type, data, fc.oneof(fc.constant(NOW), fc.double({ noNaN: true, noDefaultInfinity: true }))),
  );
  fc.assert(
    fc.property(facts, (bodies) => {
      const state = fold(bodies.map(([type, data, ts]) => aFact({ type, data, ts })));
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      for (const persona of ["p", "__proto__", "constructor"]) {
        const seen = viewBudget(state, persona, NOW, hard(10));
        if (seen === undefined) continue;
        expect(Number.isSafeInteger(seen.used) && seen.used >= 0).toBe(true);
        expect(Number.isFinite(seen.remaining)).toBe(true);
      }
    }),
  );
});

describe("windows are of UTC", () => {
  const iso = (text: string) => Date.parse(text);
  test.each([
    ["day", "2026-11-24T23:59:59.999Z", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"],
    ["day", "2026-11-25T00:00:00Z", "2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z"],
    ["week", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"],
    ["week", "2026-11-29T23:59:59Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"],
    ["week", "2027-01-01T12:00:00Z", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"],
    ["month", "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"],
    ["month", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"],
  ] as const)("%s at %s", (window, now, start, end) => {
    expect(view({}, soft(1, window), iso(now))).toMatchObject({ start: iso(start), end: iso(end) });
  });

  test("a new day begins with nothing used, without a fact; the week goes on", () => {
    const state = fold([call(70)]);
    const midnight = Date.UTC(2026, 10, 25);
    expect(view(state, soft(100), midnight - 1)).toMatchObject({ used: 70, remaining: 30, end: midnight });
    expect(view(state, soft(100), midnight)).toMatchObject({ used: 0, remaining: 100, start: midnight });
    expect(view(state, soft(100, "week"), midnight)).toMatchObject({ used: 70 });
  });

  test("a run has its own, and outside of runs every call stands alone", () => {
    const state = fold([call(30, { runId: "a" }), call(5, { runId: "b" }), call(9)]);
    const budget = hard(100, "run");
    expect(view(state, budget, NOW, "a")).toEqual({ budget, used: 30, reserved: 0, remaining: 70 });
    expect(view(state, budget, NOW, "b")?.used).toBe(5);
    expect(view(state, budget)?.used).toBe(0);
    expect(latestRun(state, "p")).toBe("b");
    const own = reserve(80, budget, { runId: "a" });
    const other = reserve(80, budget, { runId: "b" });
    const racing = fold([own, other], state);
    expect([own, other].map(({ id }) => isReserved(racing, "p", id))).toEqual([false, true]);
  });

  test("old ones are forgotten, and a clock that was far ahead for a while forgets none that is used", () => {
    const days = Array.from({ length: 400 }, (_, i) => call(1, {}, NOW + i * 24 * HOUR_MS));
    const runs = Array.from({ length: 100 }, (_, i) => call(1, { runId: `r${i}` }));
    expect(personaBudget(fold([...days, ...runs]), "p").used.length).toBeLessThan(50);
    const ahead = Array.from({ length: 10 }, (_, i) => call(1, {}, NOW + (1000 + i) * 24 * HOUR_MS));
    const back = fold([...ahead, call(7), call(8)]);
    expect(view(back, soft(100))?.used).toBe(15);
  });
});

describe("the budget in force", () => {
  test("is the user's word, then the definition's, then what facts carried", () => {
    expect(view({})).toBeUndefined();
    const used = fold([call(10, { budget: soft(100) })]);
    expect(view(used)?.budget).toEqual(soft(100));
    expect(view(used, soft(50))?.budget).toEqual(soft(50));
    const said = fold([set(hard(20, "week"))], used);
    expect(view(said, soft(50))).toMatchObject({ budget: hard(20, "week"), used: 10 });
    expect(view(fold([set(null)], said), soft(50))).toBeUndefined();
  });

  test("is the user's for a reservation too, whatever it carries", () => {
    const asked = reserve(50, hard(10));
    expect(isReserved(fold([asked]), "p", asked.id)).toBe(false);
    expect(isReserved(fold([set(hard(50)), asked]), "p", asked.id)).toBe(true);
    expect(isReserved(fold([set(null), asked]), "p", asked.id)).toBe(true);
    expect(isReserved(fold([set(hard(49)), reserve(50, hard(100))]), "p", asked.id)).toBe(false);
    expect(isReserved(fold([set(soft(1)), asked]), "p", asked.id)).toBe(true);
  });

  test("may be overdrawn: what is left goes below 0", () => {
    expect(view(fold([call(150)]), soft(100))).toMatchObject({ used: 150, remaining: -50 });
  });

  test("begins anew with a reset, calls that are being made aside", () => {
    const held = reserve(10, hard(100));
    const state = fold([call(90), held, reset()]);
    expect(view(state, hard(100))).toMatchObject({ used: 0, reserved: 10, remaining: 100 });
    expect(view(fold([call(5)], state), hard(100))?.used).toBe(5);
  });
});

describe("a reservation", () => {
  test("is replaced by what was really used", () => {
    const held = reserve(80, hard(100));
    const state = fold([held, call(30, { reservation: held.id })]);
    expect(view(state, hard(100))).toMatchObject({ used: 30, reserved: 0 });
    const next = reserve(70, hard(100));
    expect(isReserved(fold([next], state), "p", next.id)).toBe(true);
  });

  test("holds its tokens until it is given back; a second time changes nothing", () => {
    const held = reserve(80, hard(100));
    const second = reserve(21, hard(100));
    expect(isReserved(fold([held, second]), "p", second.id)).toBe(false);
    expect(isReserved(fold([held, release(held), second]), "p", second.id)).toBe(true);
    expect(view(fold([held, release(held), release(held)]), hard(100))).toMatchObject({
      used: 0,
      reserved: 0,
    });
  });

  test("that is turned down holds nothing", () => {
    const state = fold([reserve(101, hard(100)), reserve(100, hard(100))]);
    expect(view(state, hard(100))?.reserved).toBe(100);
  });

  test("counts in the day that follows it, and for a day at most", () => {
    const late = Date.UTC(2026, 10, 24, 23, 59);
    const held = reserve(80, hard(100), {}, late);
    const state = fold([held]);
    expect(view(state, hard(100), late + HOUR_MS)).toMatchObject({ used: 0, reserved: 80 });
    const next = reserve(30, hard(100), {}, late + HOUR_MS);
    expect(isReserved(fold([next], state), "p", next.id)).toBe(false);
    expect(view(state, hard(100), late + RESERVATION_MS)?.reserved).toBe(0);
    const later = fold([reserve(30, hard(100), {}, late + RESERVATION_MS)], state);
    expect(personaBudget(later, "p").reservations).toHaveLength(1);
  });

  test("of a dead process can be left out", () => {
    const dead = { host: "here", boot: "", pid: 7, start: "1" };
    const state = fold([{ ...reserve(40, hard(100)), owner: dead }, reserve(20, hard(100))]);
    expect(
      view(
        withoutDead(state, ({ pid }) => pid === 7),
        hard(100),
      )?.reserved,
    ).toBe(20);
  });
});

describe("the soft limit", () => {
  const warned = (state: BudgetsState) =>
    personaBudget(state, "p").used.flatMap(({ key, warned }) =>
      warned === undefined ? [] : [{ key, ...warned }],
    );

  test("is crossed by one call, once in a window", () => {
    const crossing = call(1, { budget: soft(100) });
    const before = fold([call(79, { budget: soft(100) })]);
    expect(warned(before)).toEqual([]);
    const state = fold([crossing, call(50, { budget: soft(100) })], before);
    expect(warned(state)).toMatchObject([{ call: crossing.id, limit: 100 }]);
    const next = call(90, { budget: soft(100) }, NOW + 24 * HOUR_MS);
    expect(warned(fold([next], state)).at(-1)).toMatchObject({ call: next.id });
  });

  test("is crossed once more after another limit was set, and after a reset", () => {
    const state = fold([call(80, { budget: soft(100) })]);
    const again = call(90, { budget: soft(100) });
    expect(warned(fold([set(soft(200)), again], state))).toMatchObject([{ call: again.id, limit: 200 }]);
    expect(warned(fold([reset(), again], state))).toMatchObject([{ call: again.id, limit: 100 }]);
  });

  test("is none where there is no budget", () => {
    expect(warned(fold([set(null), call(80, { budget: soft(100) })]))).toEqual([]);
  });
});

test("far more personas than anybody defines leave the state small, and the user's word in it", () => {
  const many = Array.from({ length: 300 }, (_, i) => call(1, { persona: `p${i}` }));
  const state = fold([set(hard(5)), ...many]);
  expect(Object.keys(state)).toHaveLength(200);
  expect(view(state)?.budget).toEqual(hard(5));
  expect(viewBudget(state, "p299", NOW, soft(10))?.used).toBe(1);
});
