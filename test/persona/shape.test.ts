import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { builtInPersonas } from "../../src/persona/built-in.ts";
import { personaFileSchema } from "../../src/persona/schema.ts";
import { isPersonaFile } from "../../src/persona/shape.ts";
import { examples } from "../support/draw-examples.ts";

const accepts = (value: unknown) => personaFileSchema.safeParse(value).success;

describe("a definition", () => {
  test.each<[string, object]>([
    ["only a name", { name: "qa" }],
    ["keys of another tool", { name: "qa", version: 2, context: { mood: null } }],
    ["empty lists", { name: "qa", allowedServers: [], allowedTools: {}, workflows: { available: [] } }],
    ["a description of several lines", { name: "qa", description: "one\n\ttwo\r\n" }],
    ["a budget per run", { name: "qa", budget: { tokens: 1, window: "run" } }],
  ])("with %s is valid", (_, value) => {
    expect([accepts(value), isPersonaFile(value)]).toEqual([true, true]);
  });

  test.each<[string, unknown]>([
    ["no mapping", ["qa"]],
    ["nothing", null],
    ["no name", { displayName: "QA" }],
    ["a reserved name", { name: "none" }],
    ["a name that is no text", { name: 7 }],
    ["a null", { name: "qa", icon: null }],
    ["a blank display name", { name: "qa", displayName: " " }],
    ["an escape sequence in its display name", { name: "qa", displayName: "\u001b[31mQA" }],
    ["a line break in its icon", { name: "qa", icon: "Q\nA" }],
    ["an escape sequence in its description", { name: "qa", description: "\u001b]0;x\u0007" }],
    ["a fraction of a token", { name: "qa", tokenBudget: 1.5 }],
    ["a budget as text", { name: "qa", tokenBudget: "2000" }],
    ["a budget without window", { name: "qa", budget: { tokens: 5 } }],
    ["an unknown window", { name: "qa", budget: { tokens: 5, window: "hour" } }],
    ["one server instead of a list", { name: "qa", allowedServers: "github" }],
    ["tools that are no lists", { name: "qa", allowedTools: { github: "*" } }],
    ["a list for its tools", { name: "qa", allowedTools: ["github"] }],
    ["a context that is text", { name: "qa", context: "python" }],
  ])("with %s is invalid", (_, value) => {
    expect([accepts(value), isPersonaFile(value)]).toEqual([false, false]);
  });

  test("that the hot path accepts is accepted by the schema, and the other way round", () => {
    const whole = personaFileSchema.parse(builtInPersonas()[0]);
    const scalar = fc.constantFrom<unknown>(
      null,
      "",
      " ",
      "a",
      "qa\n",
      0,
      -1,
      1,
      0.5,
      2 ** 60,
      true,
      "day",
      "run",
    );
    const odd = fc.oneof(
      scalar,
      fc.array(scalar, { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("tokens", "window", "available", "x"), scalar),
    );
    const paths = pathsOf(whole);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...paths), fc.option(odd)), { maxLength: 3 }),
        (changes) => {
          const document = changes.reduce<unknown>(
            (value, [path, change]) => withChange(value, path, change),
            whole,
          );
          expect(isPersonaFile(document)).toBe(accepts(document));
        },
      ),
      { numRuns: examples(2_000) },
    );
  });

  test("has a JSON Schema that allows unknown keys", () => {
    const schema = z.toJSONSchema(personaFileSchema, { io: "input" });
    expect(schema).toMatchObject({ type: "object", required: ["name"] });
    expect(schema.additionalProperties).toBeUndefined();
  });
});

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [path, ...[...keys].flatMap((key) => pathsOf((value as never)[key], [...path, key]))];
}

/** A copy with the value at the path replaced, or removed where the change is null. */
function withChange(value: unknown, [key, ...rest]: Path, change: unknown): unknown {
  if (key === undefined) return change;
  if (typeof value !== "object" || value === null) return value;
  // No parser makes a list with holes.
  if (Array.isArray(value) && typeof key === "number" && key > value.length) return value;
  const copy: Record<string | number, unknown> = Array.isArray(value) ? ([...value] as never) : { ...value };
  if (rest.length === 0 && change === null && !Array.isArray(value)) delete copy[key];
  else copy[key] = withChange(copy[key], rest, change);
  return copy;
}
