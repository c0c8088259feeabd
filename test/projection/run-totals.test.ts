import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fact } from "../../src/journal/fact.ts";
import { emptyLedger, foldLedger } from "../../src/projection/ledger.ts";
import { ledgerMetrics, type MetricDefinition } from "../../src/projection/metric-catalogue.ts";
import { RUN_RESULTS, type RunResult } from "../../src/projection/run-facts.ts";
import { countRunFact } from "../../src/projection/run-totals.ts";
import { seriesKey, type Totals, toFamily } from "../../src/projection/totals.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { arbitraryFacts } from "./arbitrary-facts.ts";
import { aRun, RUN_START } from "./run-facts.ts";

const count = (facts: readonly Fact[]): Totals => facts.reduce(countRunFact, {});
const at = (totals: Totals, metric: MetricDefinition, ...labels: string[]) =>
  totals[metric.name]?.[seriesKey(labels)];
const valueAt = (totals: Totals, metric: MetricDefinition, ...labels: string[]) => {
  const series = at(totals, metric, ...labels);
  return series !== undefined && "value" in series ? series.value : undefined;
};

test("the metrics of runs have the names, types, labels and buckets of the contract", () => {
  const { stageDuration, qualityGate, runs, runDuration, stageRetries, lastRun } = ledgerMetrics;
  const shapes = [stageDuration, qualityGate, runs, runDuration, stageRetries, lastRun].map(
    ({ name, type, labelNames }) => `${type} ${name}{${labelNames.join(",")}}`,
  );
  expect(shapes).toEqual([
    "histogram hypertool_workflow_stage_duration_seconds{workflow,stage,persona}",
    "counter hypertool_workflow_quality_gate_total{workflow,stage,result}",
    "counter hypertool_workflow_runs_total{workflow,result}",
    "histogram hypertool_workflow_run_duration_seconds{workflow}",
    "counter hypertool_workflow_stage_retries_total{workflow,stage}",
    "gauge hypertool_workflow_last_run_timestamp_seconds{workflow,result}",
  ]);
  expect(stageDuration.buckets).toEqual([1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]);
  expect(runDuration.buckets).toEqual([10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 28800]);
});

test("a run that begins stands at 0 with everything that it may count", () => {
  const totals = count([aRun.started()]);
  const zeros = Object.entries(totals).flatMap(([name, family]) =>
    Object.values(family).map((series) => {
      expect("value" in series ? series.value : series.sum).toBe(0);
      expect(series.born).toBe(RUN_START);
      return `${name.replace("hypertool_", "")} ${series.labels.join(" ")}`;
    }),
  );
  const ofStage = (stage: string, persona: string) => [
    `persona_duration_seconds ${persona} release`,
    `persona_switches_total none ${persona} release`,
    `workflow_quality_gate_total release ${stage} failed`,
    `workflow_quality_gate_total release ${stage} passed`,
    `workflow_stage_duration_seconds release ${stage} ${persona}`,
    `workflow_stage_retries_total release ${stage}`,
  ];
  expect(zeros.sort()).toEqual(
    [
      ...ofStage("build", "architect"),
      ...ofStage("test", "testing-specialist"),
      ...RUN_RESULTS.map((result) => `workflow_runs_total release ${result}`),
      "workflow_run_duration_seconds release",
    ].sort(),
  );
});

test.each<[RunResult, number | undefined, number | undefined, number]>([
  ["success", 1, undefined, 1],
  ["failure", undefined, 1, 1],
  ["error", undefined, 1, 1],
  ["timeout", undefined, 1, 1],
  ["cancellation", undefined, undefined, 1],
  ["skip", undefined, undefined, 0],
])("a stage's %s counts as passed %s, failed %s, executed %s", (result, passed, failed, executed) => {
  const attempts = result === "skip" ? 0 : 3;
  const totals = count([aRun.stageFinished({ data: { result, attempts } })]);
  expect(valueAt(totals, ledgerMetrics.qualityGate, "release", "build", "passed")).toBe(passed);
  expect(valueAt(totals, ledgerMetrics.qualityGate, "release", "build", "failed")).toBe(failed);
  const duration = at(totals, ledgerMetrics.stageDuration, "release", "build", "architect");
  if (executed === 0) expect(totals).toEqual({});
  else {
    expect(duration).toMatchObject({ counts: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], sum: 30_000 });
    expect(valueAt(totals, ledgerMetrics.stageRetries, "release", "build")).toBe(2);
  }
});

test("a run counts by its result, with its duration and when it ended last", () => {
  const totals = count([
    aRun.finished(),
    aRun.finished({ ts: RUN_START + 5000, data: { result: "failure" } }),
    // An older run that was written later, by another process.
    aRun.finished({ ts: RUN_START + 20_000 }),
    aRun.finished({ ts: RUN_START - 1 }),
  ]);
  expect(valueAt(totals, ledgerMetrics.runs, "release", "success")).toBe(3);
  expect(valueAt(totals, ledgerMetrics.runs, "release", "failure")).toBe(1);
  expect(at(totals, ledgerMetrics.runDuration, "release")).toMatchObject({
    counts: [2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    sum: 90_000 + 5000 + 20_000 + 0,
  });
  expect(toFamily(totals, ledgerMetrics.lastRun)).toMatchObject({
    type: "gauge",
    series: [
      { labels: ["release", "failure"], value: RUN_START / 1000 + 5 },
      { labels: ["release", "success"], value: RUN_START / 1000 + 90 },
    ],
  });
});

test("the totals of runs do not depend on the order of their facts, and stay finite", () => {
  const withoutBirth = (totals: Totals) =>
    Object.values(totals).flatMap((family) => Object.values(family).map(({ born: _, ...series }) => series));
  const sorted = (totals: Totals) =>
    withoutBirth(totals)
      .map((series) => JSON.stringify(series))
      .sort();
  fc.assert(
    fc.property(
      arbitraryFacts.chain((facts) =>
        fc.tuple(fc.constant(facts), fc.shuffledSubarray(facts, { minLength: facts.length })),
      ),
      ([facts, shuffled]) => {
        expect(sorted(count(shuffled))).toEqual(sorted(count(facts)));
      },
    ),
  );
  const far = count([aRun.finished({ ts: Number.MAX_VALUE }), aRun.finished({ ts: Number.MAX_VALUE })]);
  expect(at(far, ledgerMetrics.runDuration, "release")).toMatchObject({ sum: 2 * Number.MAX_SAFE_INTEGER });
});

test("a stage's session counts as any other, and leaves history and the pairs of personas alone", () => {
  const facts = [
    aSwitch("backend-engineer", { ts: RUN_START }),
    aRun.started(),
    aSwitch("architect", { scope: "run:r1/build", chatmode: "release", ts: RUN_START + 1000 }),
    aRun.stageStarted(),
    aRun.stageFinished(),
    { ...aSwitch("architect", { scope: "run:r1/build", ts: RUN_START + 32_000 }), type: "persona.ended" },
    aRun.finished(),
  ];
  const { totals, recent, personas, session } = facts.reduce(foldLedger, emptyLedger);
  expect(valueAt(totals, ledgerMetrics.switches, "none", "architect", "release")).toBe(1);
  expect(at(totals, ledgerMetrics.duration, "architect", "release")).toMatchObject({ sum: 31_000 });
  expect(personas).toEqual(["backend-engineer"]);
  expect(recent.map(({ scope }) => scope)).toEqual(["global"]);
  expect(Object.keys(session.scopes)).toEqual(["global"]);
  expect(valueAt(totals, ledgerMetrics.switches, "backend-engineer", "architect", "release")).toBeUndefined();
});

test("a session under a command, without a run, shows its duration at 0 before it ends", () => {
  const scope = "run:x1/exec";
  const { totals } = foldLedger(emptyLedger, aSwitch("architect", { scope, ts: RUN_START }));
  expect(at(totals, ledgerMetrics.duration, "architect", "default")).toMatchObject({
    sum: 0,
    born: RUN_START,
  });
});

test("sessions of killed runs are counted to their last fact when they have idled out", () => {
  const facts = [
    aSwitch("architect", { scope: "run:r1/build", ts: RUN_START }),
    aFact({ scope: "run:r1/build", ts: RUN_START + 600_000 }),
    aSwitch("backend-engineer", { ts: RUN_START + 9 * 3_600_000 }),
  ];
  const { totals, recent } = facts.reduce(foldLedger, emptyLedger);
  expect(at(totals, ledgerMetrics.duration, "architect", "default")).toMatchObject({ sum: 600_000 });
  expect(recent).toMatchObject([{ kind: "switched", to: "backend-engineer" }]);
  expect(recent[0]?.durationMs).toBeUndefined();
});
