import { currentOwner } from "../core/owner.ts";
import { enforceRetention, usage } from "../journal/retention.ts";
import { type Cursor, isBefore } from "../journal/segments.ts";
import { readCheckpointCursors } from "../projection/checkpoint-cursors.ts";
import { isSaved, type Ledger, openLedger, saveLedger } from "../projection/ledger-store.ts";
import type { DeliveryContext } from "./context.ts";
import { readStanding, resolveDestinations } from "./destinations.ts";
import { releaseLease, takeLease } from "./lease.ts";

/** A sink that nobody has delivered to for longer is not waited for, unless it is configured. */
const FORGOTTEN_AFTER_MS = 30 * 86_400_000;

/** Sinks that get totals, and need no old facts for these. */
const TOTALS_ONLY = ["pushgateway"];

/** Where a sink stands of which nothing is known: nothing counts as delivered. */
export const BEGINNING: Cursor = { segment: 0, offset: 0, seq: 0 };

/** Under the lease only. @returns the ledger as it was kept. @throws the system's error. */
export function keepTotals({ home, clock }: DeliveryContext, ledger: Ledger): Ledger {
  return isSaved(ledger) ? ledger : saveLedger(home, ledger, clock.now());
}

/**
 * Deletes what retention allows. Facts are kept for every sink that lacks them: those given, and those of other
 * settings, or switched off, whose checkpoint is on disk. Under the lease only.
 *
 * @param ledger as it was kept.
 * @param sinks where those stand that are configured.
 * @throws the system's error.
 */
export function tidyUp(
  { home, settings, clock }: DeliveryContext,
  { cursor }: Ledger,
  sinks: readonly Cursor[],
): void {
  const now = clock.now();
  const others = readCheckpointCursors(home, { since: now - FORGOTTEN_AFTER_MS, except: TOTALS_ONLY });
  const living = slowest(sinks, cursor);
  const passed = { all: slowest(others, living), living, ledger: cursor };
  enforceRetention(home, settings.retention, passed, now);
}

function slowest(cursors: readonly Cursor[], ahead: Cursor): Cursor {
  return cursors.reduce((min, one) => (isBefore(one, min) ? one : min), ahead);
}

/** More facts than this behind the snapshot make reading noticeably longer. */
const DUE_AFTER_FACTS = 500;

/**
 * Where no sink is configured, or delivery is off, no deliverer keeps the totals and tidies up; commands that read
 * the totals anyway do it now and then, under the same lease. Nothing happens while somebody holds it.
 */
export function maintainWhenDue(context: DeliveryContext, ledger: Ledger): void {
  const { home, settings, version } = context;
  if (settings.anySink && settings.deliveryMode !== "off") return;
  try {
    if (ledger.unsaved < DUE_AFTER_FACTS && usage(home) <= settings.retention.sizeBytes) return;
    const record = { owner: currentOwner(), version, deliveryHash: settings.deliveryHash() };
    const generation = takeLease(home.lease, record);
    if (generation === undefined) return;
    try {
      const { destinations, misconfigured } = resolveDestinations(context);
      const sinks = destinations.map((destination) => readStanding(context, destination).cursor);
      // Once more: somebody may have kept a newer one since.
      const kept = keepTotals(context, openLedger(home));
      tidyUp(context, kept, misconfigured.length > 0 ? [BEGINNING] : sinks);
    } finally {
      releaseLease(home.lease, generation);
    }
  } catch {
    // A read-only home or a full disk: the next command that reads the totals tries again.
  }
}
