import { type TestContext, test } from "vitest";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { createSandbox, type Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { defineWorkflow, OFF, scripted, showRun, touch } from "./workflow-project.ts";

const RUNS = "hypertool_workflow_runs_total";
const GATES = "hypertool_workflow_quality_gate_total";

async function begin(context: TestContext, run: string) {
  const sandbox: Sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const gateway = await startFakePushgateway();
  context.onTestFinished(() => gateway.close());
  const otlp = await startOtlpServer({ protocol: "http" });
  context.onTestFinished(() => otlp.close());
  defineWorkflow(sandbox, {
    name: "demo",
    stages: [scripted("first", run), scripted("second", "true", { persona: "testing-specialist" })],
  });
  const env = { CI: "true", PUSHGATEWAY_URL: gateway.url, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
  return { sandbox, gateway, otlp, env };
}

test("in CI the zeros are shown before the first stage is over, and the totals at the end", async (context) => {
  const { expect } = context;
  const { sandbox, gateway, otlp, env } = await begin(context, "until [ -e go ]; do sleep 0.02; done");
  const running = sandbox.spawn(["run", "demo"], { env });
  const zeros = [
    ...["success", "failure", "error", "timeout", "cancellation", "skip"].map(
      (result) => [RUNS, { result }] as const,
    ),
    ...["first", "second"].flatMap((stage) => [
      [GATES, { stage, result: "passed" }] as const,
      [GATES, { stage, result: "failed" }] as const,
      ["hypertool_workflow_stage_retries_total", { stage }] as const,
      ["hypertool_workflow_stage_duration_seconds_count", { stage }] as const,
    ]),
    ["hypertool_workflow_run_duration_seconds_count", {}] as const,
  ].map(([name, labels]) => ({ name, labels: { workflow: "demo", ...labels } }));
  const values = () => zeros.map(({ name, labels }) => gateway.value(name, labels));
  await waitFor(() => values().every((value) => value === 0), { what: "the zeros" });
  touch(sandbox, "go");
  expect(await running.result).toMatchObject({ code: 0, stderr: "" });

  expect(gateway.value(RUNS, { workflow: "demo", result: "success" })).toBe(1);
  expect(gateway.value(RUNS, { workflow: "demo" })).toBe(1);
  for (const stage of ["first", "second"]) {
    expect(gateway.value(GATES, { stage, result: "passed" })).toBe(1);
    expect(gateway.value(GATES, { stage, result: "failed" })).toBe(0);
  }
  expect(gateway.groups()).toHaveLength(1);
  expect(gateway.decreases()).toEqual([]);
  const names = otlp.spans().map(({ name }) => name);
  expect(names.filter((name) => name !== "persona_switch").sort()).toEqual([
    "bash",
    "bash",
    "stage.first",
    "stage.second",
    "workflow.demo",
  ]);
  expect(otlp.duplicateSpanIds()).toEqual([]);
  await waitFor(() => sandbox.processes().length === 0, { what: "its deliverer to end with it" });
});

test("sinks that all hang cost a run no more than the deadline, and nothing else", async (context) => {
  const { expect } = context;
  const { sandbox, gateway, otlp, env } = await begin(context, "sleep 0.2");
  const alone = await sandbox.run(["run", "demo"], { env: { ...OFF, CI: "true" } });
  await gateway.behave("hang");
  await otlp.behave("hang");
  const deadlineMs = 3000;
  const hung = await sandbox.run(["run", "demo"], {
    env: { ...env, TTA_PERSONA_DELIVERY_TIMEOUT: `${deadlineMs}ms` },
  });
  expect(hung.code).toBe(0);
  expect(hung.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(gateway.requests().length + otlp.requests().length).toBeGreaterThan(0);
  // The last term is for a machine that is busy with other tests.
  expect(hung.durationMs).toBeLessThan(alone.durationMs + deadlineMs + 60_000);

  // A CI job has no use for a process that waits for an answer.
  await waitFor(() => sandbox.processes().length === 0, { what: "its deliverer to end" });
  // Nothing was lost.
  await gateway.behave("ok");
  await otlp.behave("ok");
  const flushed = await sandbox.run(["flush", "--strict", "--timeout", "60s"], { env });
  expect(flushed).toMatchObject({ code: 0, stderr: "" });
  expect(gateway.value(RUNS, { result: "success" })).toBe(2);
  expect(otlp.spans().filter(({ name }) => name === "workflow.demo")).toHaveLength(2);
});

test("a signal that comes when the work is over changes nothing about how it went", async (context) => {
  const { expect } = context;
  const { sandbox, gateway, otlp, env } = await begin(context, "true");
  await gateway.behave("hang");
  await otlp.behave("hang");
  const running = sandbox.spawn(["run", "demo"], {
    env: { ...env, TTA_PERSONA_DELIVERY_TIMEOUT: "3s" },
  });
  await waitFor(() => running.stdout().includes("✓ demo done"), { what: "the work to be over" });
  running.child.kill("SIGTERM");
  expect(await running.result).toMatchObject({ code: 0, signal: null });
  expect((await showRun(sandbox)).state).toBe("success");
});

test("a failure is told after what could not be delivered, so that it is read last", async (context) => {
  const { expect } = context;
  const { sandbox, gateway, env } = await begin(context, "false");
  await gateway.behave("hang");
  const failed = await sandbox.runTty(["run", "demo"], {
    env: { ...env, TTA_PERSONA_DELIVERY_TIMEOUT: "2s" },
  });
  expect(failed.code).toBe(1);
  expect(failed.stdout).toMatch(/not delivered yet: [\s\S]*demo\S* failed [\s\S]* --resume/);
});
