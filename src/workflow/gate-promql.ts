import { queryPrometheus } from "../backend/prometheus-query.ts";
import type { Clock } from "../core/clock.ts";
import type { Result } from "../core/result.ts";
import { type Cancellation, waitUnlessCancelled } from "./cancellation.ts";
import type { GateCheck } from "./definition.ts";
import { compare, type Verdict } from "./gate-value.ts";

export type PromqlCheck = Extract<GateCheck, { readonly kind: "promql" }>;

/** One question may take this long, or what is left of the deadline. */
const QUERY_TIMEOUT_MS = 10_000;

/** The last one is asked when the deadline is over, and its answer is what people read of. */
const LEAST_QUERY_TIMEOUT_MS = 1000;

/**
 * Asks until the value has kept its bounds for `forMs` without a break, or the deadline is over. A backend that is
 * down, or has no data yet, is asked again: what cannot be known does not hold.
 *
 * @param clock steady.
 */
export async function checkPromql(
  check: PromqlCheck,
  url: string,
  clock: Clock,
  cancellation: Cancellation,
): Promise<Verdict> {
  const deadlineAt = clock.now() + check.deadlineMs;
  let holdsSince: number | undefined;
  for (;;) {
    const askedAt = clock.now();
    const timeoutMs = Math.max(LEAST_QUERY_TIMEOUT_MS, Math.min(QUERY_TIMEOUT_MS, deadlineAt - askedAt));
    const answer = await queryPrometheus(url, check.query, AbortSignal.timeout(timeoutMs));
    const verdict = judge(answer, check);
    if (!answer.ok && (answer.error.reason === "bad_query" || answer.error.reason === "bad_url")) {
      return verdict;
    }
    holdsSince = verdict.passed ? (holdsSince ?? askedAt) : undefined;
    const now = clock.now();
    if (holdsSince !== undefined && now - holdsSince >= check.forMs) return verdict;
    if (cancellation.requested() !== undefined) return { passed: false, detail: "cancelled" };
    if (now >= deadlineAt) {
      const shortly = verdict.passed ? `; not for ${check.forMs / 1000} s` : "";
      return { passed: false, detail: `${verdict.detail}${shortly} within ${check.deadlineMs / 1000} s` };
    }
    const holdsAt = holdsSince === undefined ? Number.POSITIVE_INFINITY : holdsSince + check.forMs;
    const waitMs = Math.min(check.intervalMs, deadlineAt - now, Math.max(1, holdsAt - now));
    await waitUnlessCancelled(waitMs, cancellation);
  }
}

function judge(
  answer: Result<number, { readonly reason: string; readonly detail?: string }>,
  { bounds }: PromqlCheck,
): Verdict {
  if (answer.ok) return compare(String(answer.value), bounds);
  const { reason, detail } = answer.error;
  const text = `no value (${reason.replaceAll("_", " ")})`;
  return { passed: false, detail: detail === undefined ? text : `${text}: ${detail}` };
}
