import type { ApiIngestionEvent } from "langfuse";
import type { Attributes, SpanRecord } from "../core/span.ts";
import { oneLine } from "./classify-response.ts";
import type { LangfuseProject } from "./langfuse-http.ts";
import { asRecord } from "./langfuse-pages.ts";
import type { DeliveryOutcome } from "./outcome.ts";

/**
 * Spans with Langfuse's attributes by the ingestion API, for servers that take none over OTLP (before 3.22); from
 * version 4 on it takes scores only. What is sent again replaces what is there. The npm package `langfuse` sends them,
 * and says by its types what an event is.
 */
export async function ingest(
  project: LangfuseProject,
  spans: readonly SpanRecord[],
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  const batch = [...tracesOf(spans).map(traceEvent), ...spans.map(observationEvent)];
  const { ingestBatch } = await import("./langfuse-package.ts");
  const answer = await ingestBatch(project, batch, signal);
  if (!answer.ok) return answer.error;
  const errors = (answer.value as { readonly errors?: unknown } | null)?.errors;
  if (!Array.isArray(errors)) return { status: "unavailable", reason: "invalid_response" };
  // Answered 207 whatever became of the single events.
  if (errors.length === 0) return { status: "accepted" };
  const first = asRecord(errors[0]);
  const status = Number(first.status);
  if (status >= 400 && status <= 499 && ![401, 403, 404, 429].includes(status)) {
    return { status: "refused", reason: "http_400", detail: oneLine(String(first.message ?? "")) };
  }
  return { status: "unavailable", reason: Number.isInteger(status) ? `http_${status}` : "invalid_response" };
}

/** Of each trace the span that says most of it: the outermost that is here, which is over last. */
function tracesOf(spans: readonly SpanRecord[]): readonly SpanRecord[] {
  const outermost = new Map<string, SpanRecord>();
  for (const span of spans) {
    const { traceId } = span.identity;
    const known = outermost.get(traceId);
    if (known === undefined || known.identity.parentSpanId !== undefined) outermost.set(traceId, span);
  }
  return [...outermost.values()];
}

function traceEvent({ identity, startMs, attributes }: SpanRecord): ApiIngestionEvent {
  return {
    id: `${identity.traceId}-${identity.spanId}-trace`,
    type: "trace-create",
    timestamp: iso(startMs),
    body: {
      id: identity.traceId,
      timestamp: iso(startMs),
      ...pick(attributes, {
        name: "langfuse.trace.name",
        userId: "langfuse.user.id",
        sessionId: "langfuse.session.id",
        tags: "langfuse.trace.tags",
        release: "langfuse.release",
        version: "langfuse.version",
        environment: "langfuse.environment",
      }),
      metadata: below(attributes, "langfuse.trace.metadata."),
    },
  };
}

const EVENT_TYPE: Readonly<Record<string, "event-create" | "generation-create">> = {
  event: "event-create",
  generation: "generation-create",
};

function observationEvent({ identity, name, startMs, endMs, attributes }: SpanRecord): ApiIngestionEvent {
  const type = EVENT_TYPE[String(attributes["langfuse.observation.type"])] ?? "span-create";
  const { traceId, spanId, parentSpanId } = identity;
  const isEvent = type === "event-create";
  return {
    id: `${traceId}-${spanId}`,
    type,
    timestamp: iso(endMs),
    body: {
      id: spanId,
      traceId,
      name,
      startTime: iso(startMs),
      ...(isEvent ? {} : { endTime: iso(endMs) }),
      ...(parentSpanId === undefined ? {} : { parentObservationId: parentSpanId }),
      ...pick(attributes, {
        level: "langfuse.observation.level",
        statusMessage: "langfuse.observation.status_message",
        input: "langfuse.observation.input",
        output: "langfuse.observation.output",
        version: "langfuse.version",
        environment: "langfuse.environment",
        model: "langfuse.observation.model.name",
        promptName: "langfuse.observation.prompt.name",
        promptVersion: "langfuse.observation.prompt.version",
      }),
      ...parsed(attributes, {
        modelParameters: "langfuse.observation.model.parameters",
        usageDetails: "langfuse.observation.usage_details",
        costDetails: "langfuse.observation.cost_details",
        completionStartTime: "langfuse.observation.completion_start_time",
      }),
      metadata: below(attributes, "langfuse.observation.metadata."),
    },
  };
}

function pick(attributes: Attributes, names: Readonly<Record<string, string>>): Attributes {
  return Object.fromEntries(
    Object.entries(names).flatMap(([field, name]) => {
      const value = attributes[name];
      return value === undefined ? [] : [[field, value]];
    }),
  );
}

/** Over OTLP these are JSON texts, here they are what those say. */
function parsed(attributes: Attributes, names: Readonly<Record<string, string>>): object {
  const texts = Object.entries(pick(attributes, names));
  return Object.fromEntries(texts.map(([field, text]) => [field, JSON.parse(String(text)) as unknown]));
}

function below(attributes: Attributes, prefix: string): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

const iso = (ms: number) => new Date(ms).toISOString();
