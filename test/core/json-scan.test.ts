import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scanJson, type ValuePath } from "../../src/core/json-scan.ts";
import { examples } from "../support/draw-examples.ts";

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("scanJson", () => {
  test.each([
    ["", 0, "expected a value, found the end of the file"],
    ['{"a": 1,}', 8, "expected a key in double quotes"],
    ['{"a": 1 "b": 2}', 8, 'expected "," or "}"'],
    ["{'a': 1}", 1, "expected a key in double quotes"],
    ['{"a" 1}', 5, 'expected ":"'],
    ["[1, 2", 5, 'expected "," or "]", found the end of the file'],
    ["[1, ]", 4, "expected a value"],
    ['["a\nb"]', 3, "a string must end on its line and hold no control characters"],
    ['["a\\x"]', 3, "unknown escape sequence in a string"],
    ['["a', 3, "expected a closing quote, found the end of the file"],
    ["[01]", 2, 'expected "," or "]"'],
    ["{} // done", 3, "expected nothing more after the value"],
  ])("finds the error in %j at %d", (text, offset, message) => {
    expect(parses(text)).toBe(false);
    expect(scanJson(text)).toEqual({ offset, message });
  });

  test("accepts what JSON.parse accepts, and visits each value where it stands", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(0, 1, 2), (compact, indent) => {
        const document: unknown = JSON.parse(compact);
        const text = JSON.stringify(document, null, indent);
        const visited: [ValuePath, number][] = [];
        expect(scanJson(text, (path, offset) => visited.push([path, offset]))).toBeUndefined();
        for (const [path, offset] of visited) {
          const value = path.reduce<unknown>((outer, step) => (outer as never)[step], document);
          expect(text.slice(offset)).toSatisfy((rest: string) =>
            rest.startsWith(JSON.stringify(value).charAt(0)),
          );
        }
      }),
    );
  });

  test("rejects exactly what JSON.parse rejects", () => {
    const token = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "\\",
      "1",
      "-",
      ".5",
      "e3",
      "true",
      "nul",
      " ",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 9 }), (tokens) => {
        const text = tokens.join("");
        expect(scanJson(text) === undefined).toBe(parses(text));
      }),
      { numRuns: examples(5_000) },
    );
  });
});
