import { describe, type TestContext, test } from "vitest";
import type { RunJson } from "../../src/cli/run-shapes.ts";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { realServersAvailable, startPrometheus, startPushgateway } from "../support/real-servers.ts";
import { createSandbox, type RunResult, type Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { type Answer, startFakePrometheus } from "../workflow/fake-prometheus.ts";
import { defineWorkflow, documentOf, isThere, OFF, scripted } from "./workflow-project.ts";

type Gate = Readonly<Record<string, unknown>>;

function begin(context: TestContext, run: string, gates: readonly Gate[]): Sandbox {
  const sandbox = createSandbox();
  context.onTestFinished(() => sandbox.dispose());
  defineWorkflow(sandbox, {
    name: "gated",
    parameters: { prometheus: { type: "string" } },
    stages: [scripted("checked", run, { gates }), scripted("behind", ": > behind")],
  });
  return sandbox;
}

function runGated(sandbox: Sandbox, ...args: readonly string[]): Promise<RunResult> {
  return sandbox.run(["run", "gated", "--json", ...args], { env: OFF });
}

const gatesOf = (result: RunResult): RunJson["stages"][number]["gates"] =>
  documentOf(result).stages[0]?.gates ?? [];

test("each kind of gate looks at what the stage has left, and all are told", async (context) => {
  const { expect } = context;
  const run = [
    'mkdir -p coverage; echo \'{"total":{"lines":{"pct":81.5}}}\' > coverage/summary.json',
    "echo 'size: 12 kB' > report.txt",
    'echo "12 passed, 0 failed"; echo "verdict=ship it" >> "$TTA_OUTPUT"',
  ].join("\n");
  const passing: readonly Gate[] = [
    { name: "script", run: '[ "$TTA_STAGE" = checked ] && [ -e report.txt ]' },
    { name: "json", value: { json: "coverage/summary.json", path: "total.lines.pct", min: 80 } },
    { name: "file", value: { file: "report.txt", pattern: "size: (\\d+) kB", max: 12 } },
    { name: "log", value: { log: true, pattern: "(\\d+) failed", equals: 0 } },
    { name: "output", value: { output: "verdict", equals: "ship it" } },
    { name: "absent", value: { json: "nowhere.json", path: "a", min: 1, optional: true } },
  ];
  const sandbox = begin(context, run, passing);
  const passed = await runGated(sandbox);
  expect(passed).toMatchObject({ code: 0, stderr: "" });
  expect(gatesOf(passed).map(({ gate, kind, result, detail }) => [gate, kind, result, detail])).toEqual([
    ["script", "run", "passed", "exit code 0"],
    ["json", "value", "passed", "81.5 ≥ 80"],
    ["file", "value", "passed", "12 ≤ 12"],
    ["log", "value", "passed", "the value is 0"],
    ["output", "value", "passed", "the value is ship it"],
    ["absent", "value", "passed", "nowhere.json cannot be read (ENOENT); nothing to check"],
  ]);
});

test("one gate that fails is enough, and the others are checked all the same", async (context) => {
  const { expect } = context;
  const sandbox = begin(context, "echo nothing", [
    { name: "script", run: "exit 9" },
    { name: "late", run: "exec sleep 20", timeout: "100ms" },
    { name: "absent", value: { json: "nowhere.json", path: "a", min: 1 } },
    { name: "fine", run: "true" },
  ]);
  const failed = await runGated(sandbox);
  expect(failed.code).toBe(1);
  expect(gatesOf(failed).map(({ result, detail }) => [result, detail])).toEqual([
    ["failed", "exit code 9"],
    ["failed", "not over after 0.1 s"],
    ["failed", "nowhere.json cannot be read (ENOENT)"],
    ["passed", "exit code 0"],
  ]);
  expect(documentOf(failed).stages[0]?.error).toEqual({
    type: "gate_failed",
    message: "gate script: exit code 9",
  });
  expect(isThere(sandbox, "behind")).toBe(false);
});

describe("a promql gate", () => {
  const recovered = { query: "errors", max: 0, for: "40ms", deadline: "60s", interval: "20ms" };

  async function beginWithPrometheus(context: TestContext, answer: (index: number) => Answer, more = {}) {
    const prometheus = await startFakePrometheus(answer, "reader:s3cr3t-pass");
    context.onTestFinished(() => prometheus.close());
    const gate = { name: "recovered", promql: { ...recovered, ...more, urlParameter: "prometheus" } };
    const sandbox = begin(context, "true", [gate]);
    const url = prometheus.url.replace("//", "//reader:s3cr3t-pass@");
    return { prometheus, sandbox, url };
  }

  test("passes when what it asks for has held", async (context) => {
    const { expect } = context;
    const { prometheus, sandbox, url } = await beginWithPrometheus(context, (index) =>
      index < 2 ? [] : ["0"],
    );
    const result = await runGated(sandbox, "--prometheus", url);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(gatesOf(result)).toMatchObject([{ kind: "promql", result: "passed", detail: "0 ≤ 0" }]);
    expect(prometheus.queries().length).toBeGreaterThan(3);
  });

  test("says what the server says, and never its password", async (context) => {
    const { expect } = context;
    const { prometheus, sandbox, url } = await beginWithPrometheus(context, () => ({
      status: 400,
      error: "parse error: no such function",
    }));
    const otlp = await startOtlpServer({ protocol: "http" });
    context.onTestFinished(() => otlp.close());
    const gateway = await startFakePushgateway();
    context.onTestFinished(() => gateway.close());
    const env = {
      CI: "true",
      GITHUB_ACTIONS: "true",
      PROMETHEUS_URL: url,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      PUSHGATEWAY_URL: gateway.url,
    };
    const result = await sandbox.run(["run", "gated"], { env });
    expect(result.code).toBe(1);
    expect(result.stdout).toContain("gate recovered: no value (bad query): parse error: no such function");
    expect(prometheus.queries()).toHaveLength(1);
    const shown = await sandbox.run(["runs", "show", "--json"], { env: OFF });
    const logs = await sandbox.run(["runs", "logs"], { env: OFF });
    const sent = [...otlp.requests(), ...gateway.requests()].map(({ body }) => body.toString("latin1"));
    expect(otlp.spans().map(({ name }) => name)).toContain("stage.checked");
    for (const text of [result.stdout, result.stderr, shown.stdout, logs.stdout, ...sent]) {
      expect(text).not.toContain("s3cr3t-pass");
    }
  });

  test("is not kept waiting when the run is to stop", async (context) => {
    const { expect } = context;
    const { prometheus, sandbox, url } = await beginWithPrometheus(context, () => ["1"], { deadline: "10m" });
    await prometheus.behave("hang");
    const running = sandbox.spawn(["run", "gated", "--json", "--prometheus", url], { env: OFF });
    await waitFor(() => prometheus.requests().length > 0, { what: "the question" });
    running.child.kill("SIGINT");
    const result = await running.result;
    expect(result.code).toBe(130);
    expect(documentOf(result)).toMatchObject({ result: "cancellation" });
  });

  test("without a Prometheus says how to name one", async (context) => {
    const { sandbox } = await beginWithPrometheus(context, () => ["0"]);
    const result = await runGated(sandbox);
    context.expect(result.code).toBe(1);
    context.expect(gatesOf(result)[0]?.detail).toBe("no Prometheus is named: set PROMETHEUS_URL");
  });
});

describe.skipIf(!realServersAvailable())("with the real Prometheus", () => {
  test("a gate passes on what was measured, and a query that makes no sense fails at once", async (context) => {
    const { expect } = context;
    const gateway = await startPushgateway();
    context.onTestFinished(() => gateway.close());
    const prometheus = await startPrometheus({ targets: [`127.0.0.1:${gateway.port}`] });
    context.onTestFinished(() => prometheus.close());
    const promql = (query: string, more = {}) => ({
      query,
      url: prometheus.url,
      interval: "100ms",
      deadline: "120s",
      ...more,
    });
    const sandbox = begin(context, "true", [
      { name: "scraped", promql: promql('up{job="pushgateway"}', { min: 1, for: "500ms" }) },
      { name: "scalar", promql: promql("scalar(vector(0.5))", { min: 0.5, max: 0.5 }) },
      { name: "nonsense", promql: promql("sum by (", { min: 0, deadline: "10m" }) },
      { name: "ratio_of_nothing", promql: promql("vector(0) / vector(0)", { min: 0, deadline: "3s" }) },
      { name: "many", promql: promql('{__name__=~"go_.*"}', { min: 0, deadline: "10m" }) },
    ]);
    await prometheus.nextScrape();
    const result = await runGated(sandbox);
    expect(result.code).toBe(1);
    const found = gatesOf(result).map(({ gate, result: verdict, detail }) => `${gate} ${verdict}: ${detail}`);
    expect(found).toEqual([
      "scraped passed: 1 ≥ 1",
      "scalar passed: 0.5 ≥ 0.5, ≤ 0.5",
      expect.stringMatching(/^nonsense failed: no value \(bad query\): .*parse error/),
      "ratio_of_nothing failed: no value (no data) within 3 s",
      expect.stringMatching(
        /^many failed: no value \(bad query\): the query gives \d+ series instead of one$/,
      ),
    ]);
  });
});
