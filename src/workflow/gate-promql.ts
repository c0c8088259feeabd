import { queryPrometheus } from "../backend/prometheus-query.ts";
import type { Clock } from "../core/clock.ts";
import type { Result } from "../core/result.ts";
import { type Cancellation, waitUnlessCancelled } from "./cancellation.ts";
import type { GateCheck } from "./definition.ts";
import { compare, type Verdict } from "./gate-value.ts";

export type PromqlCheck = Extract<GateCheck, { readonly kind: "promql" }>;

/** One question may take this long, or what is left of the deadline, but the last one has time for an answer. */
const QUERY_TIMEOUT_MS = 10_000;
const LAST_QUERY_TIMEOUT_MS = 1000;

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
  let last: Verdict | undefined;
  for (;;) {
    if (cancellation.requested() !== undefined) return { passed: false, detail: "cancelled" };
    const askedAt = clock.now();
    const timeoutMs = Math.min(QUERY_TIMEOUT_MS, Math.max(LAST_QUERY_TIMEOUT_MS, deadlineAt - askedAt));
    const answer = await ask(url, check.query, timeoutMs, cancellation);
    const answered = judge(answer, check);
    // For the last question there is hardly time: what was known before says more.
    const isCutShort = !answer.ok && answer.error.reason === "timeout" && timeoutMs < QUERY_TIMEOUT_MS;
    const verdict = isCutShort ? (last ?? answered) : answered;
    last = verdict;
    if (!answer.ok && (answer.error.reason === "bad_query" || answer.error.reason === "bad_url")) {
      return verdict;
    }
    holdsSince = answered.passed ? (holdsSince ?? askedAt) : undefined;
    // From question to question: how long an answer took says nothing about the value.
    if (holdsSince !== undefined && askedAt - holdsSince >= check.forMs) return verdict;
    const now = clock.now();
    if (now >= deadlineAt) {
      const shortly = verdict.passed ? `; not for ${check.forMs / 1000} s` : "";
      return { passed: false, detail: `${verdict.detail}${shortly} within ${check.deadlineMs / 1000} s` };
    }
    const holdsAt = holdsSince === undefined ? Number.POSITIVE_INFINITY : holdsSince + check.forMs;
    const waitMs = Math.min(check.intervalMs, deadlineAt - now, Math.max(1, holdsAt - now));
    await waitUnlessCancelled(waitMs, cancellation);
  }
}

/** A request to stop ends the question as well. */
async function ask(url: string, query: string, timeoutMs: number, cancellation: Cancellation) {
  const stop = new AbortController();
  // Not AbortSignal.any: a timeout that only it knows of may be collected before it is over.
  const timer = setTimeout(() => stop.abort(new DOMException("too late", "TimeoutError")), timeoutMs);
  const forget = cancellation.onRequest(() => stop.abort());
  return queryPrometheus(url, query, stop.signal).finally(() => {
    clearTimeout(timer);
    forget();
  });
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
