import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { isBudgetReserved } from "../../src/projection/budget-fact-guards.ts";
import { readAll } from "../journal/a-fact.ts";
import { awayFromMidnight } from "../support/away-from-midnight.ts";
import {
  anthropicBegin,
  openaiAnswer,
  openaiChunk,
  openaiEnd,
  refuse,
  startFakeModel,
} from "../support/fake-model.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { waitFor } from "../support/wait-for.ts";
import { callsOf } from "./langfuse-sandbox.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

beforeEach(awayFromMidnight);

const ASK = ["llm", "What is it?", "--model", "openai/gpt-4o", "--persona", "backend", "--max-tokens", "100"];
const BUDGET = { tokens: 1000, window: "day", isHard: true };

/** The answer of the fake model uses 11,000 tokens. */
async function rig(
  answer: Parameters<typeof startFakeModel>[0] = (response) => openaiAnswer(response),
  tokens = "1000",
) {
  const sandbox = sandboxOfTest();
  await sandbox.run(["budget", "set", "backend", tokens, "--hard"]);
  const model = await startFakeModel(answer);
  const env = { OPENAI_API_KEY: "sk-test-0123456789abcdef", OPENAI_BASE_URL: `${model.url}/v1` };
  return { sandbox, model, env };
}

function factsOf({ home }: Sandbox, type: string) {
  return readAll(join(home, "journal")).facts.filter((fact) => fact.type === type);
}

function reservedTokens({ home }: Sandbox): readonly number[] {
  const { facts } = readAll(join(home, "journal"));
  return facts.filter(isBudgetReserved).map(({ data }) => data.tokens);
}

function brokenAnswer(response: ServerResponse) {
  openaiChunk(response, "It is");
  response.end();
}

function silentAnswer(response: ServerResponse) {
  openaiChunk(response, "It is.");
  openaiEnd(response, { usage: null });
}

async function standing({ run }: Sandbox) {
  return (documentOf(await run(["budget", "show", "backend", "--json"])).budgets as unknown[])[0];
}

test("a hard budget lets a call through that fits, and refuses the next one before it is made", async () => {
  const { sandbox, model, env } = await rig();
  expect(await sandbox.run(ASK, { env })).toMatchObject({ code: 0, stdout: "It is a fold.\n" });
  const [reserved] = factsOf(sandbox, "budget.reserved");
  expect(factsOf(sandbox, "llm.called")).toMatchObject([
    { data: { outcome: "ok", tokens: 11_000, budget: BUDGET, reservation: reserved?.id } },
  ]);
  expect(await standing(sandbox)).toMatchObject({ used: 11_000, reserved: 0 });

  const refused = await sandbox.run([...ASK, "--json"], { env });
  expect(refused.code).toBe(4);
  expect(documentOf(refused)).toMatchObject({
    error: { reason: "budget-exceeded", message: expect.stringContaining("11,000 are used") },
  });
  expect(model.requests()).toHaveLength(1);
  expect(factsOf(sandbox, "llm.called")[1]).toMatchObject({
    data: { outcome: "blocked", tokens: 0, costUsd: 0, budget: BUDGET, error: { type: "budget" } },
  });
});

test("under a hard budget an answer may be as long as what was set aside for it, and under no other", async () => {
  const { sandbox, model, env } = await rig((response) => openaiAnswer(response), "50000");
  const ask = ASK.slice(0, -2);
  expect(await sandbox.run(ask, { env })).toMatchObject({ code: 0 });
  expect(await sandbox.run([...ask, "--max-tokens", "100"], { env })).toMatchObject({ code: 0 });
  await sandbox.run(["budget", "set", "backend", "50000", "--soft"]);
  expect(await sandbox.run(ask, { env })).toMatchObject({ code: 0 });
  expect(model.requests().map(({ body }) => body.max_tokens)).toEqual([4096, 100, undefined]);
  expect(callsOf(sandbox).map(({ data }) => data.request)).toEqual([
    { stream: true, maxTokens: 4096 },
    { stream: true, maxTokens: 100 },
    { stream: true },
  ]);
  // What was set aside beside the input, of which both had the same.
  const [first = 0, second = 0] = reservedTokens(sandbox);
  expect(first - second).toBe(4096 - 100);
});

test("who refuses what a hard budget has sent along: the way on is told, where it was not the caller's", async () => {
  const refusal = "unsupported parameter: max_tokens";
  const { sandbox, env } = await rig((response) => refuse(response, 400, refusal), "50000");
  const ask = ASK.slice(0, -2);
  const told = await sandbox.run(ask, { env });
  expect(told).toMatchObject({ code: 1, stderr: expect.stringContaining(refusal) });
  expect(told.stderr).toContain("A hard budget has the answer limited to 4096 tokens (max_tokens).");
  const [, way = ""] = /tta-persona (budget set .*)/.exec(told.stderr) ?? [];
  expect((await sandbox.run(ASK, { env })).stderr).not.toContain("hard budget");

  expect(await sandbox.run(way.split(" "))).toMatchObject({ code: 0 });
  expect(documentOf(await sandbox.run([...ask, "--json"], { env }))).toMatchObject({
    error: { reason: "call-refused", hint: "Check the model and the options." },
  });
});

test("a refused call leaves no reservation, and a failed one neither", async () => {
  const { sandbox, env } = await rig((response) => refuse(response, 400, "no"), "5000");
  expect(await sandbox.run(ASK, { env })).toMatchObject({ code: 1 });
  expect(await standing(sandbox)).toMatchObject({ used: 0, reserved: 0 });
  expect(await sandbox.run([...ASK.slice(0, -1), "6000"], { env })).toMatchObject({ code: 4 });
  expect(await standing(sandbox)).toMatchObject({ used: 0, reserved: 0 });
});

test("an aborted call of which nothing was told has used all that was reserved for it", async () => {
  const { sandbox, env } = await rig((response) => openaiChunk(response, "It is"), "5000");
  const running = sandbox.spawn(ASK, { env });
  await waitFor(() => running.stdout().includes("It is"), { what: "the first words" });
  expect(await standing(sandbox)).toMatchObject({ used: 0, reserved: expect.any(Number) });
  running.child.kill("SIGINT");
  expect(await running.result).toMatchObject({ code: 130 });
  const [reserved] = factsOf(sandbox, "budget.reserved");
  expect(factsOf(sandbox, "llm.called")).toMatchObject([
    { data: { outcome: "aborted", tokens: 0, costUsd: null, reservation: reserved?.id } },
  ]);
  expect(await standing(sandbox)).toMatchObject({ used: reservedTokens(sandbox)[0], reserved: 0 });
  const { models } = documentOf(await sandbox.run(["tokens", "--json"]));
  expect(models).toMatchObject([{ tokens: 0, calls: 1 }]);
});

test.each<[string, Parameters<typeof startFakeModel>[0]]>([
  ["breaks off", (response) => brokenAnswer(response)],
  ["ends, by a provider that tells no usage,", (response) => silentAnswer(response)],
  ["a gateway gave up on", (response) => refuse(response, 504, "too slow", { "retry-after-ms": "1" })],
])("and so has one that %s", async (_, answer) => {
  const { sandbox, env } = await rig(answer, "5000");
  await sandbox.run(ASK, { env });
  expect(await standing(sandbox)).toMatchObject({ used: reservedTokens(sandbox)[0], reserved: 0 });
});

test("what an aborted call was told of its input counts, and as output all that it might have had", async () => {
  const { sandbox, model, env } = await rig((response) => anthropicBegin(response, "It is"), "5000");
  const args = ASK.map((arg) => (arg === "openai/gpt-4o" ? "anthropic/claude-sonnet-4-5" : arg));
  const anthropic = { ANTHROPIC_API_KEY: env.OPENAI_API_KEY, ANTHROPIC_BASE_URL: model.url };
  const running = sandbox.spawn(args, { env: anthropic });
  await waitFor(() => running.stdout().includes("It is"), { what: "the first words" });
  running.child.kill("SIGINT");
  expect(await running.result).toMatchObject({ code: 130 });
  expect(await standing(sandbox)).toMatchObject({ used: 10_100, reserved: 0 });
  expect(await sandbox.run(args, { env: anthropic })).toMatchObject({ code: 4 });
});

test("calls made by others carry the budget and are warned of once", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["budget", "set", "backend", "1000"]);
  const record = (input: string) =>
    sandbox.run([
      "tokens",
      "record",
      "--persona",
      "backend",
      "--model",
      "m",
      "--input",
      input,
      "--output",
      "0",
    ]);
  expect(await record("700")).toMatchObject({ code: 0, stderr: "" });
  expect(await record("200")).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("backend-engineer has used 900 of 1,000 tokens"),
  });
  expect(await record("200")).toMatchObject({ code: 0, stderr: "" });
  expect(factsOf(sandbox, "llm.called").at(-1)).toMatchObject({
    data: { budget: { ...BUDGET, isHard: false } },
  });
});

test("without the user's word the definition's budget is what a call carries", async () => {
  const sandbox = sandboxOfTest();
  const args = ["--persona", "backend", "--model", "m", "--input", "5", "--output", "0"];
  expect(await sandbox.run(["tokens", "record", ...args])).toMatchObject({ code: 0 });
  expect(factsOf(sandbox, "llm.called")).toMatchObject([
    { data: { budget: { tokens: expect.any(Number), window: "day", isHard: false } } },
  ]);
});
