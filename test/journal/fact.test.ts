import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Fact, parseLine, SEAL } from "../../src/journal/fact.ts";
import { factSchema } from "../../src/journal/fact-schema.ts";
import { makeFact } from "../../src/journal/make-fact.ts";
import { examples } from "../support/draw-examples.ts";
import { aFact } from "./a-fact.ts";

/** What the schema says about a line, in `parseLine`'s words. */
function bySchema(text: string): string {
  const value: unknown = JSON.parse(text);
  const version = (value as { v?: unknown } | null)?.v;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject && typeof version === "number" && Number.isInteger(version) && version > 1) return "newer";
  return factSchema.safeParse(value).success ? "fact" : "foreign";
}

const pathsOf = (value: unknown, path: readonly string[] = []): string[][] =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...pathsOf(inner, [...path, key])])
    : [];

function change(fact: Fact, path: readonly string[], replacement: unknown): Record<string, unknown> {
  const copy = structuredClone(fact) as unknown as Record<string, unknown>;
  let holder = copy;
  for (const key of path.slice(0, -1)) {
    const inner = holder[key];
    if (typeof inner !== "object" || inner === null) return copy;
    holder = inner as Record<string, unknown>;
  }
  const last = path.at(-1) ?? "v";
  if (replacement === undefined) delete holder[last];
  else holder[last] = replacement;
  return copy;
}

const base = aFact({
  trace: {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    parentSpanId: "00f067aa0ba902b7",
    sampled: false,
    state: "vendor=1",
  },
  data: { persona: "architect", nested: { list: [1] } },
});

const arbitraryReplacement = fc.oneof(
  fc.constant(undefined),
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    "",
    "0".repeat(32),
    "0".repeat(16),
    "a".repeat(32),
    "A".repeat(32),
    "a".repeat(16),
  ),
  fc.constantFrom<unknown>(0, 1, 2, 1.5, -1, 2 ** 53, 1e300, "1", "persona.switched", "persona", "a.b.c_d"),
  fc.constantFrom<unknown>("a.b\n", "a..b", "A.b", `${"a".repeat(31)}\n`, [], {}, null, true),
);

test("accepts exactly the lines that the schema accepts", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.constantFrom(
            ...pathsOf(base),
            ["more"],
            ["trace", "more"],
            ["resource", "more"],
            ["owner", "x"],
            ["data", "x"],
          ),
          arbitraryReplacement,
        ),
        { maxLength: 2 },
      ),
      (changes) => {
        let fact: unknown = base;
        for (const [path, replacement] of changes) fact = change(fact as Fact, path, replacement);
        const text = JSON.stringify(fact);
        expect([text, parseLine(text).kind]).toEqual([text, bySchema(text)]);
      },
    ),
    { numRuns: examples(3000) },
  );
});

test.each([
  ["1e999", '"ts":1e999'],
  ["a fraction as pid", '"pid":1.5'],
  ["a pid beyond whole numbers", '"pid":9007199254740993'],
])("agrees with the schema on %s", (_, pair) => {
  const [key = ""] = pair.split(":");
  const text = JSON.stringify(base).replace(new RegExp(`${key}:[0-9]+`), pair);
  expect(text).toContain(pair);
  expect(parseLine(text).kind).toBe(bySchema(text));
});

test("agrees with the schema on any JSON at all", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseLine(text).kind).toBe(bySchema(text));
    }),
  );
});

test("returns the fact as it was written", () => {
  expect(parseLine(JSON.stringify(base))).toEqual({ kind: "fact", fact: base });
});

test.each([
  [SEAL, { kind: "seal" }],
  ['{"v":2}', { kind: "newer", version: 2 }],
  ['{"v":1}', { kind: "foreign" }],
  ['{"seal": 1}', { kind: "foreign" }],
  ["", { kind: "foreign" }],
  ["[1]", { kind: "foreign" }],
  ['{"v":1,"id":', { kind: "foreign" }],
])("reads %s", (text, line) => {
  expect(parseLine(text)).toEqual(line);
});

describe("a fact that is made", () => {
  const context = { env: {}, clock: { now: () => 1234 }, version: "1.2.3" };

  test("satisfies the schema, with ids of its own, ours as resource and this process as owner", () => {
    const make = () => makeFact(context, { type: "persona.ended", scope: "global", data: {} });
    const fact = make();
    expect(factSchema.parse(JSON.parse(JSON.stringify(fact)))).toEqual(fact);
    expect(fact).toMatchObject({
      v: 1,
      ts: 1234,
      resource: { "service.name": "tta-persona", "service.version": "1.2.3" },
      owner: { pid: process.pid },
    });
    expect(fact.trace).not.toHaveProperty("parentSpanId");
    expect(new Set(Array.from({ length: 100 }, () => make().id)).size).toBe(100);
  });

  test("continues the trace that the environment hands in, with its sampling decision", () => {
    const env = {
      TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
      TRACESTATE: "a=1",
    };
    expect(makeFact({ ...context, env }, { type: "a.b", scope: "global", data: {} }).trace).toMatchObject({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      parentSpanId: "b7ad6b7169203331",
      sampled: false,
      state: "a=1",
    });
  });
});
