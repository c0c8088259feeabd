import { expect, test } from "vitest";
import { createPace } from "../../src/delivery/pace.ts";

/** Exactly between the two ends of the spread. */
const noSpread = () => 0.5;

test("a sink that works may be tried at any time", () => {
  const pace = createPace();
  expect(pace.mayTry(0)).toBe(true);
  expect(pace.nextTryAt()).toBeUndefined();
});

test("each failure in a row doubles the wait, from a second to a minute", () => {
  const pace = createPace(noSpread);
  const waits = Array.from({ length: 9 }, () => {
    pace.failed(0, undefined);
    return pace.nextTryAt();
  });
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(pace.mayTry(59_999)).toBe(false);
  expect(pace.mayTry(60_000)).toBe(true);
});

test("success begins anew", () => {
  const pace = createPace(noSpread);
  for (let i = 0; i < 5; i++) pace.failed(0, undefined);
  pace.succeeded();
  expect(pace.mayTry(0)).toBe(true);
  expect(pace.nextTryAt()).toBeUndefined();
  pace.failed(10, undefined);
  expect(pace.nextTryAt()).toBe(1010);
});

test("what the backend asks for goes before a shorter wait, and not before a longer one", () => {
  const pace = createPace(noSpread);
  pace.failed(0, 30_000);
  expect(pace.nextTryAt()).toBe(30_000);
  pace.failed(0, 500);
  expect(pace.nextTryAt()).toBe(2000);
});

test("waits are spread by a fifth each way", () => {
  for (const [random, wait] of [
    [0, 800],
    [0.999_999_9, 1200],
  ] as const) {
    const pace = createPace(() => random);
    pace.failed(0, undefined);
    expect(pace.nextTryAt()).toBeCloseTo(wait, 2);
  }
});
