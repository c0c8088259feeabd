import { setTimeout as sleep } from "node:timers/promises";
import type { Home } from "../core/home.ts";
import { currentOwner, isElsewhere } from "../core/owner.ts";
import { type Ledger, openLedger } from "../projection/ledger-store.ts";
import type { DeliveryContext } from "./context.ts";
import { readStanding, resolveDestinations } from "./destinations.ts";
import { openEngine } from "./engine.ts";
import { journalEnd } from "./journal-end.ts";
import { askHandover, clearHandover, type LeaseRecord, readLease, releaseLease, takeLease } from "./lease.ts";
import { writeNotice } from "./notice.ts";
import { type DeliveryReport, describeUndelivered, explainReason, reportDelivery } from "./report.ts";

const POLL_MS = 20;

/** What is left of the deadline for writing down how it went. */
const WRITE_DOWN_MS = 50;

/**
 * Delivers everything that the journal has, within one deadline for all sinks together. Where another
 * process holds the lease, waits until that one has delivered what the journal has now, or lets go.
 *
 * @param options.sinceMs what happened since then, milliseconds since the epoch, is sent once more; the lease is
 *   waited for then.
 * @throws UserError `newer-home`; the system's error when the home cannot be written.
 */
export async function deliverNow(
  context: DeliveryContext,
  options: { readonly deadlineMs: number; readonly sinceMs?: number },
): Promise<DeliveryReport> {
  const { home, clock, settings, version } = context;
  const deadlineAt = clock.now() + options.deadlineMs;
  const { sinceMs } = options;
  const deliveryHash = settings.deliveryHash();
  const own: LeaseRecord = { owner: currentOwner(), version, deliveryHash };
  // A holder lets go for whoever wants something else than what it does.
  const asker = sinceMs === undefined ? own : { ...own, deliveryHash: `${deliveryHash} since ${sinceMs}` };
  const begin = journalEnd(home.journal);
  let wanted: Ledger | undefined;
  try {
    for (;;) {
      const generation = takeLease(home.lease, own);
      if (generation !== undefined) {
        const { report, end } = await deliverHolding(
          context,
          { deadlineAt: deadlineAt - WRITE_DOWN_MS, sinceMs },
          () => releaseLease(home.lease, generation),
        );
        // A background command may have seen the lease held just before, and left its fact to us.
        const isLeftOut = report.complete && journalEnd(home.journal) !== end;
        if (!isLeftOut || clock.now() + POLL_MS >= deadlineAt) return report;
        continue;
      }
      // One by other settings lets go then, one by the same tries at once what it would try later.
      if (readLease(home.lease).kind === "held") askHandover(home.lease, asker);
      const { destinations, misconfigured } = resolveDestinations(context);
      const standings = destinations.map((destination) => readStanding(context, destination));
      wanted ??= openLedger(home);
      const report = reportDelivery(standings, misconfigured, wanted, standings, heldElsewhere(home));
      if (clock.now() + POLL_MS >= deadlineAt) return sinceMs === undefined ? report : notResent(report);
      if (report.complete && sinceMs === undefined) {
        // A background command leaves its fact to whoever asks for a free lease: to us, until we say otherwise.
        clearHandover(home.lease);
        if (readLease(home.lease).kind === "held" || journalEnd(home.journal) === begin) return report;
        continue;
      }
      await sleep(POLL_MS);
    }
  } finally {
    clearHandover(home.lease);
  }
}

async function deliverHolding(
  context: DeliveryContext,
  { deadlineAt, sinceMs }: { readonly deadlineAt: number; readonly sinceMs: number | undefined },
  release: () => void,
): Promise<{ readonly report: DeliveryReport; readonly end: string }> {
  try {
    const engine = await openEngine(context, false);
    try {
      const end = journalEnd(context.home.journal);
      const isReady = sinceMs === undefined || engine.resendSince(sinceMs);
      let report = await engine.deliver(deadlineAt);
      if (!isReady && engine.resendSince(sinceMs)) report = await engine.deliver(deadlineAt);
      report = { ...report, ...engine.maintain() };
      writeNotice(context.home, describeUndelivered(report));
      return { report, end };
    } finally {
      await engine.close();
    }
  } finally {
    release();
  }
}

/** Nothing was sent again, wherever delivery itself stands. */
function notResent(report: DeliveryReport): DeliveryReport {
  const sinks = report.sinks.map((sink) => ({ reason: explainReason("busy"), ...sink, complete: false }));
  return { sinks, complete: sinks.length === 0 };
}

/** Says why waiting for the lease is hopeless, where it is. */
function heldElsewhere(home: Home): string | undefined {
  const lease = readLease(home.lease);
  if (lease.kind !== "held" || !isElsewhere(lease.record.owner)) return undefined;
  return `process ${lease.record.owner.pid} on another host or container delivers`;
}
