import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fact } from "../../src/journal/fact.ts";
import { emptyLedger, foldLedger, type LedgerState, RECENT_LIMIT } from "../../src/projection/ledger.ts";
import { ledgerMetrics, SERIES_CEILING } from "../../src/projection/metric-catalogue.ts";
import type { Totals } from "../../src/projection/totals.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { examples } from "../support/draw-examples.ts";
import { arbitraryCalls, arbitraryFacts, arbitraryPersona } from "./arbitrary-facts.ts";

const HOUR_MS = 3_600_000;

const fold = (facts: readonly Fact[], from: LedgerState = emptyLedger) => facts.reduce(foldLedger, from);

function seriesOf(totals: Totals, metric: { readonly name: string }) {
  return Object.values(totals[metric.name] ?? {});
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const counted = (totals: Totals, metric: { readonly name: string }) =>
  sum(seriesOf(totals, metric).map((series) => ("value" in series ? series.value : Number.NaN)));
const observed = (totals: Totals, metric: { readonly name: string }) =>
  sum(seriesOf(totals, metric).map((series) => ("counts" in series ? sum(series.counts) : Number.NaN)));
const counterAt = (state: LedgerState, metric: { readonly name: string }, labels: readonly string[]) => {
  const series = state.totals[metric.name]?.[JSON.stringify(labels)];
  return series !== undefined && "value" in series ? series.value : undefined;
};

test("the state at any cut, kept as JSON, and the tail make the whole", () => {
  fc.assert(
    fc.property(arbitraryFacts, fc.nat(), (facts, at) => {
      const cut = at % (facts.length + 1);
      const kept = JSON.parse(JSON.stringify(fold(facts.slice(0, cut)))) as LedgerState;
      expect(fold(facts.slice(cut), kept)).toEqual(fold(facts));
    }),
  );
});

/** What happened, told the plain way: who is active in each scope, and when something was last heard of it. */
function countPlainly(facts: readonly Fact[]) {
  const scopes = new Map<string, { key: string; last: number; timeout: number }>();
  const count = { switches: 0, ended: 0 };
  for (const { type, scope, ts, data } of facts) {
    for (const [name, { last, timeout }] of scopes) {
      // What a killed run left is over once somebody's clock says so.
      if (!name.startsWith("run:") || ts - last <= timeout) continue;
      scopes.delete(name);
      count.ended += 1;
    }
    const active = scopes.get(scope);
    const { persona, chatmode, idleTimeoutMs: timeout, startedAt } = data as Record<string, unknown>;
    if (type === "persona.switched" && typeof timeout === "number" && typeof startedAt === "number") {
      const key = `${persona}/${chatmode}`;
      if (active?.key !== key) count.switches += 1;
      if (active !== undefined && (active.key !== key || ts - active.last > active.timeout)) count.ended += 1;
      scopes.set(scope, { key, last: ts, timeout });
    } else if (type === "persona.ended") {
      if (scopes.delete(scope)) count.ended += 1;
    } else if (active !== undefined) {
      if (ts - active.last > active.timeout) count.ended += 1;
      active.last = ts;
    }
  }
  return count;
}

test("counts each real switch once and each session that ended once", () => {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      const { totals } = fold(facts);
      const plain = countPlainly(facts);
      expect(counted(totals, ledgerMetrics.switches)).toBe(plain.switches);
      expect(observed(totals, ledgerMetrics.duration)).toBe(plain.ended);
    }),
  );
});

test("no total ever goes down", () => {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      let before = emptyLedger;
      for (const fact of facts) {
        const after = foldLedger(before, fact);
        for (const [name, family] of Object.entries(before.totals)) {
          for (const [key, series] of Object.entries(family)) {
            const now = after.totals[name]?.[key];
            expect(now?.born).toBe(series.born);
            if ("value" in series && now !== undefined && "value" in now) {
              expect(now.value).toBeGreaterThanOrEqual(series.value);
            }
            if ("counts" in series && now !== undefined && "counts" in now) {
              expect(now.sum).toBeGreaterThanOrEqual(series.sum);
              expect(now.counts.every((count, i) => count >= (series.counts[i] ?? 0))).toBe(true);
            }
          }
        }
        before = after;
      }
    }),
    { numRuns: examples(50) },
  );
});

test("tokens, cost, calls and their durations do not depend on the order of the calls", () => {
  const withoutBirth = ({ totals }: LedgerState) =>
    Object.fromEntries(
      Object.entries(totals).map(([name, family]) => [
        name,
        Object.fromEntries(Object.entries(family).map(([key, { born: _, ...series }]) => [key, series])),
      ]),
    );
  fc.assert(
    fc.property(
      arbitraryCalls.chain((calls) =>
        fc.tuple(
          fc.constant(calls),
          fc.shuffledSubarray(calls, { minLength: calls.length, maxLength: calls.length }),
        ),
      ),
      ([calls, shuffled]) => {
        expect(withoutBirth(fold(shuffled))).toEqual(withoutBirth(fold(calls)));
      },
    ),
  );
});

test("a switch to what is active changes no counter", () => {
  fc.assert(
    fc.property(arbitraryFacts, arbitraryPersona, (facts, persona) => {
      const ts = 1_760_000_000_000;
      const active = fold([...facts, aSwitch(persona, { ts })]);
      const again = fold([aSwitch(persona, { ts: ts + 1000 })], active);
      expect(again.totals).toEqual(active.totals);
      expect(again.recent).toEqual(active.recent);
    }),
  );
});

test("once personas are in use, their switches and sessions stand at 0 before they happen", () => {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      const { personas, totals } = fold(facts);
      for (const from of ["none", ...personas]) {
        for (const to of personas.filter((persona) => persona !== from)) {
          const key = JSON.stringify([from, to, "default"]);
          expect(totals[ledgerMetrics.switches.name]?.[key]).toBeDefined();
        }
      }
      for (const persona of personas) {
        expect(totals[ledgerMetrics.duration.name]?.[JSON.stringify([persona, "default"])]).toBeDefined();
      }
    }),
  );
});

test("a predeclared series is born when it is declared, with the value 0", () => {
  const state = fold([aSwitch("architect", { ts: 1000 }), aSwitch("backend-engineer", { ts: 2000 })]);
  const back = ["backend-engineer", "architect", "default"];
  expect(counterAt(state, ledgerMetrics.switches, back)).toBe(0);
  const later = fold([aSwitch("architect", { ts: 3000 })], state);
  expect(later.totals[ledgerMetrics.switches.name]?.[JSON.stringify(back)]).toEqual({
    labels: back,
    value: 1,
    born: 2000,
  });
});

test("a chatmode that a persona gets later is predeclared from the others too", () => {
  const state = fold([
    aSwitch("architect"),
    aSwitch("backend-engineer"),
    aSwitch("architect", { chatmode: "review" }),
  ]);
  expect(counterAt(state, ledgerMetrics.switches, ["none", "architect", "review"])).toBe(0);
  expect(counterAt(state, ledgerMetrics.switches, ["backend-engineer", "architect", "review"])).toBe(1);
});

test("a duration counts for the persona and chatmode that ended, in its bucket", () => {
  const { totals } = fold([
    aSwitch("architect", { ts: 0, chatmode: "review" }),
    aSwitch("backend-engineer", { ts: 10_000 }),
    aSwitch("architect", { ts: 10_000 + 9 * HOUR_MS, chatmode: "review" }),
  ]);
  const sessions = (labels: readonly string[]) =>
    totals[ledgerMetrics.duration.name]?.[JSON.stringify(labels)];
  expect(sessions(["architect", "review"])).toEqual({
    labels: ["architect", "review"],
    // 10 s is in the bucket of up to 10 s.
    counts: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    sum: 10_000,
    born: 0,
  });
  expect(sessions(["backend-engineer", "default"])).toEqual({
    labels: ["backend-engineer", "default"],
    counts: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    sum: 8 * HOUR_MS,
    born: 10_000,
  });
  // Begun, not ended yet; and what may still come.
  expect(sessions(["architect", "default"])).toMatchObject({ sum: 0, born: 0 });
  expect(observed(totals, ledgerMetrics.duration)).toBe(2);
});

test("a call without a price adds no cost, and is counted, also where it told no usage; one that was free is not", () => {
  const call = { persona: "architect", chatmode: "default", model: "large", outcome: "ok", tokens: 100 };
  const state = fold([
    aFact({ type: "llm.called", data: { ...call, costUsd: null } }),
    aFact({ type: "llm.called", data: { ...call, costUsd: 0.1, workflow: "release" } }),
    aFact({ type: "llm.called", data: { ...call, costUsd: 0.2, workflow: "release" } }),
    aFact({ type: "llm.called", data: { ...call, outcome: "aborted", tokens: 0, costUsd: null } }),
    aFact({ type: "llm.called", data: { ...call, outcome: "error", tokens: 0, costUsd: 0 } }),
    aFact({ type: "llm.called", data: { ...call, outcome: "blocked", tokens: 0, costUsd: 0 } }),
  ]);
  expect(counterAt(state, ledgerMetrics.unpriced, ["large"])).toBe(2);
  expect(counterAt(state, ledgerMetrics.tokens, ["architect", "default", "large"])).toBe(300);
  expect(counted(state.totals, ledgerMetrics.cost)).toBe(300_000_000);
  expect(counterAt(state, ledgerMetrics.cost, ["architect", "default", "large", "release"])).toBe(
    300_000_000,
  );
});

test("with a model's first call, what may still come of it stands at 0", () => {
  const call = { persona: "architect", chatmode: "default", model: "large", outcome: "ok", tokens: 100 };
  const state = fold([aFact({ type: "llm.called", data: { ...call, costUsd: 0.1 } })]);
  const at = (outcome: string) => counterAt(state, ledgerMetrics.calls, ["architect", "large", outcome]);
  expect(["ok", "error", "aborted", "blocked"].map(at)).toEqual([1, 0, 0, 0]);
  expect(counterAt(state, ledgerMetrics.unpriced, ["large"])).toBe(0);
});

test("no amount that a fact may claim can spoil the totals", () => {
  fc.assert(
    fc.property(fc.array(fc.double(), { minLength: 1, maxLength: 5 }), (amounts) => {
      const state = fold(
        amounts.map((amount) =>
          aFact({
            type: "llm.called",
            data: {
              persona: "architect",
              chatmode: "default",
              model: "large",
              outcome: "ok",
              tokens: amount,
              costUsd: amount,
              durationSeconds: amount,
            },
          }),
        ),
      );
      for (const family of Object.values(state.totals)) {
        for (const series of Object.values(family)) {
          const value = "value" in series ? series.value : series.sum;
          expect(Number.isFinite(value) && value >= 0).toBe(true);
        }
      }
    }),
  );
});

test("history keeps the latest, oldest first", () => {
  const facts = Array.from({ length: RECENT_LIMIT + 50 }, (_, i) =>
    aSwitch(i % 2 === 0 ? "architect" : "backend-engineer", { ts: 1000 * i }),
  );
  const { recent } = fold(facts);
  expect(recent).toHaveLength(RECENT_LIMIT);
  expect(recent[0]?.at).toBe(50_000);
  expect(recent.at(-1)).toEqual({
    at: 1000 * (RECENT_LIMIT + 49),
    scope: "global",
    kind: "switched",
    from: "architect",
    to: "backend-engineer",
    chatmode: "default",
    durationMs: 1000,
  });
  expect(fold([aFact({ type: "persona.ended", ts: 300_000 })], fold(facts)).recent.at(-1)).toMatchObject({
    kind: "ended",
    from: "backend-engineer",
    to: "none",
    durationMs: 51_000,
  });
});

test("above the ceiling new label values become `other`, and nothing is lost from the sums", () => {
  const calls = Array.from({ length: SERIES_CEILING + 200 }, (_, i) =>
    aFact({
      type: "llm.called",
      data: {
        persona: "architect",
        chatmode: "default",
        model: `model-${i}`,
        outcome: "ok",
        tokens: 1,
        costUsd: 0,
      },
    }),
  );
  const state = fold(calls);
  expect(seriesOf(state.totals, ledgerMetrics.tokens).length).toBeLessThanOrEqual(SERIES_CEILING + 1);
  expect(counted(state.totals, ledgerMetrics.tokens)).toBe(calls.length);
  const others = seriesOf(state.totals, ledgerMetrics.tokens).filter(({ labels }) =>
    labels.includes("other"),
  );
  expect(others).toMatchObject([{ value: 200 }]);
  // A series that is known goes on as itself.
  const more = fold(calls.slice(0, 1), state);
  expect(counterAt(more, ledgerMetrics.tokens, ["architect", "default", "model-0"])).toBe(2);
  // And through a snapshot nothing changes in that.
  const kept = JSON.parse(JSON.stringify(fold(calls.slice(0, SERIES_CEILING + 50)))) as LedgerState;
  expect(fold(calls.slice(SERIES_CEILING + 50), kept)).toEqual(state);
});

test("zeros never use up more than half the ceiling", () => {
  const personas = Array.from({ length: 60 }, (_, i) => aSwitch(`persona-${i}`, { ts: i }));
  const { totals } = fold(personas);
  expect(counted(totals, ledgerMetrics.switches)).toBe(60);
  const zeros = seriesOf(totals, ledgerMetrics.switches).filter((one) => "value" in one && one.value === 0);
  expect(zeros.length).toBeGreaterThan(SERIES_CEILING / 4);
  expect(zeros.length).toBeLessThanOrEqual(SERIES_CEILING / 2);
});
