import { expect, test } from "vitest";
import { forwardClock, steadyClock } from "../../src/core/clock.ts";

const HOUR_MS = 3_600_000;
const NOON = Date.UTC(2026, 0, 1, 12);

/** A system's clock that shows what it was set to. */
function settableClock() {
  let at = NOON;
  return {
    now: () => at,
    set: (ms: number) => {
      at = ms;
    },
  };
}

test.each([steadyClock, forwardClock])("a clock that is put back takes no time back: %o", (create) => {
  const system = settableClock();
  const clock = create(system);
  system.set(NOON - HOUR_MS);
  expect(clock.now()).toBeGreaterThanOrEqual(NOON);
  const before = clock.now();
  const began = performance.now();
  while (performance.now() - began < 5);
  expect(clock.now()).toBeGreaterThan(before);
});

test("after the machine has slept it is as late as the system says, and stays so", () => {
  const system = settableClock();
  const clock = forwardClock(system);
  system.set(NOON + 8 * HOUR_MS);
  expect(clock.now()).toBeGreaterThanOrEqual(NOON + 8 * HOUR_MS);
  system.set(NOON);
  expect(clock.now()).toBeGreaterThanOrEqual(NOON + 8 * HOUR_MS);
});
