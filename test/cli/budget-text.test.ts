import { expect, test } from "vitest";
import { parseTokens, percentUsed, windowEndText } from "../../src/cli/budget-text.ts";

test.each([
  ["2000000", 2_000_000],
  ["2M", 2_000_000],
  ["2m", 2_000_000],
  ["500k", 500_000],
  ["1.1M", 1_100_000],
  ["0.5k", 500],
  ["1G", 1_000_000_000],
  ["2_000_000", 2_000_000],
  ["2,000,000", 2_000_000],
  ["1", 1],
])("%s is %i tokens", (text, tokens) => {
  expect(parseTokens(text)).toBe(tokens);
});

test.each(["", "0", "-1", "1.5", "0.0001k", "2 M", "2MB", "1e6", "many", "9999999999999G", "1_0", "NaN"])(
  "%j is no number of tokens",
  (text) => {
    expect(parseTokens(text)).toBeUndefined();
  },
);

test("a percentage is rounded down, so that 100 means all", () => {
  expect(percentUsed(999_999, 1_000_000)).toBe(99);
  expect(percentUsed(29, 100)).toBe(29);
  expect(percentUsed(300, 100)).toBe(300);
});

test("a window ends by the clock of UTC, a run's by itself", () => {
  expect(windowEndText({ end: Date.UTC(2026, 10, 25) })).toBe("2026-11-25 00:00 UTC");
  expect(windowEndText({})).toBe("the run's end");
});
