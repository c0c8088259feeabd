import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { resolveHome } from "../../src/core/home.ts";
import type { BudgetGate, BudgetVerdict, PlannedCall } from "../../src/llm/budget-gate.ts";
import { callModel, type ModelCall } from "../../src/llm/call-model.ts";
import { createTextKeeper } from "../../src/llm/keep-texts.ts";
import { isLlmCalled } from "../../src/projection/facts.ts";
import type { Budget } from "../../src/projection/llm-facts.ts";
import { readAll } from "../journal/a-fact.ts";
import { openaiAnswer, refuse, startFakeModel } from "../support/fake-model.ts";

const budget: Budget = { tokens: 1000, window: "day", isHard: true };

/** A gate that says one thing, and what it was told. */
function gateThat(verdict: BudgetVerdict) {
  const asked: PlannedCall[] = [];
  const settled: boolean[] = [];
  const gate: BudgetGate = {
    allow(call) {
      asked.push(call);
      return verdict;
    },
    settle: (_, __, isRecorded) => void settled.push(isRecorded),
  };
  return { gate, asked, settled };
}

function setUp(url: string, gate: BudgetGate) {
  const root = mkdtempSync(join(tmpdir(), "tta-persona-call-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const home = resolveHome({ TTA_PERSONA_HOME: root }, "linux");
  if (!home.ok) throw new Error(home.error.message);
  const call: ModelCall = {
    endpoint: { provider: "openai", model: "gpt-4o", baseUrl: `${url}/v1`, apiKey: "k" },
    place: {
      persona: "backend-engineer",
      chatmode: "default",
      scope: "run:r-1/ask",
      run: { workflow: "w", runId: "r-1", stage: "ask" },
    },
    messages: [{ role: "user", content: "x".repeat(300) }],
    maxTokens: 50,
    stream: true,
  };
  const troubles: unknown[] = [];
  const context = {
    env: {},
    clock: systemClock,
    version: "0.0.0",
    home: home.value,
    segmentBytes: 1e6,
    prices: new Map(),
    texts: createTextKeeper({ secretValues: [] }),
    captureOf: () => "masked" as const,
    fetch: globalThis.fetch,
    signal: new AbortController().signal,
    onText: () => undefined,
    onTextLost: () => undefined,
    onTrouble: (error: unknown) => void troubles.push(error),
    gate,
  };
  const facts = () => readAll(home.value.journal).facts.filter(isLlmCalled);
  return { call, context, troubles, facts };
}

describe("the budget gate", () => {
  test("that refuses keeps the call from being made, and that is recorded", async () => {
    const model = await startFakeModel((response) => openaiAnswer(response));
    const { gate, asked, settled } = gateThat({ isAllowed: false, budget, message: "12 tokens are left" });
    const { call, context, facts } = setUp(model.url, gate);
    expect(await callModel(call, context)).toMatchObject({ kind: "blocked", verdict: { budget } });
    expect(model.requests()).toEqual([]);
    expect(asked).toEqual([
      { persona: "backend-engineer", scope: "run:r-1/ask", runId: "r-1", estimatedTokens: 150 },
    ]);
    expect(settled).toEqual([]);
    expect(facts()).toMatchObject([
      {
        scope: "run:r-1/ask",
        data: {
          outcome: "blocked",
          workflow: "w",
          stage: "ask",
          tokens: 0,
          costUsd: 0,
          budget,
          error: { type: "budget", message: "12 tokens are left" },
        },
      },
    ]);
  });

  test("that allows is told of the end, and its reservation is in the fact, whatever became of the call", async () => {
    const { gate, settled } = gateThat({ isAllowed: true, budget, reservation: "f".repeat(32) });
    let isUp = true;
    const model = await startFakeModel((response) =>
      isUp ? openaiAnswer(response) : refuse(response, 400, "no"),
    );
    const { call, context, facts } = setUp(model.url, gate);
    await callModel(call, context);
    isUp = false;
    await callModel(call, context);
    expect(facts().map(({ data }) => [data.outcome, data.reservation, data.budget])).toEqual([
      ["ok", "f".repeat(32), budget],
      ["error", "f".repeat(32), budget],
    ]);
    expect(settled).toEqual([true, true]);
  });

  test("gets a reservation back that could not be written down as used; the answer counts all the same", async () => {
    const { gate, settled } = gateThat({ isAllowed: true });
    const model = await startFakeModel((response) => openaiAnswer(response));
    const { call, context, troubles } = setUp(model.url, gate);
    context.home = { ...context.home, journal: "/dev/null/journal" };
    const result = await callModel(call, context);
    expect(result).toMatchObject({
      kind: "called",
      fact: undefined,
      answer: { outcome: "ok", text: "It is a fold." },
    });
    expect(troubles).toMatchObject([{ code: expect.stringMatching(/^E/) }]);
    expect(settled).toEqual([false]);
  });
});
