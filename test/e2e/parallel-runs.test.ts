import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import { resolveHome } from "../../src/core/home.ts";
import { openSession } from "../../src/projection/session-store.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { createSandbox, type RunResult, type Sandbox } from "../support/run-binary.ts";
import { PERSONAS } from "./delivery-home.ts";
import { defineWorkflow, documentOf, linesOf, metricsOf, OFF, scripted } from "./workflow-project.ts";

const RUNS = 5;
const STAGES = Array.from({ length: 20 }, (_, index) => ({
  id: `stage_${index}`,
  persona: PERSONAS[index % PERSONAS.length] ?? "",
  chatmode: index % 2 === 0 ? "wide" : `mode-${index}`,
}));

const TELL = 'echo "$TTA_RUN_ID $TTA_STAGE $TTA_PERSONA $TTA_CHATMODE $TRACEPARENT" >> told';

function begin(context: TestContext): Sandbox {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  return sandbox;
}

/** All but how long it has been so. */
function sessionIn({ stdout }: RunResult): object {
  const { durationSeconds: _, ...session } = JSON.parse(stdout);
  return session;
}

test("20 stages at once in each of 5 runs at once: each has its own persona, span and metrics", async (context) => {
  const { expect } = context;
  const sandbox = begin(context);
  const otlp = await startOtlpServer({ protocol: "http" });
  context.onTestFinished(() => otlp.close());
  defineWorkflow(sandbox, {
    name: "wide",
    stages: STAGES.map(({ id, persona, chatmode }) =>
      scripted(id, TELL, { persona, needs: [], ...(chatmode === "wide" ? {} : { chatmode }) }),
    ),
  });
  const quietly = { env: OFF };
  await sandbox.run(["switch", "data-scientist", "--chatmode", "mine"], quietly);
  await sandbox.run(["switch", "devops-engineer", "--chatmode", "mine"], quietly);
  const before = {
    current: await sandbox.run(["current", "--json"], quietly),
    history: await sandbox.run(["history", "--json"], quietly),
  };

  const runs = await Promise.all(
    Array.from({ length: RUNS }, () =>
      sandbox.run(["run", "wide", "--json", "--max-parallel", "20"], { env: OFF }),
    ),
  );
  for (const run of runs) expect(run).toMatchObject({ code: 0, stderr: "" });
  const documents = runs.map((run) => documentOf(run));
  expect(new Set(documents.map(({ runId }) => runId)).size).toBe(RUNS);

  const told = linesOf(sandbox, "told").map((line) => line.split(" "));
  const wanted = documents.flatMap(({ runId }) =>
    STAGES.map(({ id, persona, chatmode }) => [runId, id, persona, chatmode]),
  );
  expect(told.map((words) => words.slice(0, 4)).sort()).toEqual(wanted.sort());

  // The terminal's own session is as it was, and of the others nothing is left.
  const current = await sandbox.run(["current", "--json"], quietly);
  expect(sessionIn(current)).toEqual(sessionIn(before.current));
  expect((await sandbox.run(["history", "--json"], quietly)).stdout).toBe(before.history.stdout);
  const home = resolveHome(sandbox.env, "linux");
  if (!home.ok) throw new Error(home.error.message);
  const reader = openSession(home.value);
  reader.keep();
  expect(JSON.stringify(reader.state)).not.toContain("run:");
  expect(readFileSync(join(sandbox.home, "state", "session"), "utf8")).not.toContain("run:");

  const { value } = await metricsOf(sandbox);
  for (const { id, persona, chatmode } of STAGES) {
    const stage = { workflow: "wide", stage: id };
    expect(value("hypertool_workflow_quality_gate_total", { ...stage, result: "passed" })).toBe(RUNS);
    expect(value("hypertool_workflow_quality_gate_total", { ...stage, result: "failed" })).toBe(0);
    expect(value("hypertool_workflow_stage_duration_seconds_count", { ...stage, persona })).toBe(RUNS);
    const stagesLike = STAGES.filter((other) => other.persona === persona && other.chatmode === chatmode);
    const switches = { from_persona: "none", to_persona: persona, chatmode };
    expect(value("hypertool_persona_switches_total", switches)).toBe(RUNS * stagesLike.length);
    const sessions = value("hypertool_persona_duration_seconds_count", { persona, chatmode });
    expect(sessions).toBe(RUNS * stagesLike.length);
  }
  expect(value("hypertool_workflow_runs_total", { workflow: "wide", result: "success" })).toBe(RUNS);
  expect(value("hypertool_persona_switches_total")).toBe(RUNS * STAGES.length + 2);

  const env = { ...OFF, OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
  expect(await sandbox.run(["flush", "--strict", "--timeout", "60s"], { env })).toMatchObject({ code: 0 });
  const spans = new Map(otlp.spans().map((span) => [span.spanId, span]));
  for (const [runId, stage, persona, , traceparent = ""] of told) {
    const [, traceId, spanId = ""] = traceparent.split("-");
    const own = spans.get(spanId);
    const parent = spans.get(own?.parentSpanId ?? "");
    const run = spans.get(parent?.parentSpanId ?? "");
    expect(own).toMatchObject({ traceId, kind: "CLIENT", name: "bash" });
    expect(parent).toMatchObject({
      traceId,
      name: `stage.${stage}`,
      attributes: { "stage.persona": persona, "cicd.pipeline.task.run.id": `${runId}/${stage}` },
    });
    expect(run).toMatchObject({ traceId, name: "workflow.wide", attributes: { "workflow.run_id": runId } });
    expect(run?.parentSpanId).toBeUndefined();
  }
  expect(otlp.duplicateSpanIds()).toEqual([]);
});

test.for([1, 3])(
  "no more than --max-parallel %i stages run at once, and as many as that",
  async (limit, context) => {
    const { expect } = context;
    const sandbox = begin(context);
    // The first ones wait for one another, so that there are as many as may be.
    const meet = `until [ "$(grep -c + busy)" -ge ${limit} ]; do sleep 0.02; done`;
    defineWorkflow(sandbox, {
      name: "narrow",
      stages: STAGES.slice(0, 7).map(({ id }) =>
        scripted(id, `echo + >> busy; ${meet}; sleep 0.1; echo - >> busy`, { needs: [] }),
      ),
    });
    const args = ["run", "narrow", "--max-parallel", String(limit)];
    expect(await sandbox.run(args, { env: OFF })).toMatchObject({ code: 0 });
    let busy = 0;
    let most = 0;
    for (const line of linesOf(sandbox, "busy")) {
      busy += line === "+" ? 1 : -1;
      most = Math.max(most, busy);
    }
    expect(most).toBe(limit);
  },
);

test.for(["0", "-1", "many", "1.5"])("--max-parallel=%s is refused", async (value, context) => {
  const sandbox = begin(context);
  defineWorkflow(sandbox, { name: "narrow", stages: [scripted("one", "echo x >> effects")] });
  const result = await sandbox.run(["run", "narrow", `--max-parallel=${value}`], { env: OFF });
  context.expect(result).toMatchObject({ code: 2, stdout: "" });
  context.expect(linesOf(sandbox, "effects")).toEqual([]);
});
