import type { HrTime, SpanContext, TraceState } from "@opentelemetry/api";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import type { ResourceAttributes, SpanRecord } from "../core/span.ts";

/** The values of `SpanKind`, `SpanStatusCode` and `TraceFlags` in @opentelemetry/api. */
const KIND = { INTERNAL: 0, SERVER: 1, CLIENT: 2 } as const;
const STATUS = { UNSET: 0, OK: 1, ERROR: 2 } as const;
const SAMPLED = 1;

type Attributes = ReadableSpan["attributes"];

/** Turns our spans into what the SDK's exporters take, without a tracer: ids and times were decided long ago. */
export function createSpanConverter(
  scope: ReadableSpan["instrumentationScope"],
): (records: readonly SpanRecord[]) => ReadableSpan[] {
  return (records) => {
    // The serializers group by object identity.
    const resources = new Map<string, Resource>();
    function intern(attributes: ResourceAttributes): Resource {
      const key = JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
      const resource = resources.get(key) ?? resourceFromAttributes({ ...attributes });
      resources.set(key, resource);
      return resource;
    }
    return records.map((record) => toReadableSpan(record, intern(record.resource), scope));
  };
}

function toReadableSpan(
  record: SpanRecord,
  resource: Resource,
  instrumentationScope: ReadableSpan["instrumentationScope"],
): ReadableSpan {
  const { traceId, spanId, parentSpanId, sampled, state } = record.identity;
  const context: SpanContext = {
    traceId,
    spanId,
    traceFlags: sampled ? SAMPLED : 0,
    ...(state !== undefined && { traceState: unchangedState(state) }),
  };
  const { code, message } = record.status;
  return {
    name: record.name,
    kind: KIND[record.kind],
    spanContext: () => context,
    ...(parentSpanId !== undefined && { parentSpanContext: { ...context, spanId: parentSpanId } }),
    startTime: toHrTime(record.startMs),
    endTime: toHrTime(record.endMs),
    duration: toHrTime(Math.max(record.endMs - record.startMs, 0)),
    status: { code: STATUS[code], ...(message !== undefined && { message }) },
    attributes: record.attributes as Attributes,
    events: record.events.map(({ name, timeMs, attributes }) => ({
      name,
      time: toHrTime(timeMs),
      attributes: attributes as Attributes,
    })),
    links: record.links.map(({ traceId, spanId, attributes }) => ({
      context: { traceId, spanId, traceFlags: SAMPLED },
      attributes: attributes as Attributes,
    })),
    ended: true,
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds, exact to the microsecond: a double holds no more of the milliseconds since 1970. */
function toHrTime(ms: number): HrTime {
  const micros = Math.round((ms - Math.floor(ms)) * 1000);
  const wholeMs = Math.floor(ms) + (micros === 1000 ? 1 : 0);
  const seconds = Math.floor(wholeMs / 1000);
  return [seconds, (wholeMs - seconds * 1000) * 1_000_000 + (micros % 1000) * 1000];
}

/** The SDK's own trace state drops what it takes for malformed; ours is passed on as it came. */
function unchangedState(state: string): TraceState {
  const self: TraceState = {
    set: () => self,
    unset: () => self,
    get: () => undefined,
    serialize: () => state,
  };
  return self;
}
