import { setTimeout as sleep } from "node:timers/promises";
import type { Result } from "../core/result.ts";
import type { Undelivered } from "./classify-error.ts";
import { askLangfuse, type LangfuseProject, type LangfuseRequest } from "./langfuse-http.ts";

/** Besides the first; each waits longer, or as long as the server says. */
const MOST_RETRIES = 4;

/** Whoever is told to wait longer than this is better off with the answer. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Asks again where the server is busy or down: for what may be asked twice, as reading, and writing under an id of
 * one's own. Never rejects; ends with the last answer when the signal ends it.
 */
export async function askAgain(
  project: LangfuseProject,
  request: LangfuseRequest,
  signal: AbortSignal,
): Promise<Result<unknown, Undelivered>> {
  for (let retry = 0; ; retry++) {
    const answer = await askLangfuse(project, request, signal);
    if (answer.ok || retry === MOST_RETRIES || !isPassing(answer.error.reason)) return answer;
    const asked = answer.error.status === "unavailable" ? answer.error.retryAfterMs : undefined;
    const waitMs = Math.max(asked ?? 0, 100 * 2 ** retry);
    if (waitMs > LONGEST_WAIT_MS || signal.aborted) return answer;
    try {
      await sleep(waitMs, undefined, { signal });
    } catch {
      return answer;
    }
  }
}

function isPassing(reason: string): boolean {
  return (
    /^http_(?:408|429|5\d\d)$/.test(reason) || ["connection_reset", "connection_refused"].includes(reason)
  );
}
