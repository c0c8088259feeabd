import { setTimeout as sleep } from "node:timers/promises";

export interface WaitOptions {
  /** Named in the error when the wait is over: "timed out after 5000 ms waiting for <what>". */
  readonly what: string;
  /** An upper bound for a machine that is slow or busy: 120 s by default. */
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

/**
 * Polls until `condition` returns something truthy and resolves to that. What the condition throws counts as
 * "not yet"; the last error becomes the cause of the timeout.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<NonNullable<T>> {
  const timeoutMs = options.timeoutMs ?? 120_000;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`timed out after ${timeoutMs} ms waiting for ${options.what}`, { cause });
    }
    await sleep(options.intervalMs ?? 20);
  }
}
