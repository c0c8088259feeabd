import type { Fact } from "../../src/journal/fact.ts";
import type {
  GateChecked,
  ProcessFinished,
  ProcessStarted,
  RunFinished,
  RunStarted,
  StageFinished,
  StageStarted,
} from "../../src/projection/run-facts.ts";
import { aFact } from "../journal/a-fact.ts";

export const RUN_START = 1_750_000_000_000;
export const TRACE_ID = "a".repeat(32);

const hex = (text: string) => Buffer.from(text).toString("hex").padEnd(16, "0").slice(0, 16);

/** Span ids by what they are of, and the identities that a run's facts have. */
export const spanIdOf = (what: string) => hex(what);
const trace = (what: string, parent?: string): Fact["trace"] => ({
  traceId: TRACE_ID,
  spanId: spanIdOf(what),
  ...(parent === undefined ? {} : { parentSpanId: spanIdOf(parent) }),
  sampled: true,
});

type Overrides<Data> = { readonly data?: Partial<Data> } & Partial<Omit<Fact, "data">>;

/** The facts of run `r1` of `release`: stages `build` (architect) and `test` (testing-specialist). */
export const aRun = {
  started: ({ data, ...rest }: Overrides<RunStarted> = {}) =>
    aFact({
      type: "run.started",
      scope: "run:r1",
      trace: trace("r1"),
      ts: RUN_START,
      data: {
        runId: "r1",
        workflow: "release",
        startedAt: RUN_START,
        stages: [
          { id: "build", persona: "architect", chatmode: "release", needs: [], gates: [] },
          {
            id: "test",
            persona: "testing-specialist",
            chatmode: "release",
            needs: ["build"],
            gates: ["lint"],
          },
        ],
        ...data,
      },
      ...rest,
    }),
  finished: ({ data, ...rest }: Overrides<RunFinished> = {}) =>
    aFact({
      type: "run.finished",
      scope: "run:r1",
      trace: trace("r1"),
      ts: RUN_START + 90_000,
      data: { runId: "r1", workflow: "release", result: "success", startedAt: RUN_START, ...data },
      ...rest,
    }),
  stageStarted: ({ data, ...rest }: Overrides<StageStarted> = {}) =>
    aFact({
      type: "stage.started",
      scope: "run:r1/build",
      trace: trace("build", "r1"),
      ts: RUN_START + 1000,
      data: { ...stage, startedAt: RUN_START + 1000, ...data },
      ...rest,
    }),
  stageFinished: ({ data, ...rest }: Overrides<StageFinished> = {}) =>
    aFact({
      type: "stage.finished",
      scope: "run:r1/build",
      trace: trace("build", "r1"),
      ts: RUN_START + 31_000,
      data: {
        ...stage,
        startedAt: RUN_START + 1000,
        result: "success",
        attempts: 1,
        outputs: ["version"],
        ...data,
      },
      ...rest,
    }),
  processStarted: ({ data, ...rest }: Overrides<ProcessStarted> = {}) =>
    aFact({
      type: "process.started",
      scope: "run:r1/build",
      trace: trace("process", "build"),
      ts: RUN_START + 2000,
      data: { ...process, ...data },
      ...rest,
    }),
  processFinished: ({ data, ...rest }: Overrides<ProcessFinished> = {}) =>
    aFact({
      type: "process.finished",
      scope: "run:r1/build",
      trace: trace("process", "build"),
      ts: RUN_START + 30_000,
      data: { ...process, exitCode: 0, ...data },
      ...rest,
    }),
  gateChecked: ({ data, ...rest }: Overrides<GateChecked> = {}) =>
    aFact({
      type: "gate.checked",
      scope: "run:r1/build",
      trace: trace("build", "r1"),
      ts: RUN_START + 30_500,
      data: {
        runId: "r1",
        workflow: "release",
        stage: "build",
        gate: "coverage",
        kind: "value",
        result: "passed",
        detail: "91 >= 80",
        startedAt: RUN_START + 30_100,
        ...data,
      },
      ...rest,
    }),
};

const stage = {
  runId: "r1",
  workflow: "release",
  stage: "build",
  persona: "architect",
  chatmode: "release",
};

const process = {
  executable: "bash",
  pid: 4711,
  startedAt: RUN_START + 2000,
  stage: { runId: "r1", workflow: "release", stage: "build", attempt: 1 },
};
