/** A span as a backend received it. Ids are lower-case hex. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: "UNSPECIFIED" | "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
  readonly status: { readonly code: "UNSET" | "OK" | "ERROR"; readonly message?: string };
  readonly attributes: PlainAttributes;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  /** The nanoseconds above in milliseconds since the epoch, with their fraction as far as a double holds it. */
  readonly startMs: number;
  readonly endMs: number;
  readonly events: readonly {
    readonly name: string;
    readonly timeMs: number;
    readonly attributes: PlainAttributes;
  }[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: PlainAttributes;
  }[];
  /** Attributes of the resource. */
  readonly resource: PlainAttributes;
  readonly scope: { readonly name: string; readonly version: string };
}

type PlainAttributes = Readonly<Record<string, unknown>>;

/** What makes a backend answer 400. */
export class MalformedSpans extends Error {}

const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;
const STATUS_CODES = ["UNSET", "OK", "ERROR"] as const;

interface KeyValue {
  key: string;
  value?: Record<string, unknown>;
}

/** Makes plain spans of an `ExportTraceServiceRequest` in OTLP's JSON encoding. Throws {@link MalformedSpans}. */
export function spansOfRequest(request: Record<string, unknown>): ReceivedSpan[] {
  return list(request.resourceSpans).flatMap((ofResource) =>
    list(ofResource.scopeSpans).flatMap((ofScope) =>
      list(ofScope.spans).map((span) => plainSpan(span, record(ofResource.resource), record(ofScope.scope))),
    ),
  );
}

function plainSpan(
  span: Record<string, unknown>,
  resource: Record<string, unknown>,
  scope: Record<string, unknown>,
): ReceivedSpan {
  const startTimeUnixNano = nanos(span.startTimeUnixNano);
  const endTimeUnixNano = nanos(span.endTimeUnixNano);
  const parentSpanId = span.parentSpanId ? { parentSpanId: id(span.parentSpanId, 8, "parent span id") } : {};
  const traceState = span.traceState ? { traceState: String(span.traceState) } : {};
  return {
    traceId: id(span.traceId, 16, "trace id"),
    spanId: id(span.spanId, 8, "span id"),
    ...parentSpanId,
    ...traceState,
    name: String(span.name ?? ""),
    kind: at(KINDS, span.kind, "kind"),
    status: plainStatus(record(span.status)),
    attributes: plainAttributes(span.attributes),
    startTimeUnixNano,
    endTimeUnixNano,
    startMs: milliseconds(startTimeUnixNano),
    endMs: milliseconds(endTimeUnixNano),
    events: list(span.events).map((event) => ({
      name: String(event.name ?? ""),
      timeMs: milliseconds(nanos(event.timeUnixNano)),
      attributes: plainAttributes(event.attributes),
    })),
    links: list(span.links).map((link) => ({
      traceId: id(link.traceId, 16, "trace id of a link"),
      spanId: id(link.spanId, 8, "span id of a link"),
      attributes: plainAttributes(link.attributes),
    })),
    resource: plainAttributes(resource.attributes),
    scope: { name: String(scope.name ?? ""), version: String(scope.version ?? "") },
  };
}

function plainStatus(status: Record<string, unknown>): ReceivedSpan["status"] {
  const code = at(STATUS_CODES, status.code, "status code");
  return status.message ? { code, message: String(status.message) } : { code };
}

function plainAttributes(attributes: unknown): PlainAttributes {
  return Object.fromEntries(list(attributes).map((pair) => keyAndValue(pair as unknown as KeyValue)));
}

function keyAndValue({ key, value }: KeyValue): [string, unknown] {
  if (typeof key !== "string" || key === "") throw new MalformedSpans("attribute without a key");
  return [key, plainValue(record(value))];
}

function plainValue(value: Record<string, unknown>): unknown {
  if ("intValue" in value) return Number(value.intValue);
  if ("arrayValue" in value) return list(record(value.arrayValue).values).map(plainValue);
  if ("kvlistValue" in value) return plainAttributes(record(value.kvlistValue).values);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue;
}

function id(value: unknown, byteLength: number, what: string): string {
  const hex = typeof value === "string" ? value.toLowerCase() : "";
  if (!new RegExp(`^[0-9a-f]{${byteLength * 2}}$`).test(hex)) throw new MalformedSpans(`${what}: "${value}"`);
  if (/^0+$/.test(hex)) throw new MalformedSpans(`${what} of zeros`);
  return hex;
}

function nanos(value: unknown): bigint {
  if (typeof value !== "string" && typeof value !== "number") throw new MalformedSpans(`time: ${value}`);
  return BigInt(value);
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1e6;
}

/** Enumerations are integers on the wire, in JSON too; names are not allowed there. Absent means 0. */
function at<T>(names: readonly T[], value: unknown, what: string): T {
  const name = names[Number(value ?? 0)];
  if (name === undefined) throw new MalformedSpans(`${what}: ${value}`);
  return name;
}

function list(value: unknown): Record<string, unknown>[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new MalformedSpans("a list was expected");
  return value.map(record);
}

function record(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object") throw new MalformedSpans("an object was expected");
  return value as Record<string, unknown>;
}
