import { expect, test } from "vitest";
import { resolveEndpoint } from "../../src/llm/endpoint.ts";

const nothing = { baseUrl: undefined, apiKey: undefined };
const env = { OPENAI_API_KEY: "k1", ANTHROPIC_API_KEY: "k2" };

test.each([
  ["openai/gpt-4o", env, nothing, "https://api.openai.com/v1", "k1"],
  ["openai/gpt-4o", { ...env, OPENAI_BASE_URL: "http://gateway/v1/" }, nothing, "http://gateway/v1", "k1"],
  ["anthropic/claude", env, nothing, "https://api.anthropic.com/v1", "k2"],
  ["anthropic/claude", { ...env, ANTHROPIC_BASE_URL: "http://gateway" }, nothing, "http://gateway/v1", "k2"],
  [
    "anthropic/claude",
    { ...env, ANTHROPIC_BASE_URL: "http://gateway/v1" },
    nothing,
    "http://gateway/v1",
    "k2",
  ],
  ["compatible/org/llama", {}, { baseUrl: "http://h:1/v1", apiKey: "k3" }, "http://h:1/v1", "k3"],
  ["ollama/llama3", {}, nothing, "http://127.0.0.1:11434/v1", undefined],
])("%s with %j", (name, environment, compatible, baseUrl, apiKey) => {
  const model = name.slice(name.indexOf("/") + 1);
  expect(resolveEndpoint(name, environment, compatible)).toMatchObject({
    ok: true,
    value: { model, baseUrl, apiKey },
  });
});

test.each([
  ["openai/gpt-4o", {}, "no-key", "OPENAI_API_KEY"],
  ["anthropic/claude", { ANTHROPIC_API_KEY: " " }, "no-key", "ANTHROPIC_API_KEY"],
  ["openai/gpt-4o", { ...env, OPENAI_BASE_URL: "gateway" }, "invalid-base-url", "Correct it"],
  ["compatible/llama", {}, "no-base-url", "llm.baseUrl"],
  ["gpt-4o", env, "invalid-model", "provider/model"],
  ["openia/gpt-4o", env, "unknown-provider", "Did you mean openai?"],
])("%s with %j: %s", (name, environment, reason, hint) => {
  const resolved = resolveEndpoint(name, environment, nothing);
  expect(resolved).toMatchObject({
    ok: false,
    error: { reason, hint: expect.stringContaining(hint) },
  });
});
