import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  baggageFromEnvironment,
  formatTraceparent,
  newSpanIdentity,
  parentFromEnvironment,
} from "../../src/core/trace-context.ts";
import { examples } from "../support/draw-examples.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const VALID = `00-${TRACE_ID}-${SPAN_ID}-01`;

describe("TRACEPARENT", () => {
  test.each([
    ["sampled", VALID, true],
    ["not sampled", `00-${TRACE_ID}-${SPAN_ID}-00`, false],
    ["with other flags", `00-${TRACE_ID}-${SPAN_ID}-03`, true],
    ["with only other flags", `00-${TRACE_ID}-${SPAN_ID}-fe`, false],
    ["of a later version", `cc-${TRACE_ID}-${SPAN_ID}-01`, true],
    ["of a later version with more fields", `cc-${TRACE_ID}-${SPAN_ID}-01-what-the-future-brings`, true],
    ["with spaces around", `  ${VALID}\t`, true],
  ])("%s", (_, value, sampled) => {
    expect(parentFromEnvironment({ TRACEPARENT: value })).toEqual({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      sampled,
    });
  });

  test.each([
    "",
    "nonsense",
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01-`,
    `00-${TRACE_ID}-${SPAN_ID}-01-more`,
    `cc-${TRACE_ID}-${SPAN_ID}-01.more`,
    `cc-${TRACE_ID}-${SPAN_ID}-011`,
    `0-${TRACE_ID}-${SPAN_ID}-01`,
    `000-${TRACE_ID}-${SPAN_ID}-01`,
    `.0-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${"0".repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${"0".repeat(16)}-01`,
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID.toUpperCase()}-01`,
    `00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}a-${SPAN_ID}-01`,
    `00-${TRACE_ID.slice(1)}.-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-1`,
    `00-${TRACE_ID}-${SPAN_ID}-0G`,
    `00-${TRACE_ID}-${SPAN_ID}`,
    `${VALID},${VALID}`,
  ])("is ignored where it is malformed: %j", (value) => {
    expect(parentFromEnvironment({ TRACEPARENT: value, TRACESTATE: "a=1" })).toBeUndefined();
  });

  test("brings its state along, up to the length that the specification names", () => {
    expect(parentFromEnvironment({ TRACEPARENT: VALID, TRACESTATE: "a=1,b=2" })?.state).toBe("a=1,b=2");
    const long = `a=${"x".repeat(256)},b=${"x".repeat(251)}`;
    expect(parentFromEnvironment({ TRACEPARENT: VALID, TRACESTATE: long })?.state).toBe(long);
    expect(parentFromEnvironment({ TRACEPARENT: VALID, TRACESTATE: `${long}x` })).not.toHaveProperty("state");
    expect(parentFromEnvironment({ TRACESTATE: "a=1" })).toBeUndefined();
  });

  test.each([
    "a=1",
    "a=1 ,\tb=2",
    "t1@vendor=x y",
    "a=1,,b=2",
    "_=1",
    "A=1",
    "a",
    "a=",
    "a=1=2",
    "a=\u00e9",
    "a=1;b",
  ])("has a state only if that is well-formed: %j", (state) => {
    const isWellFormed = !["_=1", "A=1", "a", "a=", "a=1=2", "a=\u00e9"].includes(state);
    const parent = parentFromEnvironment({ TRACEPARENT: VALID, TRACESTATE: state });
    expect(parent).toMatchObject({ traceId: TRACE_ID });
    expect(parent?.state).toBe(isWellFormed ? state : undefined);
  });

  test("is known by its upper-case name only", () => {
    expect(parentFromEnvironment({ traceparent: VALID })).toBeUndefined();
  });

  test.each([
    ["tracecontext", true],
    ["baggage, tracecontext", true],
    ["", true],
    ["none", false],
    ["b3,baggage", false],
  ])("under OTEL_PROPAGATORS=%j", (OTEL_PROPAGATORS, isRead) => {
    expect(parentFromEnvironment({ TRACEPARENT: VALID, OTEL_PROPAGATORS }) !== undefined).toBe(isRead);
  });
});

describe("a new span", () => {
  test("is the root of a new trace, or a child of the given parent with an id of its own", () => {
    const root = newSpanIdentity({});
    expect(root).toEqual({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      sampled: true,
    });
    const child = newSpanIdentity({ TRACEPARENT: VALID, TRACESTATE: "a=1" });
    expect(child).toMatchObject({ traceId: TRACE_ID, parentSpanId: SPAN_ID, sampled: true, state: "a=1" });
    expect(child.spanId).not.toBe(SPAN_ID);
  });

  const samplers = Object.entries<(ratio: number) => Sampler>({
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
    parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    parentbased_traceidratio: (ratio) =>
      new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
  });

  test("is sampled where the SDK's own sampler would sample it", () => {
    const arbitraryId = (length: number) =>
      fc
        .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
        .map((digits) => digits.map((digit) => digit.toString(16)).join(""))
        .filter((id) => !/^0+$/.test(id));
    fc.assert(
      fc.property(
        fc.constantFrom(...samplers),
        fc.oneof(fc.constantFrom(0, 0.25, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
        fc.option(fc.record({ traceId: arbitraryId(32), spanId: arbitraryId(16), sampled: fc.boolean() }), {
          nil: undefined,
        }),
        ([name, samplerOf], ratio, parent) => {
          const env = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: String(ratio) };
          const made = newSpanIdentity(env, parent);
          const context =
            parent === undefined
              ? ROOT_CONTEXT
              : trace.setSpanContext(ROOT_CONTEXT, {
                  traceId: parent.traceId,
                  spanId: parent.spanId,
                  traceFlags: parent.sampled ? 1 : 0,
                  isRemote: true,
                });
          const { decision } = samplerOf(ratio).shouldSample(
            context,
            made.traceId,
            "persona_switch",
            SpanKind.INTERNAL,
            {},
            [],
          );
          expect(made.sampled).toBe(decision === SamplingDecision.RECORD_AND_SAMPLED);
        },
      ),
      { numRuns: examples(2000) },
    );
  });

  test.each([
    ["an unknown sampler", { OTEL_TRACES_SAMPLER: "jaeger_remote" }, true],
    [
      "an unknown sampler under a parent that is not sampled",
      { OTEL_TRACES_SAMPLER: "x", ...unsampled() },
      false,
    ],
    ["no ratio", { OTEL_TRACES_SAMPLER: "traceidratio" }, true],
    [
      "a ratio that is no number",
      { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "x" },
      true,
    ],
    ["a ratio above 1", { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" }, true],
    ["a ratio below 0", { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "-1" }, true],
    ["a parent that is not sampled", unsampled(), false],
    ["always_on under a parent that is not", { OTEL_TRACES_SAMPLER: "always_on", ...unsampled() }, true],
  ])("under %s", (_, env, sampled) => {
    expect(newSpanIdentity(env).sampled).toBe(sampled);
  });
});

test.each([true, false])("a child reads what its parent handed on, sampled: %s", (sampled) => {
  const identity = { traceId: TRACE_ID, spanId: SPAN_ID, sampled };
  expect(parentFromEnvironment({ TRACEPARENT: formatTraceparent(identity) })).toEqual(identity);
});

function unsampled() {
  return { TRACEPARENT: `00-${TRACE_ID}-${SPAN_ID}-00` };
}

describe("BAGGAGE", () => {
  test.each(["user=ann", "a=1, b = 2", "a=%20;ttl=3;secure,b=", "a=1=2"])(
    "is handed on as it is: %j",
    (baggage) => {
      expect(baggageFromEnvironment({ BAGGAGE: baggage })).toBe(baggage);
    },
  );

  test.each(["", "user", "=ann", "a b=1", 'a="1"', "a=x y", "a=\u00e9", "a=1\nb=2", `a=${"x".repeat(8191)}`])(
    "is ignored where it is malformed: %j",
    (baggage) => {
      expect(baggageFromEnvironment({ BAGGAGE: baggage, baggage: "a=1" })).toBeUndefined();
    },
  );
});
