import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { isLlmCalled } from "../../src/projection/facts.ts";
import { documentOf } from "../cli/sandboxes.ts";
import { readAll } from "../journal/a-fact.ts";
import type { Behaviour } from "../support/behaviour.ts";
import { startFakeLangfuse } from "../support/fake-langfuse.ts";
import { openaiAnswer, openaiChunk, startFakeModel } from "../support/fake-model.ts";
import { startFakePushgateway } from "../support/fake-pushgateway.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import { repositoryRoot } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { configuredSandbox, deliverers, noDeliverer } from "./delivery-home.ts";

const RECORD = ["tokens", "record", "--model", "openai/gpt-4o", "--input", "9", "--output", "1"];
const ASK = ["llm", "What is it?", "--model", "openai/gpt-4o"];
const DEADLINE_MS = 1000;

async function scene(mode = "off") {
  const langfuse = await startFakeLangfuse();
  const otlp = await startOtlpServer({ protocol: "http" });
  const gateway = await startFakePushgateway();
  for (const { close } of [langfuse, otlp, gateway]) onTestFinished(close);
  const sandbox = configuredSandbox({
    delivery: { mode },
    langfuse: langfuse.settings,
    otlp: { endpoint: otlp.url },
    pushgateway: { url: gateway.url, scrapeInterval: "1ms" },
  });
  onTestFinished(() => sandbox.dispose());
  return { sandbox, langfuse, otlp, gateway };
}

test("flush brings a switch and calls to all three, with the same trace ids, each under its user and session", async () => {
  const { sandbox, langfuse, otlp, gateway } = await scene();
  const model = await startFakeModel((response) => openaiAnswer(response));
  const env = { OPENAI_API_KEY: "sk-test-0123456789abcdef", OPENAI_BASE_URL: `${model.url}/v1` };
  await sandbox.run(["switch", "backend", "--chatmode", "review"]);
  await sandbox.run(ASK, { env });
  await sandbox.run([...RECORD, "--persona", "testing"]);
  const program = [process.execPath, join(repositoryRoot, "bin", "tta-persona.cjs")];
  await sandbox.run(["exec", "--persona", "devops", "--chatmode", "deploy", "--", ...program, ...RECORD]);
  const flushed = await sandbox.run(["flush", "--strict", "--timeout", "20s", "--json"]);
  expect(documentOf(flushed)).toMatchObject({ complete: true });
  expect(flushed.code).toBe(0);

  const ids = ({ traceId, spanId, id, parentId, parentSpanId }: Record<string, unknown>) =>
    [traceId, id ?? spanId, parentId ?? parentSpanId ?? ""].join(" ");
  const observations = langfuse.observations();
  expect(observations.map((one) => ids({ ...one })).toSorted()).toEqual(
    otlp
      .spans()
      .map((span) => ids({ ...span }))
      .toSorted(),
  );
  expect(
    observations.map(({ type, userId, sessionId }) => `${type} ${userId} ${sessionId}`).toSorted(),
  ).toEqual([
    "event backend-engineer review",
    "event devops-engineer deploy",
    "generation backend-engineer review",
    "generation devops-engineer deploy",
    "generation testing-specialist default",
    "span devops-engineer deploy",
  ]);
  expect(langfuse.problems()).toEqual([]);
  expect(gateway.value("hypertool_llm_calls_total", { outcome: "ok" })).toBe(3);
});

describe("OTLP and Langfuse do not influence each other", () => {
  const states: readonly (readonly [string, Behaviour])[] = [
    ["is down", "refuse"],
    ["hangs", "hang"],
    ["answers 401", { status: 401 }],
    ["answers nonsense", "nonsense"],
  ];
  test.each(
    (["otlp", "langfuse"] as const).flatMap((sink) =>
      states.map(([what, how]) => [sink, what, how] as const),
    ),
  )("when %s %s", async (sink, _, how) => {
    const servers = await scene();
    const { sandbox, langfuse, otlp } = servers;
    await servers[sink].behave(how);
    await sandbox.run([...RECORD, "--persona", "backend"]);
    const { sinks } = documentOf(await sandbox.run(["flush", "--timeout", "10s", "--json"]));
    const completes = (sinks as { sink: string; complete: boolean }[]).map((one) => [one.sink, one.complete]);
    expect(Object.fromEntries(completes)).toEqual({
      pushgateway: true,
      otlp: sink !== "otlp",
      langfuse: sink !== "langfuse",
    });
    expect(langfuse.observations()).toHaveLength(sink === "langfuse" ? 0 : 1);
    expect(otlp.spans()).toHaveLength(sink === "otlp" ? 0 : 1);
    await servers[sink].behave("ok");
    expect(await sandbox.run(["flush", "--strict", "--timeout", "20s"])).toMatchObject({ code: 0 });
    expect([langfuse.observations().length, otlp.spans().length]).toEqual([1, 1]);
    expect(langfuse.problems()).toEqual([]);
  });
});

test.each([
  ["tokens record", [...RECORD, "--persona", "backend"]],
  ["llm", [...ASK, "--persona", "backend"]],
])("with all three hanging, %s ends soon after the deadline", async (_, args) => {
  const { sandbox, langfuse, otlp, gateway } = await scene("foreground");
  const model = await startFakeModel((response) => openaiAnswer(response));
  const env = { OPENAI_API_KEY: "sk-test-0123456789abcdef", OPENAI_BASE_URL: `${model.url}/v1` };
  const off = await sandbox.run(args, { env: { ...env, TTA_PERSONA_DELIVERY: "off" } });
  for (const server of [langfuse, otlp, gateway]) await server.behave("hang");
  const deadline = { TTA_PERSONA_DELIVERY_TIMEOUT: `${DEADLINE_MS}ms` };
  const result = await sandbox.run(args, { env: { ...env, ...deadline } });
  expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining("not delivered yet") });
  expect(result.stderr.trim().split("\n")).toHaveLength(1);
  // Tells a wait with an end from one without, on a machine that has other things to do.
  expect(result.durationMs).toBeLessThan(off.durationMs + DEADLINE_MS + 60_000);
  expect(readAll(join(sandbox.home, "journal")).facts.filter(isLlmCalled)).toHaveLength(2);
});

test("in the foreground, who delivers a call gets ready while the model is asked", async () => {
  const { sandbox, langfuse, otlp, gateway } = await scene("foreground");
  // The model is as slow as it takes: it answers once somebody is there to deliver.
  const model = await startFakeModel(async (response) => {
    await waitFor(() => deliverers(sandbox).length === 1, { what: "a deliverer" });
    openaiAnswer(response);
  });
  const env = { OPENAI_API_KEY: "sk-test-0123456789abcdef", OPENAI_BASE_URL: `${model.url}/v1` };
  const result = await sandbox.run([...ASK, "--persona", "backend"], { env });
  expect(result).toMatchObject({ code: 0, stdout: "It is a fold.\n", stderr: "" });
  expect(langfuse.observations()).toMatchObject([{ type: "generation" }]);
  expect(otlp.spans()).toHaveLength(1);
  expect(gateway.requests().length).toBeGreaterThan(0);
  await noDeliverer(sandbox);
});

describe("what a model server says that makes no sense", () => {
  const answerWith = (more: object) =>
    startFakeModel((response) => {
      const choices = [{ index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" }];
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ id: "c-1", model: "gpt-4o", choices, ...more }));
    });

  test.each([
    [
      "usage beyond all bounds",
      { usage: { prompt_tokens: 1e300, completion_tokens: 1, total_tokens: 2 } },
      {},
    ],
    [
      "an id of 1 MB",
      { id: "x".repeat(1_000_000) },
      { response: { id: expect.stringMatching(/^x{199}…$/) } },
    ],
    [
      "a model of 1 MB",
      { model: "y".repeat(1_000_000) },
      { response: { model: expect.stringMatching(/^y{199}…$/) } },
    ],
  ])("%s: the call is recorded and counted all the same", async (_, more, expected) => {
    const { sandbox } = await scene();
    const model = await answerWith(more);
    const env = { OPENAI_API_KEY: "sk-test-0123456789abcdef", OPENAI_BASE_URL: `${model.url}/v1` };
    const result = await sandbox.run([...ASK, "--no-stream", "--persona", "backend"], { env });
    expect(result).toMatchObject({ code: 0, stdout: "Yes.\n", stderr: "" });
    const [call] = readAll(join(sandbox.home, "journal")).facts.filter(isLlmCalled);
    expect(call?.data).toMatchObject({ outcome: "ok", tokens: 0, costUsd: null, ...expected });
    expect(documentOf(await sandbox.run(["tokens", "--json"]))).toMatchObject({
      models: [{ calls: 1, tokens: 0 }],
    });
  });

  test("a stream that never ends is ended by the user, and kept up to there", async () => {
    const { sandbox } = await scene();
    const model = await startFakeModel((response) => {
      const timer = setInterval(() => openaiChunk(response, "x".repeat(1000)), 1);
      response.on("close", () => clearInterval(timer));
    });
    const env = { OPENAI_API_KEY: "sk-test-0123456789abcdef", OPENAI_BASE_URL: `${model.url}/v1` };
    const running = sandbox.spawn([...ASK, "--persona", "backend"], { env });
    await new Promise<void>((resolve) => running.child.stdout.once("data", () => resolve()));
    running.child.kill("SIGINT");
    expect(await running.result).toMatchObject({ code: 130 });
    expect(readAll(join(sandbox.home, "journal")).facts.filter(isLlmCalled)).toMatchObject([
      { data: { outcome: "aborted", output: expect.anything() } },
    ]);
  });
});
