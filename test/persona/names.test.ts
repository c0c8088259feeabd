import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builtInHeads } from "../../src/persona/built-in.ts";
import { isPersonaName, plainName, resolvePersonaName, SHORT_NAMES } from "../../src/persona/names.ts";

const named = (...names: string[]) => names.map((name) => ({ name }));
const found = (name: string) => ({ kind: "found", persona: expect.objectContaining({ name }) });

describe("persona names", () => {
  test.each(["backend-engineer", "tta-backend-engineer", "qa", "x", "web3-engineer", "tta", "a".repeat(64)])(
    "%s is one",
    (name) => {
      expect(isPersonaName(name)).toBe(true);
    },
  );

  test.each([
    "",
    "-",
    "tta-",
    "tta-tta-x",
    "Backend",
    "back_end",
    "back--end",
    "-backend",
    "backend-",
    "3d",
    "back end",
    "../up",
    "none",
    "tta-other",
    "a\n",
    "a".repeat(65),
  ])("%j is none", (name) => {
    expect(isPersonaName(name)).toBe(false);
  });

  test("a plain name stays as it is when it is made plain again", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(tta-)?[a-z]+(-[a-z]+)?$/).filter(isPersonaName), (raw) => {
        expect(plainName(plainName(raw))).toBe(plainName(raw));
      }),
    );
  });
});

describe("resolving what a user typed", () => {
  test.each([
    ["backend-engineer", "backend-engineer"],
    ["tta-backend-engineer", "backend-engineer"],
    ["Backend-Engineer", "backend-engineer"],
    ["TTA-DATA-SCIENTIST", "data-scientist"],
    ["backend", "backend-engineer"],
    ["frontend", "frontend-engineer"],
    ["devops", "devops-engineer"],
    ["testing", "testing-specialist"],
    ["observability", "observability-expert"],
    ["obs", "observability-expert"],
    ["data", "data-scientist"],
    ["ds", "data-scientist"],
    ["f", "frontend-engineer"],
    ["testing-s", "testing-specialist"],
    ["tta-back", "backend-engineer"],
  ])("%s is %s", (input, name) => {
    expect(resolvePersonaName(input, builtInHeads)).toEqual(found(name));
  });

  test("every short name means a built-in persona", () => {
    const names = builtInHeads.map(({ name }) => name);
    for (const name of SHORT_NAMES.values()) expect(names).toContain(name);
  });

  test("a prefix of several personas is ambiguous", () => {
    expect(resolvePersonaName("d", builtInHeads)).toMatchObject({
      kind: "ambiguous",
      candidates: named("data-scientist", "devops-engineer"),
    });
  });

  test("a persona's own name wins over a short name and over longer names", () => {
    const personas = named("backend", "backend-engineer", "backend-tester");
    expect(resolvePersonaName("backend", personas)).toEqual(found("backend"));
  });

  test("a short name wins over a prefix, but only while its persona is there", () => {
    expect(resolvePersonaName("data", named("data-scientist", "data-steward"))).toEqual(
      found("data-scientist"),
    );
    expect(resolvePersonaName("data", named("data-steward"))).toEqual(found("data-steward"));
    expect(resolvePersonaName("ds", named("data-steward"))).toEqual({ kind: "unknown", suggestions: [] });
  });

  test.each([
    ["bakend", ["backend-engineer"]],
    ["fronted-enginer", ["frontend-engineer"]],
    ["obserability", ["observability-expert"]],
    ["scientist", ["data-scientist"]],
    ["tta-testin-specialist", ["testing-specialist"]],
    ["kubernetes", []],
    ["", []],
    ["tta-", []],
  ])("%j is unknown; suggested: %j", (input, suggestions) => {
    expect(resolvePersonaName(input, builtInHeads)).toEqual({ kind: "unknown", suggestions });
  });

  test("every name is found by itself, whatever else is there", () => {
    const name = fc.stringMatching(/^[a-c]{1,2}(-[a-c]{1,2}){0,2}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), (names) => {
        for (const each of names) {
          expect(resolvePersonaName(each, named(...names))).toEqual(found(each));
          expect(resolvePersonaName(`tta-${each}`, named(...names))).toEqual(found(each));
        }
      }),
    );
  });
});
