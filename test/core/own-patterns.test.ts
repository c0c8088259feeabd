import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMasker } from "../../src/core/mask.ts";
import { maskPattern, parsePatterns } from "../../src/core/own-patterns.ts";

const parse = (text: string) => {
  const parsed = parsePatterns(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

describe("patterns", () => {
  test("are separated by blanks", () => {
    const patterns = parse("EMP-\\d{6}  \\bACME\\s[A-Z]+\\b");
    const masker = createMasker({ secretValues: [], patterns });
    expect(masker.text("EMP-123456 of ACME WEST\nand EMP-12345")).toBe("*** of ***\nand EMP-12345");
    expect(masker.explain("EMP-123456 EMP-654321")).toEqual(new Map([["pattern", 2]]));
  });

  test.each([
    ["EMP-(\\d+", "Unterminated group"],
    ["ok [a-", "Unterminated character class"],
    ["a*", "matches the empty text"],
    ["x|", "matches the empty text"],
  ])("that are none are told: %s", (text, problem) => {
    expect(parsePatterns(text)).toMatchObject({ ok: false, error: expect.stringContaining(problem) });
  });

  test("that match nothing at some place take nothing out there", () => {
    expect(maskPattern("a b", /\b/g)).toBe("a b");
  });
});

test("a line of any length is masked as if it were seen at once", () => {
  const piece = fc.constantFrom("EMP-123456", "EMP-", "x".repeat(700), "1", "y".repeat(2047), "🙂");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const line = pieces.join(" ");
      expect(maskPattern(line, /EMP-\d{6}/g)).toBe(line.replace(/EMP-\d{6}/g, "***"));
    }),
  );
});
