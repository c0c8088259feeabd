import { advanceLedger, openLedger } from "../projection/ledger-store.ts";
import type { Sink } from "../sink/sink.ts";
import { BUG, reasonOfThrown } from "./contained-sink.ts";
import type { DeliveryContext } from "./context.ts";
import { BEGINNING, keepTotals, tidyUp } from "./maintain.ts";
import { openSinks } from "./open-sinks.ts";
import { createPace, earliest, type Pace } from "./pace.ts";
import { type DeliveryReport, reportDelivery, type Upkeep } from "./report.ts";

/** Delivers for as long as its owner holds the lease. */
export interface Engine {
  /** Brings what the journal has to all sinks, in parallel, until nothing is newer or the deadline is over. */
  deliver(deadlineAt: number): Promise<DeliveryReport>;
  /**
   * Makes the next delivery send what happened since then (milliseconds since the epoch) once more, by every sink
   * that has not begun to.
   *
   * @returns false while one has something older to deliver first.
   */
  resendSince(sinceMs: number): boolean;
  /** Makes the next delivery try every sink, also those that failed a moment ago. */
  retryNow(): void;
  /** Keeps the totals and deletes what retention allows. @returns what the system did not let it do. */
  maintain(): Upkeep;
  /** When a sink wants to go on though no fact is new: to try again, to show what it held back, or to look around. */
  nextDueAt(): number | undefined;
  /** Until when some sink holds values back that it has to show then; undefined when none does. */
  heldUntil(): number | undefined;
  close(): Promise<void>;
}

/**
 * @param holdsFirstValues whether the caller stays long enough to show what is held back at first.
 * @throws UserError `newer-home`
 */
export async function openEngine(context: DeliveryContext, holdsFirstValues: boolean): Promise<Engine> {
  const { home, clock } = context;
  const opened = await openSinks(context, holdsFirstValues);
  const { sinks, misconfigured } = opened;
  const paces = new Map<Sink, Pace>();
  const paceOf = (sink: Sink): Pace => {
    const pace = paces.get(sink) ?? createPace();
    paces.set(sink, pace);
    return pace;
  };
  const mayTry = (sink: Sink) => paceOf(sink).mayTry(clock.now());
  const resending = new Set<Sink>();
  let ledger = openLedger(home);
  const { gap } = ledger;
  return {
    async deliver(deadlineAt) {
      await opened.openMissing();
      const before = sinks.map(({ name, cursor, health }) => ({ name, cursor, health }));
      let isRepeated = false;
      for (;;) {
        ledger = advanceLedger(home, ledger);
        const target = ledger;
        await Promise.all(
          sinks.filter(mayTry).map(async (sink) => {
            await sink.deliver(target, deadlineAt);
            if (sink.health.failing === undefined) paceOf(sink).succeeded();
            else paceOf(sink).failed(clock.now(), sink.retryAfterMs());
          }),
        );
        ledger = advanceLedger(home, ledger);
        const isNewer = ledger.cursor.seq > target.cursor.seq;
        const canGoOn = sinks.filter(mayTry);
        // Whoever shows how the others fare delivers once more when that came out differently.
        const isStale: boolean = !isRepeated && canGoOn.some((sink) => sink.isStale(ledger));
        isRepeated = isStale;
        if (!(isStale || (isNewer && canGoOn.length > 0)) || clock.now() >= deadlineAt) {
          const report = reportDelivery(sinks, misconfigured(), ledger, before);
          return gap === undefined ? report : { ...report, gap };
        }
      }
    },
    resendSince(sinceMs) {
      ledger = advanceLedger(home, ledger);
      for (const sink of sinks) {
        if (!resending.has(sink) && sink.resendSince?.(ledger, sinceMs) !== false) resending.add(sink);
      }
      return resending.size === sinks.length;
    },
    retryNow() {
      for (const pace of paces.values()) pace.succeeded();
      opened.retryNow();
    },
    maintain() {
      // Where a sink that cannot be opened stands is not known.
      const places = misconfigured().length > 0 ? [BEGINNING] : sinks.map(({ cursor }) => cursor);
      const notKept = failureOf(() => {
        ledger = keepTotals(context, ledger);
      });
      // What goes must have been counted on disk.
      if (notKept !== undefined) return { notKept };
      const notTidied = failureOf(() => tidyUp(context, ledger, places));
      return notTidied === undefined ? {} : { notTidied };
    },
    nextDueAt: () =>
      earliest([opened.nextTryAt(), ...sinks.map((sink) => paceOf(sink).nextTryAt() ?? sink.nextDueAt())]),
    heldUntil: () => earliest(sinks.map((sink) => sink.heldUntil())),
    async close() {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}

/** @returns the reason where the system refused. */
function failureOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    const reason = reasonOfThrown(error);
    if (reason === BUG) throw error;
    return reason;
  }
}
