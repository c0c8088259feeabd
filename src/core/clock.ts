/** Where time comes from; handed in from outside, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * Goes on from now by a clock that nobody sets: what waits for a deadline must not wait an hour because the
 * system's clock was put back by one.
 */
export function steadyClock(clock: Clock): Clock {
  const offset = clock.now() - performance.now();
  return { now: () => Math.round(offset + performance.now()) };
}

/**
 * As the system's clock, but never back: for a process that outlives the sleep of its machine, of which a steady clock
 * knows nothing. What it waits for is due when it wakes, and what it dates has the right time.
 */
export function forwardClock(clock: Clock): Clock {
  let offset = Number.NEGATIVE_INFINITY;
  const now = () => {
    const steady = performance.now();
    offset = Math.max(offset, clock.now() - steady);
    return Math.round(offset + steady);
  };
  now();
  return { now };
}

/**
 * Counts from some moment of its own, by a clock that nobody sets: for how long something takes. Not `performance`, which
 * takes 2 ms to load where nothing else needs it.
 */
export const monotonicClock: Clock = { now: () => Number(process.hrtime.bigint() / 1_000_000n) };

export const systemClock: Clock = { now: () => Date.now() };
