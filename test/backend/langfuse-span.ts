import type { SpanRecord } from "../../src/core/span.ts";

let count = 0;

/** A span as the Langfuse sink sends it; those of `attributes` come on top. */
export function aLangfuseSpan(
  { attributes, ...changes }: Partial<SpanRecord> = {},
  traceId = "a".repeat(32),
): SpanRecord {
  return {
    identity: { traceId, spanId: (++count).toString(16).padStart(16, "0"), sampled: true },
    name: "persona_switch",
    kind: "INTERNAL",
    startMs: 1_750_000_000_000,
    endMs: 1_750_000_001_000,
    attributes: {
      "langfuse.environment": "default",
      "langfuse.version": "1.2.3",
      "langfuse.user.id": "a",
      "langfuse.session.id": "default",
      "langfuse.trace.name": "persona_switch",
      ...attributes,
    },
    status: { code: "OK" },
    events: [],
    links: [],
    resource: { "service.name": "tta-persona" },
    ...changes,
  };
}
