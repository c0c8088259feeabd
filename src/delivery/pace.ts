/** When a sink that failed may be tried again: exponential backoff with jitter, per sink. */
export interface Pace {
  mayTry(now: number): boolean;
  /** @param retryAfterMs what the backend asked for, which goes before a shorter wait of ours. */
  failed(now: number, retryAfterMs: number | undefined): void;
  succeeded(): void;
  /** Undefined while nothing is waited for. */
  nextTryAt(): number | undefined;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** @param random from [0, 1): spreads the waits by a fifth each way, so that many homes do not come at once. */
export function createPace(random: () => number = Math.random): Pace {
  let waitMs = 0;
  let nextTryAt: number | undefined;
  return {
    mayTry: (now) => nextTryAt === undefined || now >= nextTryAt,
    failed(now, retryAfterMs) {
      waitMs = Math.min(Math.max(FIRST_WAIT_MS, 2 * waitMs), LONGEST_WAIT_MS);
      const spread = waitMs * (0.8 + 0.4 * random());
      nextTryAt = now + Math.max(spread, retryAfterMs ?? 0);
    },
    succeeded() {
      waitMs = 0;
      nextTryAt = undefined;
    },
    nextTryAt: () => nextTryAt,
  };
}

/** The first of these moments; undefined where there is none. */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const set = times.filter((time) => time !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}
