import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "vitest";
import { startFaultyServer } from "../support/faulty-server.ts";
import { createSandbox } from "../support/run-binary.ts";
import { defineWorkflow, documentOf, linesOf, OFF, scripted } from "./workflow-project.ts";

const SECRET = "correct-horse-battery-staple";
const record = 'echo "$TTA_STAGE" >> effects';

const WORKFLOW = {
  name: "shuffled",
  parameters: { secret: { type: "string", required: true } },
  // Not in the order of the work.
  stages: [
    scripted("last", record, { needs: ["left", "right"], fallback: { run: record } }),
    scripted("right", record, { needs: ["first"], when: { parameter: "secret", not: "none" } }),
    scripted("left", record, { needs: ["first"], gates: [{ name: "touched", run: "echo gate >> effects" }] }),
    scripted("first", record, { needs: [], outputs: [], retry: { attempts: 2 } }),
    {
      id: "asked",
      persona: "testing-specialist",
      needs: [],
      manual: { checklist: ["look at it"] },
    },
  ],
};

test("a dry run touches nothing, reaches nobody, and names the stages as they will be done", async (context) => {
  const { expect } = context;
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  const backend = await startFaultyServer();
  context.onTestFinished(() => backend.close());
  defineWorkflow(sandbox, WORKFLOW);
  const root = dirname(sandbox.home);
  const files = () => readdirSync(root, { recursive: true }).sort();
  const before = files();
  const sinks = { PUSHGATEWAY_URL: backend.url, OTEL_EXPORTER_OTLP_ENDPOINT: backend.url };
  const args = ["run", "shuffled", "--secret", SECRET, "--max-parallel", "1"];
  const order = ["first", "right", "left", "last", "asked"];
  for (const env of [
    sinks,
    { ...sinks, CI: "true", GITHUB_STEP_SUMMARY: join(sandbox.project, "summary") },
  ]) {
    const text = await sandbox.run([...args, "--dry-run"], { env });
    expect(text).toMatchObject({ code: 0, stderr: "" });
    const json = await sandbox.run([...args, "--dry-run", "--json"], { env });
    expect(documentOf(json)).toMatchObject({ dryRun: true, runId: null, result: null, traceId: null });
    expect(documentOf(json).stages.map(({ id }) => id)).toEqual(order);
    const named = text.stdout
      .split("\n")
      .flatMap((line) => /^([a-z]+) {2}[a-z-]+ \[shuffled\]/.exec(line)?.[1] ?? []);
    expect(named).toEqual(order);
    expect(text.stdout + json.stdout).not.toContain(SECRET);
  }
  expect(files()).toEqual(before);
  expect(backend.connectionCount()).toBe(0);
  expect(sandbox.processes()).toEqual([]);

  const real = await sandbox.run([...args, "--yes"], { env: OFF });
  expect(real).toMatchObject({ code: 0, stderr: "" });
  expect(linesOf(sandbox, "effects").filter((line) => line !== "gate")).toEqual(order.slice(0, 4));
  const told = real.stdout.split("\n").flatMap((line) => /^✓ ([a-z]+) /.exec(line)?.[1] ?? []);
  expect(told.slice(0, 5)).toEqual(order);
});

test("a dry run refuses what the run would refuse", async (context) => {
  const { expect } = context;
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  defineWorkflow(sandbox, WORKFLOW);
  defineWorkflow(sandbox, { name: "nobody", stages: [scripted("one", record, { persona: "no-one" })] });
  const wrong = [
    ["run", "shuffled", "--dry-run"],
    ["run", "shuffled", "--secret", "x", "--from", "nowhere", "--dry-run"],
    ["run", "shuffled", "--secret", "x", "--max-parallel", "0", "--dry-run"],
    ["run", "shuffled", "--resume", "--dry-run"],
    ["run", "nobody", "--dry-run"],
  ];
  for (const args of wrong) {
    const result = await sandbox.run(args, { env: OFF });
    expect(result, args.join(" ")).toMatchObject({ code: 2, stdout: "" });
  }
});
