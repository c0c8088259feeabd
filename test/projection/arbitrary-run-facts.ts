import fc from "fast-check";
import { RUN_RESULTS } from "../../src/projection/run-facts.ts";

const HOUR_MS = 3_600_000;
const STARTED_AT = 1_750_000_000_000;

const runId = fc.constantFrom("r1", "r2", "r3");
const stage = fc.constantFrom("build", "test", "ship");
const startedAt = fc.integer({ min: STARTED_AT - HOUR_MS, max: STARTED_AT + HOUR_MS });
const result = fc.constantFrom(...RUN_RESULTS);
const workflow = fc.constantFrom("package-release", "bug-fix");
const personas = { persona: fc.constantFrom("architect", "backend-engineer"), chatmode: workflow };

const plannedStage = (id: string) =>
  fc.record(
    {
      id: fc.constant(id),
      ...personas,
      needs: fc.subarray(["build"]),
      gates: fc.subarray(["lint"]),
      reused: fc.boolean(),
    },
    { requiredKeys: ["id", "persona", "chatmode", "needs", "gates"] },
  );

const ids = { traceId: fc.constant("a".repeat(32)), spanId: fc.constant("b".repeat(16)) };
const aStage = { runId, workflow, stage, startedAt };
const aProcess = {
  executable: fc.constantFrom("bash", "claude"),
  pid: fc.integer({ min: 1, max: 3 }),
  startedAt: fc.constantFrom(STARTED_AT, STARTED_AT + 1),
  stage: fc.record({ runId, workflow, stage, attempt: fc.integer({ min: 1, max: 3 }) }),
};

const fact = <Data>(type: string, data: fc.Arbitrary<Data>) => fc.record({ type: fc.constant(type), data });

/** Type and data of every fact of a run, in no order that makes sense. */
export const arbitraryRunBody = fc.oneof(
  fact(
    "run.started",
    fc.record(
      {
        runId,
        workflow,
        stages: fc.tuple(plannedStage("build"), plannedStage("test")),
        startedAt,
        resumes: fc.record({ runId, ...ids }),
      },
      { requiredKeys: ["runId", "workflow", "stages", "startedAt"] },
    ),
  ),
  fact("run.finished", fc.record({ runId, workflow, result, startedAt })),
  fact("stage.started", fc.record({ ...aStage, ...personas })),
  fact(
    "stage.finished",
    fc.record(
      {
        ...aStage,
        ...personas,
        result,
        attempts: fc.nat({ max: 4 }),
        outputs: fc.subarray(["version"]),
        error: fc.record({ type: fc.constant("exit_1"), message: fc.constant("said no") }),
        stderrTail: fc.subarray(["one", "two"]),
      },
      {
        requiredKeys: ["runId", "workflow", "stage", "startedAt", "persona", "result", "attempts", "outputs"],
      },
    ),
  ),
  fact("process.started", fc.record(aProcess, { requiredKeys: ["executable", "pid", "startedAt"] })),
  fact(
    "process.finished",
    fc.record(
      { ...aProcess, exitCode: fc.constantFrom(0, 1, 137) },
      { requiredKeys: ["executable", "pid", "startedAt", "exitCode"] },
    ),
  ),
  fact(
    "gate.checked",
    fc.record({
      ...aStage,
      gate: fc.constant("lint"),
      kind: fc.constantFrom("run", "value", "promql"),
      result: fc.constantFrom("passed", "failed"),
      detail: fc.constantFrom("", "80 < 90"),
    }),
  ),
);
