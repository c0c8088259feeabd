import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { appendFact } from "../../src/journal/append.ts";
import { putBlob } from "../../src/journal/blobs.ts";
import type { Fact } from "../../src/journal/fact.ts";
import type { LlmCalled } from "../../src/projection/llm-facts.ts";
import { documentOf } from "../cli/sandboxes.ts";
import { aCall } from "../projection/a-call.ts";
import {
  type FakeLangfuse,
  type FakeLangfuseOptions,
  failing,
  startFakeLangfuse,
} from "../support/fake-langfuse.ts";
import { startOtlpServer } from "../support/otlp-server.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { configuredSandbox, noDeliverer, PERSONAS, switchesInJournal } from "./delivery-home.ts";

interface Rig {
  readonly langfuse: FakeLangfuse;
  readonly sandbox: Sandbox;
}

type Config = Parameters<typeof configuredSandbox>[0];

async function rig(options: FakeLangfuseOptions = {}, config: Config = {}): Promise<Rig> {
  const langfuse = await startFakeLangfuse(options);
  onTestFinished(langfuse.close);
  const sandbox = configuredSandbox({
    delivery: { mode: "off" },
    langfuse: { ...langfuse.settings, environment: "staging", release: "r7" },
    ...config,
  });
  onTestFinished(() => sandbox.dispose());
  return { langfuse, sandbox };
}

/** Calls that were made now, as the program itself would keep them. */
function appendCalls({ home }: Sandbox, calls: readonly Partial<LlmCalled>[]): Fact[] {
  return calls.map((data) => {
    const now = Date.now();
    const fact = aCall({ startedAt: now - 2000, ...data }, { ts: now });
    appendFact({ dir: join(home, "journal"), segmentBytes: 8 << 20 }, fact);
    return fact;
  });
}

/** Delivers until all has arrived, as someone does who keeps trying. */
async function flushAll(sandbox: Sandbox): Promise<void> {
  await waitFor(async () => documentOf(await sandbox.run(["flush", "--json"])).complete === true, {
    what: "everything to be delivered",
  });
}

const WORKFLOW = `name: tiny
stages:
  - id: build
    persona: backend-engineer
    run: "true"
    gates:
      - { name: compiles, run: "true" }
  - id: check
    persona: testing-specialist
    run: "true"
    gates:
      - { name: strict, run: "false" }
`;

test("switches are events, and a run is one trace with the right users, sessions, tags and scores", async () => {
  const { langfuse, sandbox } = await rig();
  await sandbox.run(["backend"]);
  await sandbox.run(["switch", "testing", "--chatmode", "tdd"]);
  mkdirSync(join(sandbox.project, ".tta-persona/workflows"), { recursive: true });
  writeFileSync(join(sandbox.project, ".tta-persona/workflows/tiny.yaml"), WORKFLOW);
  expect(await sandbox.run(["run", "tiny"])).toMatchObject({ code: 1 });
  await flushAll(sandbox);

  const traces = [...langfuse.traces().values()];
  const [first, second] = traces.map(([one]) => one);
  expect(first).toMatchObject({ type: "event", userId: "backend-engineer", sessionId: "default" });
  expect(second).toMatchObject({
    type: "event",
    name: "persona_switch",
    userId: "testing-specialist",
    sessionId: "tdd",
    environment: "staging",
    release: "r7",
  });

  const run = traces.find((observations) => observations.some(({ name }) => name === "workflow.tiny")) ?? [];
  const named = (name: string) => run.find((one) => one.name === name);
  const root = named("workflow.tiny");
  expect(root).toMatchObject({
    type: "span",
    userId: "backend-engineer",
    level: "ERROR",
    parentId: undefined,
  });
  expect(named("stage.build")).toMatchObject({
    parentId: root?.id,
    userId: "backend-engineer",
    tags: ["tiny", "build"],
    level: "DEFAULT",
  });
  expect(named("stage.check")).toMatchObject({
    userId: "testing-specialist",
    tags: ["tiny", "check"],
    level: "ERROR",
  });
  for (const { traceName, traceMetadata } of run.filter(({ type }) => type === "span")) {
    expect(traceName).toBe("workflow.tiny");
    expect(traceMetadata).toEqual({ run_id: expect.any(String) });
  }
  const scores = langfuse.scores().toSorted((a, b) => (a.name < b.name ? -1 : 1));
  expect(scores).toMatchObject([
    { name: "compiles", value: 1, dataType: "BOOLEAN", observationId: named("stage.build")?.id },
    { name: "strict", value: 0, observationId: named("stage.check")?.id, traceId: root?.traceId },
  ]);
  expect(langfuse.problems()).toEqual([]);
});

test("calls arrive as generations, their long bodies too", async () => {
  const { langfuse, sandbox } = await rig();
  const [call] = appendCalls(sandbox, [
    {
      usage: { input: 100, cachedInput: 60, cacheCreation: 0, output: 50, reasoning: 20 },
      costUsd: 0.003,
      cost: { inputUsd: 0.001, outputUsd: 0.002 },
      taskType: "code_review",
      input: { text: "What is wrong here?" },
      output: { hash: "deadbeef", bytes: 2_000_000 },
      prompt: { name: "review", version: 4 },
    },
  ]);
  putBlob(join(sandbox.home, "blobs"), 1, "deadbeef", "answer ".repeat(300_000));
  await flushAll(sandbox);
  expect(langfuse.observations()).toMatchObject([
    {
      id: call?.trace.spanId,
      traceId: call?.trace.traceId,
      type: "generation",
      name: "backend-engineer_code_review",
      userId: "backend-engineer",
      sessionId: "review",
      model: "gpt-x",
      usageDetails: { input: 40, input_cached_tokens: 60, output: 30, output_reasoning_tokens: 20 },
      costDetails: { input: 0.001, output: 0.002, total: 0.003 },
      prompt: { name: "review", version: 4 },
      input: "What is wrong here?",
      output: expect.stringMatching(/^answer .*\[cut off by tta-persona\]$/s),
    },
  ]);
  expect(langfuse.problems()).toEqual([]);
});

test("with a third of the requests failing, from 20 processes at once, everything is there exactly once", async () => {
  const { langfuse, sandbox } = await rig({ behaviour: failing(1 / 3, 7) }, {});
  const calls = appendCalls(
    sandbox,
    Array.from({ length: 600 }, (_, index) => ({ taskType: `t${index}` })),
  );
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      sandbox.run(["switch", PERSONAS[index % 6] ?? ""], {
        env: { TTA_PERSONA_DELIVERY: index % 2 === 0 ? "foreground" : "off" },
      }),
    ),
  );
  expect(results.filter(({ code }) => code !== 0)).toEqual([]);
  for (let index = 0; index < 5; index++) {
    await sandbox.run(["score", calls[index]?.trace.spanId ?? "", "useful", String(index)]);
  }
  await flushAll(sandbox);
  const expected = [
    ...calls.map(({ trace }) => trace.spanId),
    ...switchesInJournal(sandbox.home).map(({ spanId }) => spanId),
  ];
  expect(
    langfuse
      .observations()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(expected.toSorted());
  expect(
    langfuse
      .scores()
      .map(({ value }) => value)
      .toSorted(),
  ).toEqual([0, 1, 2, 3, 4]);
  expect(langfuse.problems()).toEqual([]);
});

test("a flush that is killed between sending and knowing doubles nothing", async () => {
  const { langfuse, sandbox } = await rig({ behaviour: "drip-body" });
  const calls = appendCalls(
    sandbox,
    Array.from({ length: 20 }, () => ({})),
  );
  const flush = sandbox.spawn(["flush", "--timeout", "60s"]);
  await waitFor(() => langfuse.observations().length === calls.length, { what: "the batch to arrive" });
  flush.child.kill("SIGKILL");
  await flush.result;
  await langfuse.behave("ok");
  appendCalls(sandbox, [{}]);
  await flushAll(sandbox);
  expect(langfuse.observations()).toHaveLength(calls.length + 1);
  expect(langfuse.problems()).toEqual([]);
});

test("records that are refused go to the dead letters, and hold nothing up", async () => {
  const { langfuse, sandbox } = await rig({ isPoison: ({ name }) => name.endsWith("_t3") });
  appendCalls(
    sandbox,
    Array.from({ length: 8 }, (_, index) => ({ taskType: `t${index}` })),
  );
  const result = await sandbox.run(["flush", "--strict"]);
  expect(result).toMatchObject({ code: 1 });
  expect(result.stdout).toContain("langfuse refused 1 record for good");
  expect(langfuse.observations()).toHaveLength(7);
  const letters = readFileSync(join(sandbox.home, "state/dead-letters-langfuse.jsonl"), "utf8");
  expect(letters.trimEnd().split("\n")).toHaveLength(1);
  expect(await sandbox.run(["flush", "--strict", "--timeout", "60s"])).toMatchObject({ code: 0 });
});

test("wrong keys lose nothing, and doctor tells", async () => {
  const { langfuse, sandbox } = await rig();
  const wrong = { LANGFUSE_SECRET_KEY: "sk-lf-wrong-9876543210" };
  await sandbox.run(["backend"]);
  const refused = await sandbox.run(["flush", "--strict"], { env: wrong });
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stdout).toContain("HTTP 401");
  const told = await sandbox.run(["doctor"], { env: wrong });
  expect(told).toMatchObject({ code: 1 });
  expect(told.stdout).toContain("it does not accept the keys");
  for (const { stdout, stderr } of [refused, told]) {
    expect(`${stdout}${stderr}`).not.toContain("sk-lf");
  }
  await flushAll(sandbox);
  expect(langfuse.observations()).toHaveLength(1);
  const good = await sandbox.run(["doctor", "--json"]);
  expect(documentOf(good).sinks).toMatchObject([
    { sink: "langfuse", reachable: true, note: "4.0.0", pending: 0 },
  ]);
});

test("a server that is too old is told, and gets all of it the old way", async () => {
  const { langfuse, sandbox } = await rig({ version: "3.20.0" });
  await sandbox.run(["switch", "backend", "--chatmode", "review"]);
  appendCalls(sandbox, [{ usage: { input: 5, cachedInput: 0, cacheCreation: 0, output: 3, reasoning: 0 } }]);
  expect((await sandbox.run(["doctor"])).stdout).toContain("version 3.20.0 is too old");
  expect((await sandbox.run(["flush"])).stdout).toContain("HTTP 404");
  await sandbox.run(["config", "set", "langfuse.ingestion", "legacy"]);
  expect(await sandbox.run(["doctor"])).toMatchObject({ stdout: expect.not.stringContaining("too old") });
  await flushAll(sandbox);
  expect(langfuse.observations()).toMatchObject([
    { type: "event", userId: "backend-engineer", sessionId: "review", environment: "staging", release: "r7" },
    { type: "generation", model: "gpt-x", usageDetails: { input: 5, output: 3 } },
  ]);
});

test("a hanging Langfuse delays a command by no more than the deadline", async () => {
  const { sandbox } = await rig({ behaviour: "hang" }, { delivery: { mode: "foreground" } });
  const result = await sandbox.run(["backend"], { env: { TTA_PERSONA_DELIVERY_TIMEOUT: "500ms" } });
  expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining("not delivered yet: langfuse") });
});

describe("the user's own OTLP export and Langfuse do not touch each other", () => {
  test.each(["langfuse", "otlp"] as const)("when %s is down", async (down) => {
    const otlp = await startOtlpServer({ protocol: "http" });
    onTestFinished(otlp.close);
    const { langfuse, sandbox } = await rig();
    await (down === "otlp" ? otlp : langfuse).behave("refuse");
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-user=mine",
    };
    await sandbox.run(["backend"], { env });
    const { sinks } = documentOf(await sandbox.run(["flush", "--json"], { env }));
    expect(sinks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ sink: "otlp", complete: down !== "otlp" }),
        expect.objectContaining({ sink: "langfuse", complete: down !== "langfuse" }),
      ]),
    );
    expect(otlp.spans()).toHaveLength(down === "otlp" ? 0 : 1);
    expect(langfuse.observations()).toHaveLength(down === "langfuse" ? 0 : 1);
    for (const { headers } of langfuse.requests()) expect(headers).not.toHaveProperty("x-user");
    for (const { attributes } of otlp.spans()) {
      expect(Object.keys(attributes).filter((name) => name.startsWith("langfuse."))).toEqual([]);
    }
    for (const { headers } of otlp.requests()) expect(headers).not.toHaveProperty("authorization");
  });
});

test("in the background, a switch is there soon after", async () => {
  const { langfuse, sandbox } = await rig({}, { delivery: { mode: "background", linger: "300ms" } });
  await sandbox.run(["backend"]);
  await waitFor(() => langfuse.observations().length === 1, { what: "the switch in Langfuse" });
  await noDeliverer(sandbox);
});

describe("score", () => {
  test("of a trace and of an observation arrive; a secret in a comment does not", async () => {
    const { langfuse, sandbox } = await rig();
    const [call] = appendCalls(sandbox, [{}]);
    const { traceId = "", spanId = "" } = call?.trace ?? {};
    const env = { MY_TOKEN: "hunter2-hunter2" };
    const commands = [
      [spanId, "accepted", "true", "--comment", "with hunter2-hunter2"],
      [traceId.toUpperCase(), "style", "terse"],
      [traceId, "grade", "1", "--data-type", "boolean"],
      // Such as every object has.
      [traceId, "valueOf", "constructor"],
    ];
    for (const args of commands)
      expect(await sandbox.run(["score", ...args], { env })).toMatchObject({ code: 0 });
    await flushAll(sandbox);
    const scores = langfuse.scores().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(scores).toMatchObject([
      { traceId, observationId: spanId, name: "accepted", value: 1, dataType: "BOOLEAN" },
      { traceId, name: "grade", value: 1, dataType: "BOOLEAN" },
      { traceId, name: "style", value: "terse", dataType: "CATEGORICAL" },
      { traceId, name: "valueOf", value: "constructor", dataType: "CATEGORICAL" },
    ]);
    expect(scores[1]).not.toHaveProperty("observationId");
    expect(JSON.stringify(scores)).not.toContain("hunter2");
  });

  test.each([
    [["xyz", "n", "1"], "invalid-id"],
    [["0".repeat(32), "n", "1"], "invalid-id"],
    [["b7ad6b7169203331", "n", "1"], "unknown-observation"],
    [["a".repeat(32), " ", "1"], "invalid-score"],
    [["a".repeat(32), "n", "much", "--data-type", "NUMERIC"], "invalid-score"],
    [["a".repeat(32), "n", "1", "--data-type", "STAR"], "invalid-score"],
  ])("%j is refused as %s", async (args, reason) => {
    const { sandbox } = await rig();
    const result = await sandbox.run(["score", ...args, "--json"]);
    expect(result.code).toBe(2);
    expect(documentOf(result)).toMatchObject({ error: { reason } });
  });
});
