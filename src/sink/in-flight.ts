import type { SpanRecord } from "../core/span.ts";
import type { InFlight } from "./checkpoint.ts";

/** These too are in doubt from now on. */
export function withInFlight(
  inFlight: InFlight | undefined,
  spans: readonly SpanRecord[],
): InFlight | undefined {
  if (spans.length === 0) return inFlight;
  const starts = spans.map(({ startMs }) => startMs);
  return {
    spanIds: [...new Set([...(inFlight?.spanIds ?? []), ...spans.map(({ identity }) => identity.spanId)])],
    fromMs: Math.min(inFlight?.fromMs ?? Number.POSITIVE_INFINITY, ...starts),
    toMs: Math.max(inFlight?.toMs ?? 0, ...starts),
  };
}

/** What became of these is known. @returns undefined when nothing is left in doubt. */
export function withoutInFlight(
  inFlight: InFlight | undefined,
  spans: readonly SpanRecord[],
): InFlight | undefined {
  if (inFlight === undefined) return undefined;
  const settled = new Set(spans.map(({ identity }) => identity.spanId));
  const spanIds = inFlight.spanIds.filter((id) => !settled.has(id));
  return spanIds.length === 0 ? undefined : { ...inFlight, spanIds };
}
