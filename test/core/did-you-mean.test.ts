import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { didYouMean, editDistance } from "../../src/core/did-you-mean.ts";

const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "-"), maxLength: 8 });

describe("editDistance", () => {
  test.each([
    ["", "", 0],
    ["switch", "switch", 0],
    ["swtich", "switch", 1],
    ["swich", "switch", 1],
    ["switcch", "switch", 1],
    ["swirch", "switch", 1],
    ["", "list", 4],
    ["kitten", "sitting", 3],
  ])("%j to %j is %d", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  test("is symmetric, zero only for equal words, and at most the longer length", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});

describe("didYouMean", () => {
  test("names what is near, nearest first", () => {
    expect(didYouMean("lst", ["test", "list", "last", "switch"])).toEqual(["last", "list"]);
    expect(didYouMean("histroy", ["history", "list"])).toEqual(["history"]);
  });

  test("ignores case and gives candidates back as they are written", () => {
    expect(didYouMean("SCRAPEINTERVL", ["scrapeInterval"])).toEqual(["scrapeInterval"]);
  });

  test("stays silent when nothing is near", () => {
    expect(didYouMean("kubernetes", ["list", "switch", "x"])).toEqual([]);
    expect(didYouMean("", ["list", "x"])).toEqual([]);
    expect(didYouMean("x", ["y"])).toEqual([]);
  });

  test("gives no more than asked for", () => {
    expect(didYouMean("list", ["lisa", "lisb", "lisc"], 2)).toEqual(["lisa", "lisb"]);
  });

  test("is not slowed down by a huge word", () => {
    expect(didYouMean("a".repeat(1_000_000), ["list", "switch"])).toEqual([]);
  });
});
