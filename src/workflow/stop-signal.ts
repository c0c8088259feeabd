import type { Cancellation } from "./cancellation.ts";
import type { WorkError } from "./do-work.ts";

/** What ends work that is no process: its time is over, or the run is to stop. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** Why it was ended; undefined while it was not. */
  reason(): WorkError | undefined;
  /** The work is over. */
  end(): void;
}

export function createStopSignal(timeoutMs: number | undefined, cancellation: Cancellation): StopSignal {
  const stop = new AbortController();
  let reason: WorkError | undefined;
  const stopFor = (why: WorkError) => {
    reason ??= why;
    stop.abort();
  };
  const cancel = () => stopFor({ type: "cancelled", message: "cancelled" });
  const late = () => stopFor({ type: "timeout", message: `not over after ${(timeoutMs ?? 0) / 1000} s` });
  if (cancellation.requested() !== undefined) cancel();
  const forget = cancellation.onRequest(cancel);
  const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
  return {
    signal: stop.signal,
    reason: () => reason,
    end() {
      clearTimeout(timer);
      forget();
    },
  };
}
