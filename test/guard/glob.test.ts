import fc from "fast-check";
import { expect, test } from "vitest";
import { expandBraces, isAimedAt, isWithin, parseGlob, parseName } from "../../src/guard/glob.ts";
import { globTokens, nameTokens, overlaps } from "../../src/guard/glob-segment.ts";

const letters = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 6 });
const glob = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 6 });

const toRegExp = (text: string) =>
  new RegExp(`^${text.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".")}$`);

test("a name fits a glob exactly when the same regular expression matches it", () => {
  fc.assert(
    fc.property(letters, glob, (name, pattern) => {
      expect(overlaps(nameTokens(name), globTokens(pattern))).toBe(toRegExp(pattern).test(name));
    }),
  );
});

test("two globs that a name fits have it in common, whichever comes first", () => {
  fc.assert(
    fc.property(letters, glob, glob, (name, a, b) => {
      if (toRegExp(a).test(name) && toRegExp(b).test(name)) {
        expect(overlaps(globTokens(a), globTokens(b))).toBe(true);
      }
      expect(overlaps(globTokens(a), globTokens(b))).toBe(overlaps(globTokens(b), globTokens(a)));
    }),
  );
});

const segment = fc.constantFrom("a", "b", "c");
const part = fc.constantFrom("a", "b", "c", "*", "**");

test("what lies below a path that is restricted is restricted", () => {
  fc.assert(
    fc.property(
      fc.array(segment, { maxLength: 4 }),
      fc.array(part, { minLength: 1, maxLength: 4 }),
      segment,
      (path, parts, more) => {
        const pattern = parseGlob(parts.join("/"));
        if (isWithin(parseName(path), pattern))
          expect(isWithin(parseName([...path, more]), pattern)).toBe(true);
      },
    ),
  );
});

test("a search for a plain path that is restricted is aimed at it", () => {
  fc.assert(
    fc.property(
      fc.array(segment, { maxLength: 4 }),
      fc.array(part, { minLength: 1, maxLength: 4 }),
      (path, parts) => {
        const pattern = parseGlob(parts.join("/"));
        if (isWithin(parseName(path), pattern)) expect(isAimedAt(parseName(path), pattern)).toBe(true);
      },
    ),
  );
});

test("braces are written out, one within another too, up to a number that is nobody's pattern", () => {
  expect([...new Set(expandBraces("{a,b{c,d}}/{e,}"))].sort()).toEqual([
    "a/",
    "a/e",
    "bc/",
    "bc/e",
    "bd/",
    "bd/e",
  ]);
  expect(expandBraces("{a,b}".repeat(9))).toBeUndefined();
});

test("time does not explode with stars", () => {
  const pattern = parseGlob(`${"**/a*/".repeat(20)}z`);
  const path = parseName(Array.from({ length: 60 }, () => "aaaaaaaaaaaaaaaaaaaaaaaaaa"));
  const begin = performance.now();
  expect(isWithin(path, pattern)).toBe(false);
  // It takes milliseconds; what tries every split would not end.
  expect(performance.now() - begin).toBeLessThan(60_000);
});
