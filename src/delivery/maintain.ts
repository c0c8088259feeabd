import { currentOwner } from "../core/owner.ts";
import { enforceRetention } from "../journal/retention.ts";
import { type Ledger, openLedger, saveLedger } from "../projection/ledger-store.ts";
import type { DeliveryContext } from "./context.ts";
import { releaseLease, takeLease } from "./lease.ts";

/** More facts than this behind the snapshot make reading noticeably longer. */
const DUE_AFTER_FACTS = 500;

/**
 * Where no sink is configured, no deliverer ever keeps the totals and tidies up; commands that read them
 * anyway do it now and then, under the same lease. Nothing happens while somebody holds it.
 */
export function maintainWhenDue(context: DeliveryContext, ledger: Ledger): void {
  const { home, settings, clock, version } = context;
  if (ledger.unsaved < DUE_AFTER_FACTS || settings.anySink) return;
  try {
    const record = { owner: currentOwner(), version, deliveryHash: settings.deliveryHash() };
    const generation = takeLease(home.lease, record);
    if (generation === undefined) return;
    try {
      // Once more: somebody may have kept a newer one since.
      const now = clock.now();
      const { cursor } = saveLedger(home, openLedger(home), now);
      enforceRetention(home, settings.retention, cursor, cursor, now);
    } finally {
      releaseLease(home.lease, generation);
    }
  } catch {
    // A read-only home or a full disk: the next command that reads the totals tries again.
  }
}
