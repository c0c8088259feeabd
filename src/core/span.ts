/** Attribute values as OTLP knows them. */
export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** The attributes of the entity that made a fact (`service.name`, `host.name`, `cicd.*` …). */
export type ResourceAttributes = Readonly<Record<string, string>>;

/** Identity of a span, as it was decided when the fact was made. Ids are lower-case hex. */
export interface SpanIdentity {
  /** 32 hex digits, not all zero. */
  readonly traceId: string;
  /** 16 hex digits, not all zero. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly sampled: boolean;
  /** `tracestate` that came in with the parent, passed on unchanged. */
  readonly state?: string;
}

/** A finished span, in our own terms: what a sink makes of facts and a backend client delivers. */
export interface SpanRecord {
  readonly identity: SpanIdentity;
  readonly name: string;
  readonly kind: "INTERNAL" | "SERVER" | "CLIENT";
  /** Milliseconds since the epoch, fractions allowed. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly status: { readonly code: "UNSET" | "OK" | "ERROR"; readonly message?: string };
  readonly events: readonly {
    readonly name: string;
    readonly timeMs: number;
    readonly attributes: Attributes;
  }[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: Attributes;
  }[];
  readonly resource: ResourceAttributes;
}
