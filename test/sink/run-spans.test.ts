import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/journal/fact.ts";
import type { RunResult } from "../../src/projection/run-facts.ts";
import { emptySpanFold, foldSpans } from "../../src/sink/otlp-spans.ts";
import { aRun, RUN_START, spanIdOf, TRACE_ID } from "../projection/run-facts.ts";

function spansOf(facts: readonly Fact[]) {
  let state = emptySpanFold;
  const spans = facts.flatMap((fact) => {
    const folded = foldSpans(state, fact);
    state = folded.state;
    return folded.span === undefined ? [] : [folded.span];
  });
  return { state, spans };
}

test("a run that succeeds is a span for each process, stage and run, the innermost first", () => {
  const { state, spans } = spansOf([
    aRun.started(),
    aRun.stageStarted(),
    aRun.processStarted(),
    aRun.processFinished(),
    aRun.gateChecked(),
    aRun.stageFinished(),
    aRun.finished(),
  ]);
  const common = { status: { code: "OK" }, links: [], resource: { "service.name": "tta-persona" } };
  expect(spans).toEqual([
    {
      identity: {
        traceId: TRACE_ID,
        spanId: spanIdOf("process"),
        parentSpanId: spanIdOf("build"),
        sampled: true,
      },
      name: "bash",
      kind: "CLIENT",
      startMs: RUN_START + 2000,
      endMs: RUN_START + 30_000,
      attributes: { "process.executable.name": "bash", "process.pid": 4711, "process.exit.code": 0 },
      events: [],
      ...common,
    },
    {
      identity: {
        traceId: TRACE_ID,
        spanId: spanIdOf("build"),
        parentSpanId: spanIdOf("r1"),
        sampled: true,
      },
      name: "stage.build",
      kind: "INTERNAL",
      startMs: RUN_START + 1000,
      endMs: RUN_START + 31_000,
      attributes: {
        "stage.name": "build",
        "stage.persona": "architect",
        "workflow.name": "release",
        "stage.duration_seconds": 30,
        "stage.success": true,
        "cicd.pipeline.task.name": "build",
        "cicd.pipeline.task.run.id": "r1/build",
        "cicd.pipeline.task.run.result": "success",
      },
      events: [
        {
          name: "quality_gate",
          timeMs: RUN_START + 30_500,
          attributes: {
            "gate.name": "coverage",
            "gate.kind": "value",
            "gate.result": "passed",
            "gate.detail": "91 >= 80",
          },
        },
      ],
      ...common,
    },
    {
      identity: { traceId: TRACE_ID, spanId: spanIdOf("r1"), sampled: true },
      name: "workflow.release",
      kind: "SERVER",
      startMs: RUN_START,
      endMs: RUN_START + 90_000,
      attributes: {
        "workflow.name": "release",
        "workflow.type": "multi_persona",
        "workflow.run_id": "r1",
        "cicd.pipeline.name": "release",
        "cicd.pipeline.run.id": "r1",
        "cicd.pipeline.result": "success",
      },
      events: [],
      ...common,
    },
  ]);
  expect(state.open).toEqual({});
});

describe("what fails", () => {
  const error = { type: "exit_1", message: "the tests failed" };

  test("says so on every level: status, result, the exception and the last lines of standard error", () => {
    const { spans } = spansOf([
      aRun.started(),
      aRun.stageStarted(),
      aRun.processStarted(),
      aRun.processFinished({ data: { exitCode: 1, errorType: "1" } }),
      aRun.stageFinished({ data: { result: "failure", error, stderrTail: ["one", "", "two"] } }),
      aRun.finished({ data: { result: "failure" } }),
    ]);
    const [process, stage, run] = spans;
    expect(process).toMatchObject({
      attributes: { "process.exit.code": 1, "error.type": "1" },
      status: { code: "ERROR", message: "exited with 1" },
    });
    expect(stage).toMatchObject({
      attributes: {
        "stage.success": false,
        "stage.error": "the tests failed",
        "cicd.pipeline.task.run.result": "failure",
      },
      status: { code: "ERROR", message: "the tests failed" },
    });
    expect(stage?.events).toEqual([
      {
        name: "exception",
        timeMs: RUN_START + 31_000,
        attributes: {
          "exception.type": "exit_1",
          "exception.message": "the tests failed",
          "exception.stacktrace": "one\n\ntwo",
        },
      },
    ]);
    expect(run).toMatchObject({
      attributes: { "cicd.pipeline.result": "failure", "error.type": "failure" },
      status: { code: "ERROR", message: "stage build: the tests failed" },
    });
  });

  test.each<RunResult>(["failure", "error", "timeout", "cancellation"])(
    "as %s, even without a reason",
    (result) => {
      const { spans } = spansOf([
        aRun.stageFinished({ data: { result } }),
        aRun.finished({ data: { result } }),
      ]);
      expect(spans).toMatchObject([
        {
          attributes: { "stage.success": false, "cicd.pipeline.task.run.result": result },
          status: { code: "ERROR", message: result },
          events: [{ attributes: { "exception.type": result, "exception.message": result } }],
        },
        { attributes: { "cicd.pipeline.result": result }, status: { code: "ERROR", message: result } },
      ]);
      expect(spans[0]?.attributes).not.toHaveProperty("stage.error");
      expect(spans[0]?.events[0]?.attributes).not.toHaveProperty("exception.stacktrace");
    },
  );

  test("by a signal, names it", () => {
    const data = { exitCode: 137, signal: "SIGKILL", errorType: "SIGKILL" };
    const { spans } = spansOf([aRun.processFinished({ data })]);
    expect(spans).toMatchObject([
      {
        attributes: { "process.exit.code": 137, "error.type": "SIGKILL" },
        status: { code: "ERROR", message: "ended by SIGKILL" },
      },
    ]);
  });
});

test("a skipped stage is no span; a run that skipped everything is one that is OK", () => {
  const { spans, state } = spansOf([
    aRun.started(),
    aRun.stageFinished({ data: { result: "skip", attempts: 0 } }),
    aRun.finished({ data: { result: "skip" } }),
  ]);
  expect(spans).toMatchObject([
    { name: "workflow.release", status: { code: "OK" }, attributes: { "cicd.pipeline.result": "skip" } },
  ]);
  expect(spans[0]?.attributes).not.toHaveProperty("error.type");
  expect(state.open).toEqual({});
});

test("a run that goes on with another one is linked to it", () => {
  const resumes = { runId: "r0", traceId: "c".repeat(32), spanId: "d".repeat(16) };
  const { spans } = spansOf([aRun.started({ data: { resumes } }), aRun.finished()]);
  expect(spans[0]?.links).toEqual([{ traceId: resumes.traceId, spanId: resumes.spanId, attributes: {} }]);
});

test("what the sampler left out is no span, and never open", () => {
  const off = (fact: Fact): Fact => ({ ...fact, trace: { ...fact.trace, sampled: false } });
  const { spans, state } = spansOf(
    [aRun.started(), aRun.stageStarted(), aRun.gateChecked(), aRun.stageFinished(), aRun.finished()].map(off),
  );
  expect(spans).toEqual([]);
  expect(state).toEqual(emptySpanFold);
});

test("an end whose beginning is not known is a span all the same", () => {
  const { spans } = spansOf([aRun.processFinished(), aRun.stageFinished(), aRun.finished()]);
  expect(spans.map(({ name, startMs }) => [name, startMs - RUN_START])).toEqual([
    ["bash", 2000],
    ["stage.build", 1000],
    ["workflow.release", 0],
  ]);
});

test("a clock that was set back makes no negative duration", () => {
  const { spans } = spansOf([aRun.stageFinished({ ts: RUN_START - 5000 })]);
  expect(spans).toMatchObject([
    {
      startMs: RUN_START - 5000,
      endMs: RUN_START - 5000,
      attributes: { "stage.duration_seconds": 0 },
    },
  ]);
});

test("runs side by side keep their spans and gates apart", () => {
  const other = (fact: Fact): Fact => ({
    ...fact,
    scope: fact.scope.replace("r1", "r2"),
    trace: { ...fact.trace, spanId: `f${fact.trace.spanId.slice(1)}` },
    data: { ...fact.data, runId: "r2" },
  });
  const { spans } = spansOf([
    aRun.stageStarted(),
    other(aRun.stageStarted()),
    other(aRun.gateChecked({ data: { result: "failed" } })),
    aRun.stageFinished(),
    other(aRun.stageFinished()),
  ]);
  expect(
    spans.map(({ attributes, events }) => [attributes["cicd.pipeline.task.run.id"], events.length]),
  ).toEqual([
    ["r1/build", 0],
    ["r2/build", 1],
  ]);
});
