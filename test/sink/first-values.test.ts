import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CounterFamily, HistogramFamily, MetricFamily } from "../../src/projection/metric-family.ts";
import { seriesKey, type Totals } from "../../src/projection/totals.ts";
import { type Exposed, holdFirstValues, zeroed } from "../../src/sink/first-values.ts";

const HOLD_MS = 120_000;
const ENABLED_AT = 1_000_000;
const SWITCHES = "switches_total";
const DURATION = "duration_seconds";

const counter = (value: number, to = "a"): CounterFamily => ({
  type: "counter",
  name: SWITCHES,
  help: "Switches.",
  labelNames: ["to"],
  series: [{ labels: [to], value }],
});

const histogram = (...counts: number[]): HistogramFamily => ({
  type: "histogram",
  name: DURATION,
  help: "Duration.",
  labelNames: ["persona"],
  buckets: [10],
  series: [{ labels: ["a"], counts, sum: 42 }],
});

const bornAt = (born: number): Totals => ({
  [SWITCHES]: { [seriesKey(["a"])]: { labels: ["a"], value: 1, born } },
  [DURATION]: { [seriesKey(["a"])]: { labels: ["a"], counts: [1, 0], sum: 42, born } },
});

/** Pushes again and again as the deliverer does; each push is accepted. */
function pusher(totals = bornAt(ENABLED_AT + 1), holdMs = HOLD_MS) {
  let exposed: Exposed = {};
  return (families: readonly MetricFamily[], now: number, hold = holdMs) => {
    const held = holdFirstValues(families, totals, exposed, ENABLED_AT, hold, now);
    exposed = held.exposed;
    return held;
  };
}

const firstValue = (families: readonly MetricFamily[]) => (families[0] as CounterFamily).series[0]?.value;

describe("a counter born after the sink was enabled", () => {
  test("is held at 0 for two scrape intervals, comes due then, and shows its true total", () => {
    const push = pusher();
    const first = push([counter(1)], 2_000_000);
    expect(firstValue(first.families)).toBe(0);
    expect(first.dueAt).toBe(2_000_000 + HOLD_MS);
    const second = push([counter(5)], 2_000_000 + HOLD_MS - 1);
    expect(firstValue(second.families)).toBe(0);
    expect(second.dueAt).toBe(2_000_000 + HOLD_MS);
    const third = push([counter(7)], 2_000_000 + HOLD_MS);
    expect(firstValue(third.families)).toBe(7);
    expect(third.dueAt).toBeUndefined();
  });

  test("that was exposed at 0 long enough needs no more waiting", () => {
    const push = pusher();
    expect(push([counter(0)], 2_000_000).dueAt).toBeUndefined();
    expect(firstValue(push([counter(1)], 2_000_000 + HOLD_MS).families)).toBe(1);
  });

  test("comes due by the earliest of the held ones", () => {
    const push = pusher();
    push([counter(1)], 2_000_000);
    const both = { ...counter(1), series: ["a", "b"].map((label) => ({ labels: [label], value: 1 })) };
    expect(push([both], 2_050_000).dueAt).toBe(2_000_000 + HOLD_MS);
  });

  test("once shown is not held again, whatever the scrape interval or the clock say then", () => {
    const push = pusher();
    push([counter(1)], 2_000_000);
    expect(firstValue(push([counter(1)], 2_000_000 + HOLD_MS).families)).toBe(1);
    expect(firstValue(push([counter(2)], 2_000_001 + HOLD_MS, 10 * HOLD_MS).families)).toBe(2);
    expect(firstValue(push([counter(3)], 1_500_000).families)).toBe(3);
  });

  test("that a foreground push has shown is not held by the background afterwards", () => {
    const push = pusher();
    expect(firstValue(push([counter(3)], 2_000_000, 0).families)).toBe(3);
    expect(firstValue(push([counter(4)], 2_000_001).families)).toBe(4);
  });

  test("does not wait for longer because the clock was set back", () => {
    const push = pusher();
    push([counter(1)], 90_000_000);
    expect(push([counter(1)], 2_000_000).dueAt).toBe(2_000_000 + HOLD_MS);
  });
});

test("a counter from before is shown as it is", () => {
  const held = pusher(bornAt(ENABLED_AT - 1))([counter(9), histogram(3, 1)], 2_000_000);
  expect(held.families).toEqual([counter(9), histogram(3, 1)]);
  expect(held.dueAt).toBeUndefined();
});

test("a series that the ledger does not know, such as delivery's own, counts as new", () => {
  const held = pusher({})([counter(9)], 0);
  expect(firstValue(held.families)).toBe(0);
});

test("a histogram is held as a whole: every bucket and the sum", () => {
  const push = pusher();
  expect(push([histogram(1, 2)], 2_000_000).families).toEqual([{ ...histogram(0, 0), series: [zeros()] }]);
  expect(push([histogram(1, 2)], 2_000_000 + HOLD_MS).families).toEqual([histogram(1, 2)]);
  function zeros() {
    return { labels: ["a"], counts: [0, 0], sum: 0 };
  }
});

test("gauges are never held", () => {
  const gauge: MetricFamily = { ...counter(5), type: "gauge", name: "pending" };
  expect(pusher()([gauge], 2_000_000).families).toEqual([gauge]);
});

test("zeros for a new run of a shared key are zeros everywhere but in gauges", () => {
  const gauge: MetricFamily = { ...counter(5), type: "gauge", name: "info" };
  const [first, second, third] = zeroed([counter(5), histogram(1, 2), gauge]);
  expect(first).toEqual(counter(0));
  expect(second).toMatchObject({ series: [{ counts: [0, 0], sum: 0 }] });
  expect(third).toBe(gauge);
});

test("what a push of unknown outcome may have revealed counts as shown, what it would have exposed does not", () => {
  const two = { ...counter(1), series: ["a", "b"].map((label) => ({ labels: [label], value: 1 })) };
  const exposed = { [SWITCHES]: { [seriesKey(["a"])]: 1_800_000 } };
  const { inDoubt } = holdFirstValues([two], bornAt(ENABLED_AT + 1), exposed, ENABLED_AT, HOLD_MS, 2_000_000);
  const next = holdFirstValues([two], bornAt(ENABLED_AT + 1), inDoubt ?? {}, ENABLED_AT, HOLD_MS, 2_010_000);
  expect((next.families[0] as CounterFamily).series.map(({ value }) => value)).toEqual([1, 0]);
  expect(next.dueAt).toBe(2_010_000 + HOLD_MS);
});

test("property: however pushes, outcomes and the clock go, no counter on the gateway ever goes down", () => {
  const step = fc.record({
    grows: fc.nat({ max: 3 }),
    passesMs: fc.oneof(fc.nat({ max: 200_000 }), fc.integer({ min: -300_000, max: 0 })),
    isForeground: fc.boolean(),
    outcome: fc.constantFrom(
      "accepted",
      "refused",
      "lost answer",
      "lost request",
      "killed before",
      "killed after",
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let total = 0;
      let now = 2_000_000;
      let onGateway = 0;
      let exposed: Exposed = {};
      for (const { grows, passesMs, isForeground, outcome } of steps) {
        total += grows;
        now += passesMs;
        const hold = isForeground ? 0 : HOLD_MS;
        const totals = bornAt(ENABLED_AT + 1);
        const held = holdFirstValues([counter(total)], totals, exposed, ENABLED_AT, hold, now);
        if (outcome === "accepted" || outcome === "lost answer" || outcome === "killed after") {
          const value = firstValue(held.families) ?? 0;
          expect(value).toBeGreaterThanOrEqual(onGateway);
          onGateway = value;
        }
        if (outcome === "accepted") exposed = held.exposed;
        else if (outcome !== "refused") exposed = held.inDoubt ?? exposed;
      }
    }),
  );
});
