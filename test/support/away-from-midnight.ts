import { setTimeout as sleep } from "node:timers/promises";

const DAY_MS = 86_400_000;
const NEAR_MS = 120_000;

/** For tests of what is counted by the day, which begins at midnight UTC: where that is near, lets it pass. */
export async function awayFromMidnight(): Promise<void> {
  while (DAY_MS - (Date.now() % DAY_MS) < NEAR_MS) await sleep(500);
}
