/**
 * Asks something that ends with a signal: after some time, or with another signal.
 *
 * Not by `AbortSignal.any`: a timeout that only it knows of may be collected before it is over, as Node.js 20 does.
 */
export async function withinDeadline<Answer>(
  deadlineMs: number,
  other: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const stop = new AbortController();
  const follow = () => stop.abort(other?.reason);
  const timer = setTimeout(() => stop.abort(new DOMException("too late", "TimeoutError")), deadlineMs);
  other?.addEventListener("abort", follow, { once: true });
  if (other?.aborted === true) follow();
  try {
    return await ask(stop.signal);
  } finally {
    clearTimeout(timer);
    other?.removeEventListener("abort", follow);
  }
}
