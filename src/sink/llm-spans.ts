import type { Attributes, AttributeValue, SpanRecord } from "../core/span.ts";
import type { Fact } from "../journal/fact.ts";
import { isLlmCalled } from "../projection/facts.ts";
import type { LlmCalled } from "../projection/llm-facts.ts";

/** Names that OpenTelemetry has for providers which are called otherwise here. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ["google", "gcp.gemini"],
  ["gemini", "gcp.gemini"],
]);

/** What an operation is when nobody says. */
const DEFAULT_OPERATION = "chat";

/**
 * The span of a model call, by OpenTelemetry's conventions for generative AI; undefined for any other fact, and for
 * what the sampler left out. Prompt and response are not in it.
 */
export function llmSpan(fact: Fact): SpanRecord | undefined {
  if (!isLlmCalled(fact) || !fact.trace.sampled) return undefined;
  const { data } = fact;
  const { startMs, endMs } = timesOf(data, fact.ts);
  const operation = data.operation ?? DEFAULT_OPERATION;
  return {
    identity: fact.trace,
    name: `${operation} ${data.model}`,
    kind: "CLIENT",
    startMs,
    endMs,
    attributes: present({
      "gen_ai.operation.name": operation,
      "gen_ai.provider.name":
        data.provider === undefined ? undefined : (PROVIDERS.get(data.provider) ?? data.provider),
      ...requestAttributes(data),
      ...answerAttributes(data),
      "server.address": data.server?.address,
      "server.port": data.server?.port,
      "tta.persona": data.persona,
      "tta.chatmode": data.chatmode,
    }),
    status: statusOf(data),
    events: [],
    links: [],
    resource: fact.resource,
  };
}

function requestAttributes({ model, request }: LlmCalled) {
  return {
    "gen_ai.request.model": model,
    "gen_ai.request.stream": request?.stream,
    "gen_ai.request.max_tokens": request?.maxTokens,
    "gen_ai.request.temperature": request?.temperature,
  };
}

function answerAttributes(data: LlmCalled) {
  const { response, usage } = data;
  return {
    "gen_ai.response.id": response?.id,
    "gen_ai.response.model": response?.model,
    "gen_ai.response.finish_reasons": response?.finishReasons,
    "gen_ai.usage.input_tokens": usage?.input,
    "gen_ai.usage.output_tokens": usage?.output,
    "gen_ai.usage.cache_read.input_tokens": usage?.cachedInput,
    "gen_ai.usage.cache_creation.input_tokens": usage?.cacheCreation,
    "error.type": errorType(data),
  };
}

function errorType({ outcome, error }: LlmCalled): string | undefined {
  return outcome === "ok" ? undefined : (error?.type ?? outcome);
}

function statusOf(data: LlmCalled): SpanRecord["status"] {
  if (data.outcome === "ok") return { code: "OK" };
  return { code: "ERROR", message: data.error?.message || data.outcome };
}

/** Where only one of start, end and duration is known, the fact's time is the end. */
function timesOf({ startedAt, durationSeconds }: LlmCalled, ts: number) {
  const startMs = Math.min(startedAt ?? ts - (durationSeconds ?? 0) * 1000, ts);
  const endMs = durationSeconds === undefined ? ts : startMs + durationSeconds * 1000;
  // The clock may have been set between the two.
  return { startMs, endMs: Math.max(startMs, endMs) };
}

function present(attributes: Readonly<Record<string, AttributeValue | undefined>>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, AttributeValue] => entry[1] !== undefined),
  );
}
