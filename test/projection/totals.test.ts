import fc from "fast-check";
import { expect, test } from "vitest";
import { ledgerMetrics } from "../../src/projection/metric-catalogue.ts";
import { addToCounter, observe, type Totals, toFamily } from "../../src/projection/totals.ts";

test("a family is in the metric's own unit, whatever order its series came in", () => {
  let totals: Totals = {};
  totals = addToCounter(totals, ledgerMetrics.cost, ["b", "default", "m", "none"], 1_500_000_000, 1);
  totals = addToCounter(totals, ledgerMetrics.cost, ["a", "default", "m", "none"], 250_000_000, 2);
  totals = observe(totals, ledgerMetrics.duration, ["a", "default"], 61_500, 3);
  expect(toFamily(totals, ledgerMetrics.cost)).toMatchObject({
    name: "hypertool_llm_cost_usd_total",
    type: "counter",
    series: [
      { labels: ["a", "default", "m", "none"], value: 0.25 },
      { labels: ["b", "default", "m", "none"], value: 1.5 },
    ],
  });
  expect(toFamily(totals, ledgerMetrics.duration)).toMatchObject({
    type: "histogram",
    series: [{ counts: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], sum: 61.5 }],
  });
  expect(toFamily(totals, ledgerMetrics.tokens).series).toEqual([]);
});

test("an observation falls into the first bucket whose bound it does not exceed", () => {
  const { buckets } = ledgerMetrics.callDuration;
  fc.assert(
    fc.property(fc.nat({ max: 400_000 }), (ms) => {
      const family = toFamily(
        observe({}, ledgerMetrics.callDuration, ["p", "m"], ms, 0),
        ledgerMetrics.callDuration,
      );
      const counts = family.type === "histogram" ? family.series[0]?.counts : undefined;
      const first = buckets.findIndex((bound) => ms / 1000 <= bound);
      expect(counts).toHaveLength(buckets.length + 1);
      expect(counts?.indexOf(1)).toBe(first === -1 ? buckets.length : first);
    }),
  );
});
