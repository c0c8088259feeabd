import fc from "fast-check";
import { expect, test } from "vitest";
import { compileJsonSchema } from "../../src/workflow/json-schema.ts";

function problemOf(schema: unknown, value: unknown): string | undefined {
  const check = compileJsonSchema(schema);
  if (!check.ok) throw new Error(check.error);
  return check.value(value);
}

const review = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  description: "a review",
  properties: {
    risk: { type: "string", enum: ["low", "high"] },
    findings: { type: "array", maxItems: 2, items: { type: "string", minLength: 2 } },
    confidence: { type: ["number", "null"], minimum: 0, exclusiveMaximum: 1 },
    kind: { anyOf: [{ const: 1 }, { type: "string", pattern: "^[a-z]+$" }] },
  },
  required: ["risk"],
  additionalProperties: false,
};

test.each<[unknown, string | undefined]>([
  [{ risk: "low", findings: ["ab", "😀😀"], confidence: null, kind: "bug" }, undefined],
  [{ risk: "high", confidence: 0, kind: 1 }, undefined],
  [["low"], "$ is no object"],
  [{}, "$.risk is missing"],
  [{ risk: "medium" }, '$.risk is none of "low", "high"'],
  [{ risk: 1 }, "$.risk is no string"],
  [{ risk: "low", findings: ["ab", "c"] }, "$.findings[1] is shorter than 2"],
  [{ risk: "low", findings: ["ab", "😀"] }, "$.findings[1] is shorter than 2"],
  [{ risk: "low", findings: ["ab", "cd", "ef"] }, "$.findings is longer than 2"],
  [{ risk: "low", confidence: -1 }, "$.confidence is below 0"],
  [{ risk: "low", confidence: 1 }, "$.confidence is not below 1"],
  [{ risk: "low", confidence: "1" }, "$.confidence is no number or null"],
  [{ risk: "low", kind: "a\nb" }, "$.kind fits none of anyOf"],
  [{ risk: "low", more: 1 }, "$.more must not be there"],
])("%j", (value, problem) => {
  expect(problemOf(review, value)).toBe(problem);
});

test("names that every object inherits are fields like others", () => {
  expect(problemOf({ required: ["constructor"] }, {})).toBe("$.constructor is missing");
  expect(problemOf({ properties: { toString: { type: "number" } } }, {})).toBeUndefined();
  expect(compileJsonSchema({ constructor: 1 }).ok).toBe(false);
});

test.each<[unknown, string]>([
  [{ properties: { a: { $ref: "#/$defs/a" } } }, "$.properties.a.$ref is not supported"],
  [{ type: "strin" }, "$.type is no type"],
  [{ items: [{}] }, "$.items is no JSON Schema"],
  [{ minimum: "1" }, "$.minimum is no number"],
  [{ pattern: "(" }, "$.pattern is no regular expression"],
  ["object", "$ is no JSON Schema"],
])("what it does not understand is refused: %j", (schema, problem) => {
  expect(compileJsonSchema(schema)).toEqual({ ok: false, error: problem });
});

test("a value is its own constant, whatever the order of its fields", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, other) => {
      const turned = JSON.parse(JSON.stringify(value), (_, one) =>
        one !== null && typeof one === "object" && !Array.isArray(one)
          ? Object.fromEntries(Object.entries(one).reverse())
          : one,
      );
      expect(problemOf({ const: value }, turned)).toBeUndefined();
      expect(problemOf({ enum: [other, value] }, turned)).toBeUndefined();
    }),
  );
});
