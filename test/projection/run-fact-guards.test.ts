import { expect, test } from "vitest";
import type { Fact } from "../../src/journal/fact.ts";
import * as guards from "../../src/projection/run-fact-guards.ts";
import { aRun } from "./run-facts.ts";

const resumes = { runId: "r0", traceId: "c".repeat(32), spanId: "d".repeat(16) };

const good: readonly (readonly [string, (fact: Fact) => boolean, Fact])[] = [
  ["run.started", guards.isRunStarted, aRun.started({ data: { resumes } })],
  ["run.finished", guards.isRunFinished, aRun.finished()],
  ["stage.started", guards.isStageStarted, aRun.stageStarted()],
  [
    "stage.finished",
    guards.isStageFinished,
    aRun.stageFinished({ data: { error: { type: "exit_1", message: "" }, stderrTail: ["", "no"] } }),
  ],
  ["process.started", guards.isProcessStarted, aRun.processStarted()],
  [
    "process.finished",
    guards.isProcessFinished,
    aRun.processFinished({ data: { signal: "SIGTERM", errorType: "143" } }),
  ],
  ["gate.checked", guards.isGateChecked, aRun.gateChecked()],
];

test.each(good)("%s is what it says, and nothing else is", (type, guard, fact) => {
  expect(guard(fact)).toBe(true);
  expect(good.filter(([, other]) => other(fact)).map(([name]) => name)).toEqual([type]);
});

test.each(good)("%s with any field that makes no sense, or without it, is passed over", (_, guard, fact) => {
  const optional = ["resumes", "error", "stderrTail", "signal", "errorType", "stage"];
  for (const [key, value] of Object.entries(fact.data)) {
    for (const bad of [null, {}, [null], Number.NaN, -1, 1e300]) {
      expect([key, bad, guard({ ...fact, data: { ...fact.data, [key]: bad } })]).toEqual([key, bad, false]);
    }
    if (typeof value === "string" && key !== "detail") {
      expect([key, guard({ ...fact, data: { ...fact.data, [key]: "" } })]).toEqual([key, false]);
    }
    const { [key]: _, ...rest } = fact.data as Record<string, unknown>;
    const mayLack = optional.includes(key) && !(key === "stage" && typeof value === "string");
    expect([key, guard({ ...fact, data: rest })]).toEqual([key, mayLack]);
  }
});

test.each([
  aRun.started({ data: { resumes: { ...resumes, spanId: "D".repeat(16) } } }),
  aRun.started({ data: { resumes: { ...resumes, traceId: "c".repeat(31) } } }),
  aRun.started({
    data: { stages: [{ id: "x", persona: "y", chatmode: "z", needs: [3], gates: [] }] as never },
  }),
  aRun.finished({ data: { result: "fine" as never } }),
  aRun.processFinished({ data: { exitCode: 1.5 } }),
])("values that no program of ours writes are passed over: %#", (fact) => {
  expect(good.filter(([, guard]) => guard(fact))).toEqual([]);
});
