import type { Owner } from "../core/owner.ts";
import type { ResourceAttributes, SpanIdentity } from "../core/span.ts";

/** Raised when a field changes its meaning; a program that finds a higher one stops and says so. */
export const FACT_VERSION = 1;

/** A fact in UTF-8 is at most this long, so that one write takes it whole; bodies go to blobs. */
export const MAX_FACT_BYTES = 262_144;

/** One thing that happened: small, immutable, timestamped. */
export interface Fact<Type extends string = string, Data extends object = object> {
  readonly v: typeof FACT_VERSION;
  /** 32 hex digits, unique. */
  readonly id: string;
  /** Milliseconds since the epoch, by the writer's clock. Tells how long, never in which order. */
  readonly ts: number;
  readonly type: Type;
  /** `global`, `project:<hash>`, `shell:<id>` `run:<id>/<stage>`, or `langfuse` for what was read there. */
  readonly scope: string;
  readonly trace: SpanIdentity;
  readonly resource: ResourceAttributes;
  readonly owner: Owner;
  readonly data: Data;
}

/** What a line of the journal turned out to be. */
export type Line =
  | { readonly kind: "fact"; readonly fact: Fact }
  | { readonly kind: "seal" }
  /** Written by a newer program, which alone knows what it means. */
  | { readonly kind: "newer"; readonly version: number }
  /** Torn by a crash, or nobody's. */
  | { readonly kind: "foreign" };

export const SEAL = '{"seal":1}';

/**
 * Reads one line. Checks the envelope by hand and without a schema library, since hot commands read facts
 * too; `fact-schema.ts` says the same in zod, and a test holds the two together.
 */
export function parseLine(text: string): Line {
  if (text === SEAL) return { kind: "seal" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "foreign" };
  }
  if (!isObject(value)) return { kind: "foreign" };
  if (typeof value.v === "number" && Number.isInteger(value.v) && value.v > FACT_VERSION) {
    return { kind: "newer", version: value.v };
  }
  return isFact(value) ? { kind: "fact", fact: value } : { kind: "foreign" };
}

function isFact(value: Readonly<Record<string, unknown>>): value is Fact & Record<string, unknown> {
  return (
    value.v === FACT_VERSION &&
    typeof value.id === "string" &&
    /^[0-9a-f]{32}$/.test(value.id) &&
    isTime(value.ts) &&
    typeof value.type === "string" &&
    /^[a-z]+(\.[a-z_]+)+$/.test(value.type) &&
    typeof value.scope === "string" &&
    value.scope !== "" &&
    isObject(value.trace) &&
    isSpanIdentity(value.trace) &&
    isObject(value.resource) &&
    Object.values(value.resource).every((attribute) => typeof attribute === "string") &&
    isOwner(value.owner) &&
    isObject(value.data)
  );
}

/** The end of the year 9999, milliseconds since the epoch. Beyond it, dates are no dates any more. */
export const LAST_TIME = 253_402_300_799_999;

/** Milliseconds since the epoch that make a date. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LAST_TIME;
}

function isSpanIdentity(trace: Readonly<Record<string, unknown>>): boolean {
  return (
    isId(trace.traceId, 32) &&
    isId(trace.spanId, 16) &&
    (trace.parentSpanId === undefined || isId(trace.parentSpanId, 16)) &&
    typeof trace.sampled === "boolean" &&
    (trace.state === undefined || typeof trace.state === "string")
  );
}

export function isOwner(owner: unknown): owner is Owner {
  return (
    isObject(owner) &&
    typeof owner.host === "string" &&
    typeof owner.boot === "string" &&
    Number.isSafeInteger(owner.pid) &&
    typeof owner.start === "string"
  );
}

/** The W3C's rule: lower-case hex of that length, and not all zero. */
function isId(value: unknown, digits: number): boolean {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
