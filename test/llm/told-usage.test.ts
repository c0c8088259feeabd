import fc from "fast-check";
import { expect, test } from "vitest";
import { createToldUsage } from "../../src/llm/told-usage.ts";
import { ANTHROPIC_INPUT } from "../support/fake-model.ts";

function heard(...chunks: readonly unknown[]) {
  const told = createToldUsage();
  for (const chunk of chunks) told.hear(chunk);
  return told.usage();
}

const start = { type: "message_start", message: { usage: { ...ANTHROPIC_INPUT, output_tokens: 1 } } };
const anthropic = { input: 10_000, cachedInput: 4000, cacheCreation: 1000, cacheCreationHour: 400 };

test("Anthropic's input stays what it was while its output grows", () => {
  expect(heard(start, { type: "ping" })).toEqual({ ...anthropic, output: 1, reasoning: 0 });
  const later = { type: "message_delta", usage: { output_tokens: 70, input_tokens: null } };
  expect(heard(start, later)).toEqual({ ...anthropic, output: 70, reasoning: 0 });
});

test("where nothing was told, nothing is known", () => {
  expect(heard()).toBeUndefined();
  expect(heard({ choices: [{ delta: { content: "x" } }] }, { type: "message_start" })).toBeUndefined();
  expect(heard({ usage: { input_tokens: 1e300 } })).toBeUndefined();
});

test("whatever comes, it is heard, and what it makes are whole numbers", () => {
  const word = fc.constantFrom("usage", "message", "type", "input_tokens", "cache_read_input_tokens");
  const value = fc.oneof(fc.constant("message_start"), fc.double(), fc.jsonValue());
  const chunk = fc.dictionary(word, fc.oneof(value, fc.dictionary(word, value)));
  fc.assert(
    fc.property(fc.array(chunk), (chunks) => {
      const usage = heard(...chunks);
      expect(Object.values(usage ?? {}).every((count) => Number.isSafeInteger(count) && count >= 0)).toBe(
        true,
      );
    }),
  );
});
