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

export const systemClock: Clock = { now: () => Date.now() };
