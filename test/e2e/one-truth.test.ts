import { afterAll, beforeAll, describe, test } from "vitest";
import type { RunJson } from "../../src/cli/run-shapes.ts";
import { type OtlpServer, startOtlpServer } from "../support/otlp-server.ts";
import type { ReceivedSpan } from "../support/otlp-spans.ts";
import { createSandbox, type RunResult, type Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import {
  defineWorkflow,
  documentOf,
  isThere,
  type Metrics,
  metricsOf,
  OFF,
  scripted,
  showRun,
} from "./workflow-project.ts";

type Result = NonNullable<RunJson["result"]>;

interface Case {
  /** Of its workflow, and what the stage in question does. */
  readonly name: string;
  readonly subject: Readonly<Record<string, unknown>>;
  readonly code: number;
  /** Of the run. */
  readonly result: Result;
  /** Of the stage in question; as the run's when left out. */
  readonly stage?: Result;
  /** Of its error. */
  readonly type?: string;
  /** Of its work, without the fallback. */
  readonly attempts: number;
  /** Exit codes of its processes, in order. */
  readonly processes: readonly number[];
  /** Whether the stage after it is done. */
  readonly goesOn?: boolean;
  /** Whether the run is told to stop once the stage has begun. */
  readonly isStopped?: boolean;
  /** Whether its workflow has no other stage. */
  readonly isAlone?: boolean;
}

const RETRY = { attempts: 3, delay: "1ms" };
const OK_ON_THIRD = 'echo x >> tries-$TTA_WORKFLOW; [ "$(wc -l < tries-$TTA_WORKFLOW)" -ge 3 ]';

/** It is told to end, and does so by itself: not before the run is being cancelled, however slow that is. */
const UNTIL_TOLD =
  'trap "told=1" TERM; : > begun-cancellation-between-gates; while [ -z "$told" ]; do sleep 0.05 || true; done';

const CASES: readonly Case[] = [
  {
    name: "success",
    subject: { run: "true", gates: [{ name: "fine", run: "true" }] },
    code: 0,
    result: "success",
    attempts: 1,
    processes: [0],
    goesOn: true,
  },
  {
    name: "stage-failure",
    subject: { run: "exit 7" },
    code: 1,
    result: "failure",
    type: "7",
    attempts: 1,
    processes: [7],
  },
  {
    name: "killed-by-signal",
    subject: { run: "kill -USR1 $$" },
    code: 1,
    result: "failure",
    type: "SIGUSR1",
    attempts: 1,
    processes: [138],
  },
  {
    name: "gate-failure",
    subject: {
      run: 'echo "coverage=79" >> "$TTA_OUTPUT"',
      gates: [
        { name: "coverage", value: { output: "coverage", min: 80 } },
        { name: "also-checked", run: "true" },
      ],
    },
    code: 1,
    result: "failure",
    type: "gate_failed",
    attempts: 1,
    processes: [0],
  },
  {
    name: "no-agent",
    subject: { agent: { prompt: "do it" } },
    code: 1,
    result: "error",
    type: "no_agent",
    attempts: 1,
    processes: [],
  },
  {
    name: "no-directory",
    subject: { run: "true", workingDirectory: "nowhere" },
    code: 1,
    result: "error",
    type: "ENOENT",
    attempts: 0,
    processes: [],
  },
  {
    name: "condition-not-runnable",
    // Longer than a variable of a process may be.
    subject: { run: "true", when: { run: "true" }, env: { LONG: "x".repeat(200_000) } },
    code: 1,
    result: "error",
    type: "environment-too-long",
    attempts: 0,
    processes: [],
  },
  {
    name: "missing-output",
    subject: { run: "true", outputs: ["version"] },
    code: 1,
    result: "failure",
    type: "missing_output",
    attempts: 1,
    processes: [0],
  },
  {
    name: "timeout",
    subject: { run: "exec sleep 30", timeout: "300ms" },
    code: 1,
    result: "timeout",
    type: "timeout",
    attempts: 1,
    processes: [143],
  },
  {
    name: "cancellation",
    subject: { run: ": > begun-cancellation; exec sleep 30" },
    code: 143,
    result: "cancellation",
    type: "cancelled",
    attempts: 1,
    processes: [143],
    isStopped: true,
  },
  {
    name: "cancellation-between-gates",
    subject: {
      run: "true",
      gates: [
        { name: "deaf", run: UNTIL_TOLD },
        { name: "never-checked", run: "false" },
      ],
    },
    code: 143,
    result: "cancellation",
    type: "cancelled",
    attempts: 1,
    processes: [0],
    isStopped: true,
  },
  {
    name: "skip",
    subject: { run: "exit 1", when: { run: "false" } },
    code: 0,
    result: "success",
    stage: "skip",
    attempts: 0,
    processes: [],
    goesOn: true,
  },
  {
    name: "nothing-to-do",
    subject: { run: "exit 1", when: { run: "false" } },
    code: 0,
    result: "skip",
    attempts: 0,
    processes: [],
    isAlone: true,
  },
  {
    name: "retry-then-pass",
    subject: { run: OK_ON_THIRD, retry: RETRY },
    code: 0,
    result: "success",
    attempts: 3,
    processes: [1, 1, 0],
    goesOn: true,
  },
  {
    name: "retries-in-vain",
    subject: { run: "exit 3", retry: { ...RETRY, attempts: 2, exitCodes: [3] } },
    code: 1,
    result: "failure",
    type: "3",
    attempts: 2,
    processes: [3, 3],
  },
  {
    name: "not-retried",
    subject: { run: "exit 4", retry: { ...RETRY, exitCodes: [3] } },
    code: 1,
    result: "failure",
    type: "4",
    attempts: 1,
    processes: [4],
  },
  {
    name: "fallback-passes",
    subject: { run: "exit 5", fallback: { run: "true" } },
    code: 0,
    result: "success",
    attempts: 1,
    processes: [5, 0],
    goesOn: true,
  },
  {
    name: "fallback-fails",
    subject: { run: "exit 5", retry: { ...RETRY, attempts: 2 }, fallback: { run: "exit 6" } },
    code: 1,
    result: "failure",
    type: "6",
    attempts: 2,
    processes: [5, 5, 6],
  },
];

const OTHERS = [
  scripted("dependent", "true", { persona: "testing-specialist" }),
  // It goes on when the subject is over, whose failure must not keep it from that.
  scripted("beside", "sleep 0.2", { needs: [] }),
  scripted("after_beside", "true", { needs: ["beside"] }),
];

let sandbox: Sandbox;
let otlp: OtlpServer;
let metrics: Metrics;
const results = new Map<string, RunResult>();

async function start({ name, subject, isStopped, isAlone = false }: Case): Promise<RunResult> {
  defineWorkflow(sandbox, {
    name,
    stages: [{ id: "subject", persona: "backend-engineer", ...subject }, ...(isAlone ? [] : OTHERS)],
  });
  const running = sandbox.spawn(["run", name, "--json"], { env: OFF });
  if (isStopped === true) {
    await waitFor(() => isThere(sandbox, `begun-${name}`), { what: `${name} to begin` });
    running.child.kill("SIGTERM");
  }
  return running.result;
}

/** All in one home, some at a time, so that runs side by side are told apart as well. */
beforeAll(async () => {
  sandbox = createSandbox();
  otlp = await startOtlpServer({ protocol: "http" });
  const open = [...CASES];
  const workers = Array.from({ length: 3 }, async () => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      results.set(next.name, await start(next));
    }
  });
  await Promise.all(workers);
  metrics = await metricsOf(sandbox);
  await sandbox.run(["flush", "--strict", "--timeout", "60s"], {
    env: { ...OFF, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url },
  });
});

afterAll(async () => {
  await sandbox.dispose();
  await otlp.close();
});

describe.each(CASES)("$name", (wanted) => {
  const { name, code, result, type, attempts, processes, goesOn = false } = wanted;
  const { isStopped = false, isAlone = false } = wanted;
  const stage = wanted.stage ?? result;
  const document = () => documentOf(results.get(name) ?? { stdout: "" });
  const spansOfRun = () => otlp.spans().filter(({ traceId }) => traceId === document().traceId);
  const isGood = (one: Result) => one === "success" || one === "skip";
  const statusOf = (one: Result) => (isGood(one) ? "OK" : "ERROR");

  test("exit code and document", ({ expect }) => {
    expect(results.get(name)).toMatchObject({ code, stderr: "" });
    const { stages, ...run } = document();
    expect(run).toMatchObject({ workflow: name, result, dryRun: false });
    const [subject, dependent, beside, afterBeside] = stages;
    expect(subject).toMatchObject({ result: stage, attempts });
    expect(subject?.error?.type).toBe(type);
    if (isAlone) return;
    expect(dependent?.result).toBe(goesOn ? "success" : "skip");
    if (isStopped) return;
    expect(beside?.result).toBe("success");
    expect(afterBeside?.result).toBe("success");
  });

  test("runs show", async ({ expect }) => {
    const shown = await showRun(sandbox, document().runId ?? "");
    expect(shown).toMatchObject({ state: result, traceId: document().traceId });
    expect(
      shown.stages.map(({ id, state, gates, outputs, error }) => ({ id, state, gates, outputs, error })),
    ).toEqual(
      document().stages.map((one) => {
        const { id, gates, outputs, error } = one;
        return { id, state: one.result, gates, outputs, error };
      }),
    );
    expect(shown.stages[0]?.attempts.map(({ exitCode }) => exitCode)).toEqual(processes);
    expect(shown.stages[0]?.attempts.map(({ attempt }) => attempt)).toEqual(processes.map((_, at) => at + 1));
  });

  test("spans", ({ expect }) => {
    const run = spansOfRun().find(({ kind }) => kind === "SERVER");
    expect(run).toMatchObject({
      name: `workflow.${name}`,
      status: { code: statusOf(result) },
      attributes: { "cicd.pipeline.result": result, "workflow.run_id": document().runId },
    });
    const executed = document().stages.filter((one) => one.result !== "skip");
    const stages = spansOfRun().filter((span) => span.name.startsWith("stage."));
    expect(stages.map((span) => span.name).sort()).toEqual(executed.map(({ id }) => `stage.${id}`).sort());
    for (const one of executed) {
      const span = stages.find((other) => other.name === `stage.${one.id}`);
      expect(span).toMatchObject({
        parentSpanId: run?.spanId,
        status: { code: statusOf(one.result ?? "error") },
        attributes: {
          "stage.success": one.result === "success",
          "cicd.pipeline.task.run.result": one.result,
          ...(one.error === null ? {} : { "stage.error": one.error.message }),
        },
      });
      const exceptions = span?.events.filter((event) => event.name === "exception") ?? [];
      expect(exceptions.map(({ attributes }) => attributes["exception.type"])).toEqual(
        one.error === null ? [] : [one.error.type],
      );
      expect(span?.events.filter((event) => event.name === "quality_gate")).toHaveLength(one.gates.length);
    }
    const subject = stages.find((span) => span.name === "stage.subject");
    const own = spansOfRun()
      .filter((span) => span.kind === "CLIENT" && span.parentSpanId === subject?.spanId)
      .sort((a, b) => a.startMs - b.startMs);
    const codeOf = (span: ReceivedSpan) => span.attributes["process.exit.code"];
    expect(subject === undefined ? [] : own.map(codeOf)).toEqual(processes);
    expect(own.map(({ status }) => status.code)).toEqual(
      subject === undefined ? [] : processes.map((exit) => (exit === 0 ? "OK" : "ERROR")),
    );
  });

  test("metrics", ({ expect }) => {
    const { value } = metrics;
    for (const other of ["success", "failure", "error", "timeout", "cancellation", "skip"]) {
      const labels = { workflow: name, result: other };
      expect(value("hypertool_workflow_runs_total", labels), other).toBe(other === result ? 1 : 0);
      const last = value("hypertool_workflow_last_run_timestamp_seconds", labels);
      expect(last === undefined, other).toBe(other !== result);
    }
    expect(value("hypertool_workflow_run_duration_seconds_count", { workflow: name })).toBe(1);
    for (const one of document().stages) {
      const labels = { workflow: name, stage: one.id };
      const gate = (verdict: string) =>
        value("hypertool_workflow_quality_gate_total", { ...labels, result: verdict });
      expect(gate("passed"), one.id).toBe(one.result === "success" ? 1 : 0);
      const isFailed = ["failure", "error", "timeout"].includes(one.result ?? "");
      expect(gate("failed"), one.id).toBe(isFailed ? 1 : 0);
      const counted = value("hypertool_workflow_stage_duration_seconds_count", labels);
      expect(counted, one.id).toBe(one.result === "skip" ? 0 : 1);
      const retries = value("hypertool_workflow_stage_retries_total", labels);
      expect(retries, one.id).toBe(Math.max(0, one.attempts - 1));
    }
  });
});

test("every gate is told, also those after one that failed, and none that was not checked", ({ expect }) => {
  const gatesOf = (name: string) =>
    documentOf(results.get(name) ?? { stdout: "" }).stages[0]?.gates.map(({ gate, result, detail }) => ({
      gate,
      result,
      detail,
    }));
  expect(gatesOf("gate-failure")).toEqual([
    { gate: "coverage", result: "failed", detail: "79 < 80" },
    { gate: "also-checked", result: "passed", detail: "exit code 0" },
  ]);
  expect(gatesOf("cancellation-between-gates")).toMatchObject([{ gate: "deaf" }]);
});
