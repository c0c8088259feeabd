import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fact } from "../../src/journal/fact.ts";
import {
  foldRuns,
  RUNS_LIMIT,
  type RunRecord,
  runState,
  STAGE_ENTRIES_LIMIT,
} from "../../src/projection/runs.ts";
import { arbitraryFacts } from "./arbitrary-facts.ts";
import { aRun, RUN_START, spanIdOf, TRACE_ID } from "./run-facts.ts";

const fold = (facts: readonly Fact[], from: readonly RunRecord[] = []) => facts.reduce(foldRuns, from);

test("the runs at any cut, kept as JSON, and the tail make the whole", () => {
  fc.assert(
    fc.property(arbitraryFacts, fc.nat(), (facts, at) => {
      const cut = at % (facts.length + 1);
      const kept = JSON.parse(JSON.stringify(fold(facts.slice(0, cut)))) as RunRecord[];
      expect(fold(facts.slice(cut), kept)).toEqual(fold(facts));
    }),
  );
});

test("a run is told with its stages, attempts, gates and results", () => {
  const started = aRun.started();
  const [run] = fold([
    started,
    aRun.stageStarted(),
    aRun.processStarted(),
    aRun.processFinished({ data: { exitCode: 1, errorType: "1" } }),
    aRun.processStarted({ data: { pid: 4712, startedAt: RUN_START + 30_100, stage: attempt(2) } }),
    aRun.processFinished({
      ts: RUN_START + 30_400,
      data: { pid: 4712, startedAt: RUN_START + 30_100, stage: attempt(2), exitCode: 143, signal: "SIGTERM" },
    }),
    aRun.gateChecked({ data: { result: "failed", detail: "70 < 80" } }),
    aRun.stageFinished({
      data: {
        result: "failure",
        attempts: 2,
        error: { type: "gate", message: "coverage: 70 < 80" },
        stderrTail: ["no"],
      },
    }),
    aRun.stageFinished({
      scope: "run:r1/test",
      data: { stage: "test", result: "skip", attempts: 0, outputs: [] },
    }),
    aRun.finished({ data: { result: "failure" } }),
  ]);
  expect(run).toEqual({
    runId: "r1",
    workflow: "release",
    startedAt: RUN_START,
    finishedAt: RUN_START + 90_000,
    result: "failure",
    owner: started.owner,
    trace: { traceId: TRACE_ID, spanId: spanIdOf("r1") },
    stages: [
      {
        id: "build",
        persona: "architect",
        chatmode: "release",
        needs: [],
        reused: false,
        state: "failure",
        startedAt: RUN_START + 1000,
        finishedAt: RUN_START + 31_000,
        attempts: [
          {
            attempt: 1,
            executable: "bash",
            pid: 4711,
            startedAt: RUN_START + 2000,
            finishedAt: RUN_START + 30_000,
            exitCode: 1,
          },
          {
            attempt: 2,
            executable: "bash",
            pid: 4712,
            startedAt: RUN_START + 30_100,
            finishedAt: RUN_START + 30_400,
            exitCode: 143,
            signal: "SIGTERM",
          },
        ],
        gates: [{ gate: "coverage", kind: "value", result: "failed", detail: "70 < 80" }],
        outputs: ["version"],
        error: { type: "gate", message: "coverage: 70 < 80" },
      },
      {
        id: "test",
        persona: "testing-specialist",
        chatmode: "release",
        needs: ["build"],
        reused: false,
        state: "skip",
        attempts: [],
        gates: [],
        outputs: [],
      },
    ],
  });
});

test("while it runs, it says how far it is", () => {
  const [run] = fold([aRun.started(), aRun.stageStarted(), aRun.processStarted()]);
  expect(run?.stages.map(({ state }) => state)).toEqual(["running", "waiting"]);
  expect(run?.stages[0]?.attempts).toMatchObject([{ attempt: 1, pid: 4711 }]);
  expect(run?.result).toBeUndefined();
});

test("a run without a result is running, or interrupted once its process is certainly gone", () => {
  const [open] = fold([aRun.started()]);
  const [done] = fold([aRun.started(), aRun.finished({ data: { result: "timeout" } })]);
  if (open === undefined || done === undefined) throw new Error("no runs");
  expect(runState(open, () => false)).toBe("running");
  expect(runState(open, (owner) => owner.pid === open.owner.pid)).toBe("interrupted");
  expect(runState(done, () => true)).toBe("timeout");
});

test("a run that is resumed knows who goes on with it, and which stages need not be repeated", () => {
  const resumes = { runId: "r1", traceId: TRACE_ID, spanId: spanIdOf("r1") };
  const stages = [
    { id: "build", persona: "architect", chatmode: "release", needs: [], gates: [], reused: true },
    { id: "test", persona: "testing-specialist", chatmode: "release", needs: [], gates: [] },
  ];
  const [first, second] = fold([aRun.started(), aRun.started({ data: { runId: "r2", resumes, stages } })]);
  expect(first?.resumedBy).toBe("r2");
  expect(second).toMatchObject({ runId: "r2", resumes: "r1" });
  expect(second?.stages.map(({ reused, state }) => [reused, state])).toEqual([
    [true, "success"],
    [false, "waiting"],
  ]);
});

test("facts of runs and stages that nobody began change nothing", () => {
  const { started, ...others } = aRun;
  for (const fact of Object.values(others)) expect(fold([fact()])).toEqual([]);
  const runs = fold([started()]);
  for (const fact of Object.values(others)) {
    expect(fold([fact({ data: { runId: "r9", stage: undefined } as never })], runs)).toEqual(runs);
  }
  expect(fold([aRun.stageFinished({ data: { stage: "deploy" } })], runs)).toEqual(runs);
  // Said twice, it is still one run.
  expect(fold([started()], runs)).toBe(runs);
});

test("the latest runs are kept, and of a stage that tries for ever its latest attempts", () => {
  const runs = fold(
    Array.from({ length: RUNS_LIMIT + 5 }, (_, index) => aRun.started({ data: { runId: `n${index}` } })),
  );
  expect(runs.map(({ runId }) => runId)).toEqual(Array.from({ length: RUNS_LIMIT }, (_, i) => `n${i + 5}`));
  const [run] = fold([
    aRun.started(),
    ...Array.from({ length: STAGE_ENTRIES_LIMIT + 1 }, (_, i) =>
      aRun.processStarted({ data: { stage: attempt(i) } }),
    ),
  ]);
  expect(run?.stages[0]?.attempts).toHaveLength(STAGE_ENTRIES_LIMIT);
  expect(run?.stages[0]?.attempts.at(-1)?.attempt).toBe(STAGE_ENTRIES_LIMIT);
});

function attempt(number: number) {
  return { runId: "r1", workflow: "release", stage: "build", attempt: number };
}
