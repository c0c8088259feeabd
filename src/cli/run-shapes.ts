import * as z from "zod";
import { document, seconds, time } from "./json-document.ts";

/** The documents of `run` and `runs`. */

const runResult = z.enum(["success", "failure", "error", "timeout", "cancellation", "skip"]);

const gateResult = z.object({
  gate: z.string(),
  kind: z.enum(["run", "value", "promql", "score"]),
  result: z.enum(["passed", "failed"]),
  detail: z.string().describe("what was measured against what"),
  score: z.number().nullable().describe("what a judge gave, from 0 to 1; null for other gates"),
});

const workError = z
  .object({ type: z.string().describe("OpenTelemetry's `error.type`"), message: z.string() })
  .nullable();

const runShape = document("run", {
  runId: z.string().nullable().describe("null for a dry run"),
  workflow: z.string(),
  result: runResult.nullable().describe("null for a dry run"),
  dryRun: z.boolean(),
  resumes: z.string().nullable().describe("the run that this one went on with"),
  traceId: z.string().nullable(),
  durationSeconds: seconds,
  stages: z.array(
    z.object({
      id: z.string(),
      persona: z.string(),
      chatmode: z.string(),
      needs: z.array(z.string()),
      result: runResult.nullable().describe("null for a dry run"),
      reused: z.boolean().describe("done in a run before, and not repeated"),
      attempts: z.int(),
      durationSeconds: seconds,
      outputs: z.array(z.string()).describe("keys that it handed on"),
      gates: z.array(gateResult),
      error: workError.describe("why it did not succeed"),
    }),
  ),
});

const runState = z.enum([...runResult.options, "running", "interrupted"]);

const runsListShape = document("runs-list", {
  runs: z
    .array(
      z.object({
        runId: z.string(),
        workflow: z.string(),
        state: runState,
        startedAt: time,
        durationSeconds: seconds.nullable().describe("null while it is running or was interrupted"),
        resumes: z.string().nullable(),
        resumedBy: z.string().nullable(),
      }),
    )
    .describe("the newest first"),
});

const runsShowShape = document("runs-show", {
  runId: z.string(),
  workflow: z.string(),
  state: runState,
  startedAt: time,
  durationSeconds: seconds.nullable(),
  resumes: z.string().nullable(),
  resumedBy: z.string().nullable(),
  traceId: z.string(),
  stages: z.array(
    z.object({
      id: z.string(),
      persona: z.string(),
      chatmode: z.string(),
      needs: z.array(z.string()),
      reused: z.boolean(),
      state: z.enum([...runResult.options, "waiting", "running", "interrupted"]),
      startedAt: time.nullable(),
      durationSeconds: seconds.nullable(),
      attempts: z.array(
        z.object({
          attempt: z.int(),
          executable: z.string(),
          pid: z.int(),
          startedAt: time,
          durationSeconds: seconds.nullable(),
          exitCode: z.int().nullable(),
        }),
      ),
      gates: z.array(gateResult),
      outputs: z.array(z.string()),
      error: workError,
    }),
  ),
});

const runsLogsShape = document("runs-logs", {
  runId: z.string(),
  logs: z.array(
    z.object({
      stage: z.string(),
      files: z.array(z.string()).describe("its own and its gates'; empty when it has none, or none any more"),
    }),
  ),
});

export type RunJson = z.infer<typeof runShape>;
export type RunsListJson = z.infer<typeof runsListShape>;
export type RunsShowJson = z.infer<typeof runsShowShape>;
export type RunsLogsJson = z.infer<typeof runsLogsShape>;
