import type { Clock } from "../core/clock.ts";
import { systemErrorCode, UserError } from "../core/errors.ts";
import type { SinkHealth } from "../sink/checkpoint.ts";
import type { Sink } from "../sink/sink.ts";

/** The reason of a failure that nothing but a mistake of ours explains. */
export const BUG = "bug";

/** What a sink that threw failed of. @throws what is a user's to hear. */
export function reasonOfThrown(error: unknown): string {
  if (error instanceof UserError) throw error;
  const code = systemErrorCode(error);
  return code === undefined ? BUG : `disk_${code.toLowerCase()}`;
}

/**
 * A sink that never rejects but with a `UserError`: what it throws is a failure of its own, tried again later and in
 * no other sink's way.
 *
 * @param onBug told what only a mistake of ours explains, once.
 */
export function containSink(sink: Sink, clock: Clock, onBug: (error: unknown) => void): Sink {
  let failing: SinkHealth["failing"];
  let wasTold = false;

  function note(error: unknown): void {
    const reason = reasonOfThrown(error);
    failing = { since: failing?.since ?? clock.now(), reason };
    if (reason !== BUG || wasTold) return;
    wasTold = true;
    onBug(error);
  }

  function attempt<Value>(ask: () => Value, otherwise: Value): Value {
    try {
      return ask();
    } catch (error) {
      note(error);
      return otherwise;
    }
  }

  return {
    name: sink.name,
    get cursor() {
      return sink.cursor;
    },
    get health() {
      return failing === undefined ? sink.health : { ...sink.health, failing };
    },
    async deliver(ledger, deadlineAt) {
      try {
        await sink.deliver(ledger, deadlineAt);
        failing = undefined;
      } catch (error) {
        note(error);
      }
    },
    ...(sink.resendSince === undefined
      ? {}
      : {
          resendSince: (ledger, sinceMs) =>
            attempt(() => sink.resendSince?.(ledger, sinceMs) !== false, false),
        }),
    isStale: (ledger) => attempt(() => sink.isStale(ledger), false),
    retryAfterMs: () => sink.retryAfterMs(),
    nextDueAt: () => attempt(() => sink.nextDueAt(), undefined),
    heldUntil: () => attempt(() => sink.heldUntil(), undefined),
    close: () => sink.close(),
  };
}
