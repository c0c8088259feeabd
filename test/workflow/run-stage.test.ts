import fc from "fast-check";
import { describe, test } from "vitest";
import { delayBefore } from "../../src/workflow/run-stage.ts";

const retry = (delayMs: number, backoff: "constant" | "exponential") => ({
  attempts: 100,
  delayMs,
  backoff,
  exitCodes: [],
});

describe("the delay before an attempt", () => {
  test.for<[number, "constant" | "exponential", readonly number[]]>([
    [1000, "constant", [1000, 1000, 1000, 1000]],
    [1000, "exponential", [1000, 2000, 4000, 8000]],
    [0, "exponential", [0, 0, 0, 0]],
    [100_000, "exponential", [100_000, 200_000, 300_000, 300_000]],
    [900_000, "constant", [300_000, 300_000, 300_000, 300_000]],
  ])("of %i ms, %s", ([delayMs, backoff, delays], { expect }) => {
    expect([2, 3, 4, 5].map((attempt) => delayBefore(attempt, retry(delayMs, backoff)))).toEqual(delays);
  });

  test("is never longer than five minutes, and never shorter than the one before", ({ expect }) => {
    fc.assert(
      fc.property(fc.nat({ max: 86_400_000 }), fc.integer({ min: 2, max: 99 }), (delayMs, attempt) => {
        const delay = delayBefore(attempt, retry(delayMs, "exponential"));
        const next = delayBefore(attempt + 1, retry(delayMs, "exponential"));
        expect(delay).toBeLessThanOrEqual(300_000);
        expect(next).toBeGreaterThanOrEqual(delay);
      }),
    );
  });
});
