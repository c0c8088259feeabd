import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isLlmCalled } from "../../src/projection/facts.ts";
import { readAll } from "../journal/a-fact.ts";
import { withFaults } from "../support/preloads.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

const ONE = ["tokens", "record", "--model", "openai/gpt-4o", "--input", "10000", "--output", "1000"];

const callsOf = (sandbox: Sandbox) => readAll(join(sandbox.home, "journal")).facts.filter(isLlmCalled);

async function sandboxWithPersona(): Promise<Sandbox> {
  const sandbox = sandboxOfTest();
  await sandbox.run(["switch", "backend-engineer", "--chatmode", "tdd"]);
  return sandbox;
}

describe("tokens record", () => {
  test("by options", async () => {
    const sandbox = await sandboxWithPersona();
    writeFileSync(join(sandbox.project, "p.txt"), "the prompt with password=hunter2secret in it");
    writeFileSync(join(sandbox.project, "r.txt"), "the response");
    const more = ["--cached", "4000", "--reasoning", "300", "--latency", "1500.5", "--task-type", "review"];
    const files = [
      "--prompt-file",
      "p.txt",
      "--response-file",
      "r.txt",
      "--metadata",
      "ticket=A-1",
      "eq=a=b",
    ];
    const result = await sandbox.run([...ONE, ...more, ...files, "--metadata", "last=1"]);
    expect(result).toMatchObject({
      code: 0,
      stdout: "Recorded a call of gpt-4o under backend-engineer: 11,000 tokens, $0.0300\n",
      stderr: "",
    });
    expect(callsOf(sandbox)).toMatchObject([
      {
        scope: "global",
        data: {
          persona: "backend-engineer",
          chatmode: "tdd",
          provider: "openai",
          model: "gpt-4o",
          outcome: "ok",
          usage: { input: 10_000, cachedInput: 4000, cacheCreation: 0, output: 1000, reasoning: 300 },
          tokens: 11_000,
          durationSeconds: 1.5005,
          taskType: "review",
          input: { text: "the prompt with password=*** in it" },
          output: { text: "the response" },
          metadata: { ticket: "A-1", eq: "a=b", last: "1" },
        },
      },
    ]);
  });

  test("with what was written to a cache for an hour, which costs more", async () => {
    const sandbox = await sandboxWithPersona();
    const call = ["--model", "anthropic/claude-opus-4-6", "--input", "10000", "--output", "1000"];
    const cache = ["--cached", "4000", "--cache-creation", "1000", "--cache-creation-hour"];
    const record = (hour: string) =>
      sandbox.run(["tokens", "record", ...call, ...cache, hour, "--persona", "backend", "--json"]);
    expect(documentOf(await record("1000"))).toMatchObject({
      calls: [{ usage: { cacheCreation: 1000, cacheCreationHour: 1000 }, costUsd: expect.closeTo(0.062, 9) }],
    });
    expect(await record("1001")).toMatchObject({
      code: 2,
      stdout: expect.stringContaining("kept for an hour"),
    });
    expect(callsOf(sandbox)).toHaveLength(1);
  });

  test("with a cost of one's own, for another persona, as JSON", async () => {
    const sandbox = await sandboxWithPersona();
    const more = ["--cost", "0.5", "--persona", "testing", "--outcome", "aborted", "--json"];
    expect(documentOf(await sandbox.run([...ONE, ...more]))).toMatchObject({
      calls: [
        {
          id: callsOf(sandbox)[0]?.id,
          persona: "testing-specialist",
          chatmode: "default",
          outcome: "aborted",
          tokens: 11_000,
          costUsd: 0.5,
        },
      ],
    });
  });

  test("by the user's own prices, and unknown ones are counted", async () => {
    const sandbox = await sandboxWithPersona();
    writeFileSync(join(sandbox.home, "prices.yaml"), "openai/gpt-4o: {input: 1, output: 10}\n");
    expect((await sandbox.run(ONE)).stdout).toContain("$0.0200");
    const unknown = ["tokens", "record", "--model", "mine", "--input", "1", "--output", "1"];
    expect((await sandbox.run(unknown)).stdout).toContain("price unknown");
    const { stdout } = await sandbox.run(["metrics"]);
    expect(stdout).toContain('hypertool_llm_unpriced_calls_total{model="mine"} 1');
    expect(stdout).toContain('hypertool_llm_unpriced_calls_total{model="gpt-4o"} 0');
    expect(stdout).toContain(
      'hypertool_llm_cost_usd_total{persona="backend-engineer",chatmode="tdd",model="gpt-4o",workflow="none"} 0.02',
    );
    expect(stdout).toContain(
      'hypertool_llm_calls_total{persona="backend-engineer",model="gpt-4o",outcome="error"} 0',
    );
    expect(documentOf(await sandbox.run(["tokens", "--json"]))).toMatchObject({
      models: [
        { model: "gpt-4o", tokens: 11_000, calls: 1, costUsd: 0.02 },
        { model: "mine", tokens: 2, calls: 1, costUsd: 0 },
      ],
    });
  });

  test("many from standard input, all or nothing", async () => {
    const sandbox = await sandboxWithPersona();
    const lines = Array.from({ length: 50 }, (_, index) =>
      JSON.stringify({
        model: "m",
        input: index,
        output: 1,
        ...(index % 2 === 0 ? {} : { persona: "testing" }),
      }),
    );
    const good = await sandbox.run(["tokens", "record", "--stdin"], { stdin: lines.join("\n") });
    expect(good).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("50 calls under 2 personas: 1,275 tokens"),
    });
    const broken = [...lines.slice(0, 10), '{"model": "m"}'].join("\n");
    const bad = await sandbox.run(["tokens", "record", "--stdin"], { stdin: broken });
    expect(bad).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("standard input, line 11: input is missing"),
    });
    const stranger = `${lines[0]}\n${JSON.stringify({ model: "m", input: 1, output: 1, persona: "nobody-here" })}`;
    expect(await sandbox.run(["tokens", "record", "--stdin"], { stdin: stranger })).toMatchObject({
      code: 2,
    });
    expect(callsOf(sandbox)).toHaveLength(50);
  });

  test("many onto a disk that becomes full says how many are recorded", async () => {
    const sandbox = await sandboxWithPersona();
    const call = '{"model": "gpt-4o", "input": 900, "output": 80}\n';
    const faults = withFaults("enospc:3+:/journal/");
    const result = await sandbox.run(["tokens", "record", "--stdin"], { stdin: call.repeat(5), ...faults });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toMatch(
      /the disk is full \(ENOSPC\)\. The first 2 of 5 calls are recorded\.\n.* record the others alone, /,
    );
    expect(callsOf(sandbox)).toHaveLength(2);
  });

  test.each<[readonly string[], string]>([
    [["--model", "m", "--input", "1"], "Output is missing"],
    [
      ["--model", "m", "--input", "1", "--cached", "2", "--output", "1"],
      "Input is less than its cached tokens",
    ],
    [["--model", "m", "--input", "x", "--output", "1"], "--input cannot be"],
    [["--model", "m", "--input", "-1", "--output", "1"], "--input"],
    [["--model", "m", "--input", "99999999999999999", "--output", "1"], "--input cannot be"],
    [["--model", "", "--input", "1", "--output", "1"], "Model is no name"],
    [["--input", "1", "--output", "1"], "Which model"],
    [["--model", "m", "--input", "1", "--output", "1", "--outcome", "fine"], "--outcome cannot be"],
    [["--model", "m", "--input", "1", "--output", "1", "--metadata", "x"], "key=value"],
    [["--model", "m", "--input", "1", "--output", "1", "--prompt-file", "none"], "cannot be read (ENOENT)"],
    [["--model", "m", "--stdin"], "everything but --persona"],
  ])("refuses %j", async (options, said) => {
    const sandbox = await sandboxWithPersona();
    const result = await sandbox.run(["tokens", "record", ...options]);
    expect({ code: result.code, stderr: result.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(said),
    });
    expect(callsOf(sandbox)).toEqual([]);
  });

  test("needs a persona", async () => {
    const sandbox = sandboxOfTest();
    expect(await sandbox.run(ONE)).toMatchObject({ code: 3 });
    expect(await sandbox.run([...ONE, "--persona", "backend"])).toMatchObject({ code: 0 });
  });

  test("within a stage counts for the stage, its workflow and its run", async () => {
    const sandbox = sandboxOfTest();
    const program = `"${process.execPath}" "${join(process.cwd(), "bin", "tta-persona.cjs")}"`;
    const file = join(sandbox.project, ".tta-persona", "workflows", "ask.yaml");
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(
      file,
      `name: ask\nstages:\n  - id: ask_it\n    persona: backend-engineer\n    run: '${program} ${ONE.join(" ")}'\n`,
    );
    expect(await sandbox.run(["run", "ask"])).toMatchObject({ code: 0 });
    const { facts } = readAll(join(sandbox.home, "journal"));
    const stage = facts.find(({ type }) => type === "stage.started");
    const started = facts.find(({ type }) => type === "process.started");
    expect(callsOf(sandbox)).toMatchObject([
      {
        scope: stage?.scope,
        trace: { traceId: stage?.trace.traceId, parentSpanId: started?.trace.spanId },
        data: { persona: "backend-engineer", workflow: "ask", stage: "ask_it" },
      },
    ]);
    expect(stage?.scope).toBe(`run:${callsOf(sandbox)[0]?.data.runId}/ask_it`);
  });
});

test("20 processes at once: none is lost, and the totals are exact", async () => {
  const sandbox = await sandboxWithPersona();
  const batch = (number: number) =>
    Array.from({ length: 5 }, (_, index) =>
      JSON.stringify({
        model: "openai/gpt-4o",
        input: 1000 + number,
        output: index,
        prompt: "x".repeat(20_000),
      }),
    ).join("\n");
  const runs = Array.from({ length: 20 }, (_, number) =>
    sandbox.run(["tokens", "record", "--stdin"], { stdin: batch(number) }),
  );
  expect((await Promise.all(runs)).map(({ code }) => code)).toEqual(Array.from({ length: 20 }, () => 0));
  const tokens = 5 * (20 * 1000 + 190) + 20 * 10;
  const { models } = documentOf(await sandbox.run(["tokens", "--json"])) as { models: object[] };
  expect(models).toMatchObject([{ model: "gpt-4o", tokens, calls: 100 }]);
  const costNanoUsd = 5 * (20 * 1000 + 190) * 2500 + 20 * 10 * 10_000;
  expect((models[0] as { costUsd: number }).costUsd).toBeCloseTo(costNanoUsd / 1e9, 12);
});
