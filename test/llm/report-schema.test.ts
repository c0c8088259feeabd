import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { callJsonSchema, readReports } from "../../src/llm/report-schema.ts";
import { repositoryRoot } from "../support/run-binary.ts";

const NOW = Date.UTC(2026, 0, 1);
const one = { model: "openai/gpt-4o", input: 900, output: 80 };

function read(text: string) {
  const reports = readReports(text, NOW);
  if (!reports.ok) throw new Error(reports.error.message);
  return reports.value;
}

describe("calls as JSON", () => {
  test.each([
    ["one object", JSON.stringify(one), 1],
    ["over several lines", JSON.stringify(one, null, 2), 1],
    ["an array", JSON.stringify([one, one], null, 2), 2],
    ["one per line, with empty ones between", `${JSON.stringify(one)}\n\n${JSON.stringify(one)}\r\n`, 2],
    ["behind a byte order mark", `\uFEFF${JSON.stringify(one)}\n${JSON.stringify(one)}`, 2],
    [
      "an object that begins with a line of its own",
      '{"metadata": {"a": "b"},\n "model": "m", "input": 1, "output": 1}',
      1,
    ],
  ])("%s", (_, text, count) => {
    expect(read(text)).toHaveLength(count);
  });

  test("everything that can be said arrives in the report", () => {
    const [first] = read(
      JSON.stringify({
        ...one,
        cached: 400,
        cacheCreation: 100,
        cacheCreationHour: 40,
        reasoning: 30,
        costUsd: 0.5,
        startedAt: "2026-01-01T00:00:00Z",
        latencyMs: 1500,
        firstTokenMs: 300,
        outcome: "error",
        error: { type: "429", message: "slow down" },
        operation: "embeddings",
        taskType: "review",
        prompt: "p",
        response: "r",
        finishReason: "stop",
        responseId: "id-1",
        metadata: { ticket: 12, urgent: true },
        persona: "backend",
      }),
    );
    expect(first).toEqual({
      persona: "backend",
      report: {
        provider: "openai",
        model: "gpt-4o",
        outcome: "error",
        startedAt: NOW,
        usage: {
          input: 900,
          cachedInput: 400,
          cacheCreation: 100,
          cacheCreationHour: 40,
          output: 80,
          reasoning: 30,
        },
        costUsd: 0.5,
        durationSeconds: 1.5,
        firstTokenAt: NOW + 300,
        operation: "embeddings",
        taskType: "review",
        input: "p",
        output: "r",
        error: { type: "429", message: "slow down" },
        response: { id: "id-1", finishReasons: ["stop"] },
        metadata: { ticket: "12", urgent: "true" },
      },
    });
  });

  test("a model with slashes, where the provider is given apart", () => {
    const [first] = read(JSON.stringify({ ...one, model: "meta/llama/3", provider: "compatible" }));
    expect(first?.report).toMatchObject({ provider: "compatible", model: "meta/llama/3" });
  });

  test("one that failed may have used nobody knows what", () => {
    expect(read('{"model": "m", "outcome": "aborted"}')[0]?.report).not.toHaveProperty("usage");
    const failed = '{"model": "m", "error": {"type": "timeout"}}';
    expect(read(failed)[0]?.report).toMatchObject({ outcome: "error", error: { type: "timeout" } });
  });
});

test.each([
  ["", "line 1: there is no call"],
  ["[]", "line 1: there is no call"],
  [`${JSON.stringify(one)}\n{"model": "m", "input": 1}`, "line 2: output is missing"],
  [`${JSON.stringify(one)}\n\n{"model": "m", "inptu": 1}`, 'line 3: inptu: Unrecognized key: "inptu"'],
  [`{"model": "m", \n${JSON.stringify(one)}`, "line 1: "],
  [`[\n${JSON.stringify(one)},\n{"model": "m", "input": 1, "output": -1}\n]`, "line 3: [1].output"],
  [
    `[\n${JSON.stringify(one)},\n{"model": "m", "input": 1, "cached": 2, "output": 1}\n]`,
    "line 3: input is less than",
  ],
  ['{"model": "m", "input": 1, "output": 1, "reasoning": 2}', "line 1: output is less than"],
  [
    '{"model": "m", "input": 5, "cacheCreation": 1, "cacheCreationHour": 2, "output": 1}',
    "line 1: cacheCreation is less than",
  ],
  ['{"model": "m", "input": 1.5, "output": 1}', "line 1: input"],
  ['{"model": "m", "input": NaN, "output": 1}', "line 1: "],
  ['{"model": "m", "input": "1", "output": 1}', "line 1: input"],
  ['{"model": "m", "input": 9007199254740991, "output": 1}', "line 1: input is more than a call can take"],
  ['{"model": "m", "input": 1, "output": 1, "costUsd": 1e300}', "line 1: costUsd"],
  ['{"model": "m", "input": 1, "output": 1, "costUsd": 1000001}', "line 1: costUsd is more than"],
  ['{"model": "m", "input": 1, "output": 1, "latencyMs": 1e300}', "line 1: latencyMs"],
  ['{"model": "m", "input": 1, "output": 1, "latencyMs": 1e10}', "line 1: latencyMs"],
  ['{"model": "m", "input": 1, "output": 1, "firstTokenMs": 1e10}', "line 1: firstTokenMs"],
  [
    '{"model": "m", "input": 1, "output": 1, "startedAt": "9999-12-31T00:00:00Z"}',
    "line 1: startedAt is in the future",
  ],
  [
    '{"model": "m", "input": 1, "output": 1, "outcome": "ok", "error": {"type": "x"}}',
    "line 1: outcome is ok",
  ],
  ['{"model": "a b", "input": 1, "output": 1}', "line 1: model is no name"],
  ['{"model": "openai/", "input": 1, "output": 1}', "line 1: model is no name"],
  ['"text"', "line 1: "],
])("what is wrong is told by its line: %j", (text, message) => {
  const reports = readReports(text, NOW);
  expect(reports).toMatchObject({ ok: false, error: { reason: "invalid-call", hint: expect.any(String) } });
  expect(!reports.ok && reports.error.message).toContain(`standard input, ${message}`);
});

test("the published JSON Schema is that of the program; npm run docs writes it", () => {
  expect(readFileSync(join(repositoryRoot, "schemas/llm-call.schema.json"), "utf8")).toBe(callJsonSchema());
});
