import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderExposition } from "../../src/backend/exposition.ts";
import type { MetricFamily } from "../../src/projection/metric-family.ts";
import { parseExposition } from "../support/exposition.ts";
import { realServersAvailable } from "../support/real-servers.ts";
import { durations, remaining, switches } from "./metric-families.ts";

const all = [switches(3), durations, remaining];

describe("exposition", () => {
  test("counters and gauges", async () => {
    expect(await renderExposition([switches(3), remaining])).toBe(
      `# HELP hypertool_persona_switches_total Persona switches.
# TYPE hypertool_persona_switches_total counter
hypertool_persona_switches_total{from_persona="none",to_persona="backend-engineer",chatmode="default"} 3

# HELP hypertool_persona_token_budget_remaining Tokens left in the window.
# TYPE hypertool_persona_token_budget_remaining gauge
hypertool_persona_token_budget_remaining{persona="backend-engineer"} -1e+21
`,
    );
  });

  test("histograms are cumulative and end with +Inf", async () => {
    const lines = (await renderExposition([durations])).split("\n").filter((line) => !line.startsWith("#"));
    expect(lines).toEqual([
      'hypertool_persona_duration_seconds_bucket{persona="backend-engineer",le="0.5"} 1',
      'hypertool_persona_duration_seconds_bucket{persona="backend-engineer",le="10"} 1',
      'hypertool_persona_duration_seconds_bucket{persona="backend-engineer",le="30"} 3',
      'hypertool_persona_duration_seconds_bucket{persona="backend-engineer",le="+Inf"} 7',
      'hypertool_persona_duration_seconds_sum{persona="backend-engineer"} 1234.5',
      'hypertool_persona_duration_seconds_count{persona="backend-engineer"} 7',
      "",
    ]);
  });

  test("no families make an empty text", async () => {
    expect(await renderExposition([])).toBe("");
  });

  test("any label value and any finite number comes back as it was", async () => {
    const series = fc.uniqueArray(
      fc.record({
        labels: fc.array(fc.string({ unit: "grapheme" }), { minLength: 2, maxLength: 2 }),
        value: fc.double({ noNaN: true, noDefaultInfinity: true }),
      }),
      { selector: ({ labels }) => JSON.stringify(labels) },
    );
    await fc.assert(
      fc.asyncProperty(series, async (generated) => {
        const family: MetricFamily = {
          type: "gauge",
          name: "g",
          help: 'a "b" \\ c\nd',
          labelNames: ["x", "y"],
          series: generated,
        };
        const parsed = parseExposition(await renderExposition([family]));
        expect(parsed[0]?.samples ?? []).toEqual(
          generated.map(({ labels: [x, y], value }) => ({ name: "g", labels: { x, y }, value: value + 0 })),
        );
      }),
    );
  });

  const broken: readonly (readonly [string, MetricFamily[]])[] = [
    ["NaN", [switches(Number.NaN)]],
    ["infinity", [switches(Number.POSITIVE_INFINITY)]],
    ["a negative counter", [switches(-1)]],
    ["the same metric twice", [switches(1), switches(1)]],
    ["an invalid name", [{ ...switches(1), name: "a-b" }]],
    ["an invalid label name", [{ ...switches(1), labelNames: ["a", "b", "c-d"] }]],
    ["a reserved label name", [{ ...switches(1), labelNames: ["a", "b", "__c"] }]],
    ["a label name given twice", [{ ...switches(1), labelNames: ["a", "a", "b"] }]],
    ["a missing label value", [{ ...switches(1), labelNames: ["a", "b", "c", "d"] }]],
    [
      "an undefined label value",
      [{ ...remaining, series: [{ labels: [undefined as never], value: 1 }] } as never],
    ],
    ["a series given twice", [{ ...durations, series: [...durations.series, ...durations.series] }]],
    ["a label le on a histogram", [{ ...durations, labelNames: ["le"] }]],
    ["descending buckets", [{ ...durations, buckets: [1, 3, 2] }]],
    ["an infinite bucket", [{ ...durations, buckets: [1, 2, Number.POSITIVE_INFINITY] }]],
    ["counts that do not match", [{ ...durations, buckets: [1] }]],
    ["half an observation", [{ ...durations, series: [{ labels: ["p"], counts: [0, 0.5, 0, 0], sum: 1 }] }]],
    [
      "a sum that is no number",
      [{ ...durations, series: [{ labels: ["p"], counts: [0, 1, 0, 0], sum: Number.NaN }] }],
    ],
  ];
  test.each(broken)("%s is refused, by the metric's name", async (_, families) => {
    await expect(renderExposition(families)).rejects.toThrow(/^metric "/);
  });

  test.skipIf(!realServersAvailable())("promtool finds nothing to complain about", async () => {
    const input = await renderExposition(all);
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input,
      encoding: "utf8",
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});
