import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type PriceOverrides, priceOf } from "../../src/llm/price.ts";
import { readPriceFile } from "../../src/llm/price-file.ts";

const AT = Date.UTC(2026, 0, 1);
const usage = { input: 10_000, cachedInput: 4000, cacheCreation: 0, output: 1000, reasoning: 0 };
const claude = { ...usage, cacheCreation: 1000 };
const none: PriceOverrides = new Map();

test.each([
  ["openai", "gpt-4o", usage, 0.03],
  ["openai", "gpt-5", usage, 0.018],
  ["openai", "gpt-5-mini", usage, 0.0036],
  ["openai", "gpt-5-nano", usage, 0.00072],
  ["anthropic", "claude-sonnet-4-5", claude, 0.03495],
  ["anthropic", "claude-opus-4-1", claude, 0.17475],
  ["anthropic", "claude-opus-4-6", claude, 0.05825],
  ["anthropic", "claude-opus-4-6", { ...claude, cacheCreationHour: 1000 }, 0.062],
  ["anthropic", "claude-opus-4-6", { ...claude, cacheCreationHour: 400 }, 0.05975],
  ["google", "gemini-2.5-pro", { ...usage, reasoning: 400 }, 0.018],
] as const)("%s/%s", async (provider, model, tokens, expected) => {
  const price = await priceOf({ provider, model, usage: tokens, at: AT }, none);
  expect(Math.abs((price?.costUsd ?? 0) - expected)).toBeLessThan(1e-9);
  const { inputUsd = 0, outputUsd = 0 } = price?.cost ?? {};
  expect(inputUsd + outputUsd).toBeCloseTo(expected, 9);
});

test("what is unknown has no price, and neither has usage that makes no sense", async () => {
  for (const [provider, model] of [
    ["compatible", "gpt-4o"],
    ["openai", "gpt-99"],
    [undefined, "constructor"],
  ] as const) {
    const name = provider === undefined ? { model } : { provider, model };
    expect(await priceOf({ ...name, usage, at: AT }, none)).toBeNull();
  }
  const nonsense = { ...usage, cachedInput: 20_000 };
  expect(await priceOf({ provider: "openai", model: "gpt-4o", usage: nonsense, at: AT }, none)).toBeNull();
});

test("the user's own prices go first, also for a call whose provider nobody named", async () => {
  const overrides: PriceOverrides = new Map([
    ["openai/gpt-4o", { input: 1, cachedInput: 0.5, output: 10 }],
    ["compatible/llama", { input: 0, output: 0 }],
    ["mine", { input: 2, cacheCreation: 4, output: 0 }],
    ["hours", { input: 2, cacheCreation: 4, cacheCreationHour: 6, output: 0 }],
  ]);
  const cost = async (name: { provider?: string; model: string }, tokens = usage) =>
    (await priceOf({ ...name, usage: tokens, at: AT }, overrides))?.costUsd;
  expect(await cost({ provider: "openai", model: "gpt-4o" })).toBeCloseTo(0.006 + 0.002 + 0.01, 12);
  expect(await cost({ model: "gpt-4o" })).toBeCloseTo(0.018, 12);
  expect(await cost({ provider: "compatible", model: "llama" })).toBe(0);
  expect(await cost({ provider: "compatible", model: "mine" }, claude)).toBeCloseTo(0.018 + 0.004, 12);
  const hour = { ...claude, cacheCreationHour: 400 };
  expect(await cost({ provider: "compatible", model: "mine" }, hour)).toBeCloseTo(0.018 + 0.004, 12);
  expect(await cost({ provider: "compatible", model: "hours" }, hour)).toBeCloseTo(0.018 + 0.0048, 12);
});

function priceFile(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), "tta-persona-prices-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, "prices.yaml"), text);
  return join(dir, "prices.yaml");
}

test("the price file is YAML or JSON, and need not be there", async () => {
  const yaml = await readPriceFile(priceFile("# mine\na/b: {input: 1, output: 2}\n"));
  const json = await readPriceFile(priceFile('{"a/b": {"input": 1, "output": 2}}'));
  expect(yaml).toEqual({ ok: true, value: new Map([["a/b", { input: 1, output: 2 }]]) });
  expect(json).toEqual(yaml);
  expect(await readPriceFile("/nowhere/prices.yaml")).toEqual({ ok: true, value: new Map() });
  expect(await readPriceFile(priceFile("# nothing yet\n"))).toEqual({ ok: true, value: new Map() });
});

test.each([
  ["a/b: {input: 1}", ":1:6: a/b.output is missing"],
  ["x/y: {input: 1, output: 2}\na/b: {input: -1, output: 2}", ":2:14: a/b.input"],
  ["a/b: {input: 1, output: 2, cached: 1}", ":1:28: a/b.cached"],
  ["a/b: [", ":1:7: "],
])("a broken price file is told with its place: %s", async (text, message) => {
  const read = await readPriceFile(priceFile(text));
  expect(read).toMatchObject({ ok: false, error: { reason: "broken-prices", hint: expect.any(String) } });
  expect(!read.ok && read.error.message).toContain(`prices.yaml${message}`);
});
