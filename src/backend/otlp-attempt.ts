import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { classifyError } from "./classify-error.ts";
import type { DeliveryOutcome } from "./outcome.ts";

/** One send under way. `outcome` never rejects, and settles within the attempt's budget. */
export interface OtlpAttempt {
  readonly outcome: Promise<DeliveryOutcome>;
  /** Settles the outcome as a timeout. */
  abort(): void;
}

/** An exporter fixes its timeout when it is constructed, so that each attempt has one of its own. */
export type AttemptFactory = (spans: ReadableSpan[], budgetMs: number) => OtlpAttempt;

/** PEM contents. */
export interface Certificates {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * Races an exchange against the budget. If it rejects, nothing had been sent.
 *
 * @param timeout what to report, and what to end, when time is up or the attempt is aborted
 */
export function withinBudget(
  budgetMs: number,
  exchange: Promise<DeliveryOutcome>,
  timeout: () => DeliveryOutcome,
): OtlpAttempt {
  let abort: () => void = () => {};
  const outcome = new Promise<DeliveryOutcome>((resolve) => {
    abort = () => resolve(timeout());
    const timer = setTimeout(abort, budgetMs);
    void exchange
      .catch((error: unknown) => classifyError(error, false))
      .then((value) => {
        clearTimeout(timer);
        resolve(value);
      });
  });
  return { outcome, abort };
}
