import { readGeneration, releaseGeneration, takeGeneration } from "../core/generations.ts";
import type { Home } from "../core/home.ts";
import { currentOwner, isProvablyDead, type Owner } from "../core/owner.ts";

/** Applying takes milliseconds; this is for fifty at once on a slow disk. */
const WAIT_MS = 30_000;

/**
 * Runs `work` while no other process of this home applies anything. A holder that is provably dead is passed over,
 * never one that is merely slow or stopped.
 *
 * @returns what `work` does, or the process that held the lock all the time.
 */
export async function withApplyLock<T>(
  home: Home,
  work: () => T,
  waitMs = WAIT_MS,
): Promise<{ readonly done: T } | { readonly heldBy: Owner | undefined }> {
  const dir = `${home.state}/apply-lock`;
  const text = JSON.stringify(currentOwner());
  const deadline = steadyMs() + waitMs;
  for (let pauseMs = 2; ; pauseMs = Math.min(2 * pauseMs, 50)) {
    const generation = takeGeneration(dir, text, isFree);
    if (generation !== undefined) {
      try {
        return { done: work() };
      } finally {
        releaseGeneration(dir, generation);
      }
    }
    if (steadyMs() >= deadline) return { heldBy: parseOwner(readGeneration(dir)?.text) };
    await sleep(pauseMs);
  }
}

/** Nobody sets this clock, and it is there without loading anything. */
const steadyMs = () => 1000 * process.uptime();

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function isFree(text: string | undefined): boolean {
  const owner = parseOwner(text);
  return owner === undefined || isProvablyDead(owner);
}

/** Undefined for the marker of a lock that was let go. */
function parseOwner(text: string | undefined): Owner | undefined {
  try {
    const owner = JSON.parse(text ?? "") as Owner;
    return typeof owner?.pid === "number" && typeof owner.host === "string" && typeof owner.boot === "string"
      ? owner
      : undefined;
  } catch {
    return undefined;
  }
}
