import type { Attributes, AttributeValue, SpanRecord } from "../core/span.ts";
import type { Body, LlmCalled, LlmCalledFact, LlmUsage } from "../projection/llm-facts.ts";
import { callName } from "./langfuse-identity.ts";
import type { BodyReference, ReplayedSpan } from "./replayed.ts";

export const INPUT = "langfuse.observation.input";
export const OUTPUT = "langfuse.observation.output";

/** The name in a call's metadata under which an experiment keeps what it wants to hear. */
const EXPECTED_OUTPUT = "expected_output";

/** What a text that is not complete ends with. */
export const CUT_NOTE = "\n[cut off by tta-persona]";

/**
 * A call as Langfuse's `generation` (https://langfuse.com/integrations/native/opentelemetry). Amounts and parameters
 * are JSON texts there. What the fact does not know is left out, which Langfuse may fill in by its own prices.
 *
 * @param segment that the fact lies in, beside which its big bodies are.
 */
export function generationSpan(fact: LlmCalledFact, segment: number, identity: Attributes): ReplayedSpan {
  const { data } = fact;
  const { persona, chatmode, taskType, startedAt, durationSeconds } = data;
  const startMs = Math.min(startedAt ?? fact.ts - (durationSeconds ?? 0) * 1000, fact.ts);
  const bodies = [...reference(INPUT, data.input, segment), ...reference(OUTPUT, data.output, segment)];
  return {
    identity: fact.trace,
    name: callName(persona, chatmode, taskType),
    kind: "CLIENT",
    startMs,
    endMs: durationSeconds === undefined ? fact.ts : startMs + durationSeconds * 1000,
    attributes: {
      ...identity,
      "langfuse.observation.type": "generation",
      "langfuse.observation.model.name": data.model,
      ...json("langfuse.observation.model.parameters", modelParameters(data)),
      ...json("langfuse.observation.usage_details", usageDetails(data.usage)),
      ...json("langfuse.observation.cost_details", costDetails(data)),
      // Langfuse reads it as JSON, quotation marks included.
      ...json("langfuse.observation.completion_start_time", firstTokenTime(data)),
      ...promptLink(data),
      ...experimentItem(fact),
      ...inlineText(INPUT, data.input),
      ...inlineText(OUTPUT, data.output),
      ...(data.outcome === "ok" || data.outcome === "error"
        ? {}
        : { "langfuse.observation.level": "WARNING" }),
      ...metadata(data),
    },
    status: statusOf(data),
    events: [],
    links: [],
    resource: fact.resource,
    ...(bodies.length === 0 ? {} : { bodies }),
  };
}

function modelParameters({ request }: LlmCalled) {
  const { maxTokens, temperature, stream } = request ?? {};
  return known({ max_tokens: maxTokens, temperature, stream });
}

/** Langfuse adds the parts up, so none may be included in another. */
function usageDetails(usage: LlmUsage | undefined) {
  if (usage === undefined) return undefined;
  const { input, cachedInput, cacheCreation, output, reasoning } = usage;
  return {
    input: Math.max(0, input - cachedInput - cacheCreation),
    ...(cachedInput > 0 ? { input_cached_tokens: cachedInput } : {}),
    ...(cacheCreation > 0 ? { input_cache_creation: cacheCreation } : {}),
    output: Math.max(0, output - reasoning),
    ...(reasoning > 0 ? { output_reasoning_tokens: reasoning } : {}),
  };
}

function costDetails({ costUsd, cost }: LlmCalled) {
  if (costUsd === null) return undefined;
  return { ...(cost === undefined ? {} : { input: cost.inputUsd, output: cost.outputUsd }), total: costUsd };
}

function firstTokenTime({ firstTokenAt }: LlmCalled): string | undefined {
  const time = new Date(firstTokenAt ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function promptLink({ prompt }: LlmCalled): Attributes {
  if (prompt === undefined) return {};
  return {
    "langfuse.observation.prompt.name": prompt.name,
    "langfuse.observation.prompt.version": prompt.version,
  };
}

/** Of an experiment each item is a trace, and the call its root (https://langfuse.com/integrations/native/opentelemetry/experiments). */
function experimentItem({ data, trace }: LlmCalledFact): Attributes {
  const { experiment, metadata } = data;
  if (experiment === undefined) return {};
  const expected = metadata?.[EXPECTED_OUTPUT];
  return {
    "langfuse.experiment.id": experiment.id,
    "langfuse.experiment.name": experiment.name,
    "langfuse.experiment.dataset.id": experiment.datasetId,
    "langfuse.experiment.item.id": experiment.itemId,
    "langfuse.experiment.item.root_observation_id": trace.spanId,
    ...(expected === undefined ? {} : { "langfuse.experiment.item.expected_output": expected }),
  };
}

function statusOf({ outcome, error }: LlmCalled): SpanRecord["status"] {
  if (outcome === "ok") return { code: "OK" };
  const message = error === undefined ? outcome : `${error.type}: ${error.message}`;
  return { code: outcome === "error" ? "ERROR" : "UNSET", message };
}

/** Plain names; the sink makes Langfuse's metadata of them. Those that the caller chose go last. */
function metadata(data: LlmCalled): Attributes {
  const { provider, operation, outcome, response, server, prompt } = data;
  return {
    outcome,
    ...known({
      provider,
      operation,
      error_type: data.error?.type,
      response_id: response?.id,
      response_model: response?.model,
      finish_reasons: response?.finishReasons,
      server_address: server?.address,
      prompt_label: prompt?.label,
    }),
    ...Object.fromEntries(
      Object.entries(data.metadata ?? {}).map(([name, value]) => [name.replace(/^langfuse\./, "_$&"), value]),
    ),
  };
}

function inlineText(attribute: string, body: Body | undefined): Attributes {
  if (body === undefined || !("text" in body)) return {};
  return { [attribute]: body.isCut === true ? `${body.text}${CUT_NOTE}` : body.text };
}

function reference(attribute: string, body: Body | undefined, segment: number): readonly BodyReference[] {
  // It names a file, and facts are not trusted.
  if (body === undefined || !("hash" in body) || !/^[0-9A-Za-z_-]+$/.test(body.hash)) return [];
  return [{ attribute, segment, hash: body.hash, bytes: body.bytes, isCut: body.isCut === true }];
}

function json(attribute: string, value: object | string | undefined): Attributes {
  return value === undefined ? {} : { [attribute]: JSON.stringify(value) };
}

type Known = Readonly<Record<string, AttributeValue>>;

/** @returns undefined when nothing is known. */
function known(values: Readonly<Record<string, AttributeValue | undefined>>): Known | undefined {
  const entries = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
