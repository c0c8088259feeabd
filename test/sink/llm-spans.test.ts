import { expect, test } from "vitest";
import { llmSpan } from "../../src/sink/llm-spans.ts";
import { emptySpanFold, foldSpans } from "../../src/sink/otlp-spans.ts";
import { aFact } from "../journal/a-fact.ts";

const START = 1_750_000_000_000;
const call = {
  persona: "backend-engineer",
  chatmode: "tdd",
  provider: "google",
  model: "gemini-2.5-pro",
  outcome: "ok",
  tokens: 11_000,
  usage: { input: 10_000, cachedInput: 4000, cacheCreation: 0, output: 1000, reasoning: 300 },
  costUsd: 0.018,
  startedAt: START,
  durationSeconds: 1.5,
  request: { maxTokens: 200, temperature: 0, stream: true },
  response: { id: "r-1", model: "gemini-2.5-pro-001", finishReasons: ["STOP"] },
  server: { address: "api.example", port: 443 },
  input: { text: "the prompt" },
  output: { text: "the answer" },
  metadata: { ticket: "A-1" },
};
const factOf = (data: object) => aFact({ type: "llm.called", ts: START + 2000, data });

test("a call is a client's span by the conventions, without its texts", () => {
  const fact = factOf(call);
  const { span } = foldSpans(emptySpanFold, fact);
  expect(span).toEqual({
    identity: fact.trace,
    name: "chat gemini-2.5-pro",
    kind: "CLIENT",
    startMs: START,
    endMs: START + 1500,
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "gcp.gemini",
      "gen_ai.request.model": "gemini-2.5-pro",
      "gen_ai.request.stream": true,
      "gen_ai.request.max_tokens": 200,
      "gen_ai.request.temperature": 0,
      "gen_ai.response.id": "r-1",
      "gen_ai.response.model": "gemini-2.5-pro-001",
      "gen_ai.response.finish_reasons": ["STOP"],
      "gen_ai.usage.input_tokens": 10_000,
      "gen_ai.usage.output_tokens": 1000,
      "gen_ai.usage.cache_read.input_tokens": 4000,
      "gen_ai.usage.cache_creation.input_tokens": 0,
      "server.address": "api.example",
      "server.port": 443,
      "tta.persona": "backend-engineer",
      "tta.chatmode": "tdd",
    },
    status: { code: "OK" },
    events: [],
    links: [],
    resource: fact.resource,
  });
});

test("a failed one says why, and one that nobody timed ends with its fact", () => {
  const { startedAt: _, durationSeconds: __, ...untimed } = call;
  const error = { type: "429", message: "slow down" };
  expect(llmSpan(factOf({ ...untimed, outcome: "error", error }))).toMatchObject({
    startMs: START + 2000,
    endMs: START + 2000,
    attributes: { "error.type": "429" },
    status: { code: "ERROR", message: "slow down" },
  });
  expect(llmSpan(factOf({ ...call, outcome: "aborted" }))).toMatchObject({
    attributes: { "error.type": "aborted" },
    status: { code: "ERROR", message: "aborted" },
  });
});

test("what was not sampled, or makes no sense, is no span", () => {
  const { trace } = aFact();
  expect(llmSpan({ ...factOf(call), trace: { ...trace, sampled: false } })).toBeUndefined();
  for (const broken of [
    { usage: { input: 1 } },
    { usage: { ...call.usage, input: -1 } },
    { response: { finishReasons: "stop" } },
    { request: { temperature: "hot" } },
    { server: { address: "a" } },
    { error: "bad" },
    { startedAt: "now" },
    { provider: "" },
  ]) {
    expect(llmSpan(factOf({ ...call, ...broken }))).toBeUndefined();
  }
});

test("a provider that is called as a property of every object is a name like others", () => {
  const { span } = foldSpans(emptySpanFold, factOf({ ...call, provider: "constructor" }));
  expect(span?.attributes).toMatchObject({ "gen_ai.provider.name": "constructor" });
});
