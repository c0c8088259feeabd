import { type Environment, envValue } from "./environment.ts";
import { randomHex } from "./random.ts";
import type { SpanIdentity } from "./span.ts";

/** The parent that the environment hands in. */
export interface ParentContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly state?: string;
}

/**
 * Reads `TRACEPARENT` and `TRACESTATE` as W3C Trace Context has them
 * (https://www.w3.org/TR/trace-context/#traceparent-header; upper-case names only, as the OpenTelemetry
 * environment carrier says). What is malformed is ignored, as is all of it when `OTEL_PROPAGATORS` leaves
 * `tracecontext` out.
 */
export function parentFromEnvironment(env: Environment): ParentContext | undefined {
  const traceparent = envValue(env, "TRACEPARENT")?.trim();
  if (traceparent === undefined) return undefined;
  const propagators = envValue(env, "OTEL_PROPAGATORS");
  if (propagators !== undefined && !propagators.split(",").some((name) => name.trim() === "tracecontext")) {
    return undefined;
  }
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(traceparent);
  if (match === null) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const state = envValue(env, "TRACESTATE")?.trim();
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    ...(state !== undefined && isTraceState(state) ? { state } : {}),
  };
}

/** What is handed on to child processes as it is; ignored when malformed (https://www.w3.org/TR/baggage/#definition). */
export function baggageFromEnvironment(env: Environment): string | undefined {
  const baggage = envValue(env, "BAGGAGE")?.trim();
  return baggage !== undefined && isList(baggage, 8192, BAGGAGE_MEMBER) ? baggage : undefined;
}

/** https://www.w3.org/TR/trace-context/#tracestate-header-field-values */
function isTraceState(text: string): boolean {
  return isList(text, 512, TRACE_STATE_MEMBER);
}

const TRACE_STATE_MEMBER =
  /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

const BAGGAGE_MEMBER =
  /^[\w!#$%&'*+.^`|~-]+[ \t]*=[ \t]*[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*[ \t]*(;[\x20-\x7e]*)?$/;

/** Members between commas; those of spaces alone count for nothing. */
function isList(text: string, maxLength: number, member: RegExp): boolean {
  const members = text.split(",").map((part) => part.trim());
  return text.length <= maxLength && members.every((part) => part === "" || member.test(part));
}

/** `TRACEPARENT` for a child process of this span. */
export function formatTraceparent({ traceId, spanId, sampled }: SpanIdentity): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** Decides identity and sampling of a new span: under the given parent, else as the root of a new trace. */
export function newSpanIdentity(env: Environment, parent = parentFromEnvironment(env)): SpanIdentity {
  const random = randomHex(24);
  const traceId = parent?.traceId ?? random.slice(0, 32);
  return {
    traceId,
    spanId: random.slice(32),
    ...(parent === undefined ? {} : { parentSpanId: parent.spanId }),
    sampled: isSampled(env, traceId, parent),
    ...(parent?.state === undefined ? {} : { state: parent.state }),
  };
}

/**
 * `OTEL_TRACES_SAMPLER` and its argument as the OpenTelemetry SDK for JavaScript reads them
 * (sdk-trace: `TraceIdRatioBasedSampler`, `ParentBasedSampler`); an unknown name or a bad ratio means the
 * default, `parentbased_always_on`.
 */
function isSampled(env: Environment, traceId: string, parent: ParentContext | undefined): boolean {
  const name = envValue(env, "OTEL_TRACES_SAMPLER")?.trim() ?? "parentbased_always_on";
  if (parent !== undefined && (name.startsWith("parentbased_") || !samplers.includes(name))) {
    return parent.sampled;
  }
  switch (name) {
    case "always_off":
    case "parentbased_always_off":
      return false;
    case "traceidratio":
    case "parentbased_traceidratio":
      return accumulate(traceId) < upperBound(samplingRatio(env));
    default:
      return true;
  }
}

export const samplers: readonly string[] = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
];

function samplingRatio(env: Environment): number {
  const ratio = Number(envValue(env, "OTEL_TRACES_SAMPLER_ARG") ?? 1);
  return ratio >= 0 && ratio <= 1 ? ratio : 1;
}

function upperBound(ratio: number): number {
  return ratio === 1 ? 0x100000000 : Math.floor(ratio * 0xffffffff);
}

/** The SDK's fold of a trace id into 32 bits. */
function accumulate(traceId: string): number {
  let sum = 0;
  for (let i = 0; i < 32; i += 8) sum = (sum ^ Number.parseInt(traceId.slice(i, i + 8), 16)) >>> 0;
  return sum;
}
