import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { isLlmCalled } from "../../src/projection/facts.ts";
import { emptyLedger, foldLedger } from "../../src/projection/ledger.ts";
import { type LlmCalled, MAX_CALL_MS } from "../../src/projection/llm-facts.ts";
import { aCall, CALL_START } from "./a-call.ts";

/** Everything that a call may say. */
const whole = {
  provider: "openai",
  operation: "chat",
  workflow: "release",
  runId: "r1",
  stage: "build",
  taskType: "review",
  tokens: 30,
  usage: { input: 10, cachedInput: 1, cacheCreation: 1, cacheCreationHour: 1, output: 20, reasoning: 5 },
  costUsd: 0.5,
  cost: { inputUsd: 0.1, outputUsd: 0.4 },
  firstTokenAt: CALL_START + 100,
  attempts: 1,
  request: { maxTokens: 100, temperature: 0.2, stream: true },
  response: { id: "id", model: "gpt-x-1", finishReasons: ["stop"] },
  error: { type: "429", message: "slow down" },
  server: { address: "api", port: 443 },
  prompt: { name: "greeting", version: 3, label: "production" },
  experiment: { id: "e", name: "n", datasetId: "d", itemId: "i" },
  input: { text: "hello", isCut: true },
  output: { hash: "abc", bytes: 9000 },
  metadata: { ticket: "12" },
} satisfies Partial<LlmCalled>;

/** The value with garbage in its place, or in that of any part of it. */
function spoiled(value: unknown): readonly unknown[] {
  const parts = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  return [
    ...[null, [null], {}, -1, 1e300],
    ...Object.entries(parts).flatMap(([key, part]) => spoiled(part).map((bad) => ({ ...parts, [key]: bad }))),
  ];
}

/** Looks like it, and is none: a price that nobody knows, nothing asked for or said, any temperature. */
const harmless: Readonly<Record<string, readonly unknown[]>> = {
  costUsd: [null],
  request: [{}, { ...whole.request, temperature: -1 }, { ...whole.request, temperature: 1e300 }],
  response: [{}],
  metadata: [{}],
};

test("a call that says everything is one", () => {
  expect(isLlmCalled(aCall(whole))).toBe(true);
});

test.each(Object.entries(whole))(
  "a call whose %s makes no sense is passed over, and counted",
  (field, value) => {
    for (const bad of spoiled(value)) {
      const fact = aCall({ ...whole, [field]: bad });
      const isHarmless = (harmless[field] ?? []).some((one) => isDeepStrictEqual(one, bad));
      expect([bad, isLlmCalled(fact)]).toEqual([bad, isHarmless]);
      expect(foldLedger(emptyLedger, fact).skipped).toBe(isHarmless ? 0 : 1);
    }
  },
);

test.each([
  ["that took longer than any", { durationSeconds: MAX_CALL_MS / 1000 + 1 }],
  ["that began at no time", { startedAt: 9e15 }],
])("a call %s is passed over", (_, data) => {
  expect(isLlmCalled(aCall(data))).toBe(false);
});
