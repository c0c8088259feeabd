import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { currentOwner } from "../core/owner.ts";
import type { DeliveryContext } from "./context.ts";
import { type Engine, openEngine } from "./engine.ts";
import { journalEnd } from "./journal-end.ts";
import {
  clearHandover,
  holdsLease,
  type LeaseRecord,
  mayAskHandover,
  readHandover,
  readLease,
  releaseLease,
  takeLease,
} from "./lease.ts";
import { writeNotice } from "./notice.ts";
import { describeUndelivered } from "./report.ts";

export interface DelivererOptions {
  /** The lease's generation that was passed to this process; 0: wait for a turn. */
  readonly generation: number;
  /** The bundle that runs: when it is replaced, this process makes way for the new one. */
  readonly programPath: string;
  /** False where it delivers for a command in the foreground, which shows true totals. */
  readonly holdsFirstValues: boolean;
  /** Of the hard cap, for tests. */
  readonly longestLifeMs?: number;
  /** True once the process has been asked to stop. */
  readonly isStopped: () => boolean;
}

/** A new fact is delivered within a second: looking at one file four times a second costs nothing. */
const TICK_MS = 250;

/** Who delivers for a command in the foreground keeps it waiting at its end. */
const FOREGROUND_TICK_MS = 25;

/** How long one round may take, with a backend that hangs. */
const ROUND_MS = 10_000;

/** Whatever goes wrong, it does not live longer; the next command starts another. */
const LONGEST_LIFE_MS = 3_600_000;

const LONGEST_WAIT_FOR_TURN_MS = 30_000;

/**
 * The background process: delivers what is new, stays a while for what comes next, and ends when it has
 * been idle, has lived too long, is asked to hand over, or its home, its lease or its program is gone.
 */
export async function runDeliverer(context: DeliveryContext, options: DelivererOptions): Promise<void> {
  const { home, settings, version } = context;
  const own: LeaseRecord = { owner: currentOwner(), version, deliveryHash: settings.deliveryHash() };
  const program = identify(options.programPath);
  const bornAt = performance.now();
  const isOld = () => performance.now() - bornAt >= (options.longestLifeMs ?? LONGEST_LIFE_MS);
  let generation = await takeTurn(home.lease, own, options);
  while (generation !== undefined) {
    const held = generation;
    const mayGoOn = () =>
      !options.isStopped() &&
      holdsLease(home.lease, held, own.owner) &&
      identify(options.programPath) === program;
    const engine = await openEngine(context, options.holdsFirstValues);
    let seen: string | undefined;
    try {
      seen = await deliverUntilIdle(
        context,
        engine,
        own,
        mayGoOn,
        isOld,
        options.holdsFirstValues ? TICK_MS : FOREGROUND_TICK_MS,
      );
    } finally {
      await engine.close();
    }
    // A home that was removed must not come back to life.
    if (!holdsLease(home.lease, held, own.owner)) return;
    const stays = mayGoOn() && !isHandoverAsked(home.lease, own);
    releaseLease(home.lease, held);
    // A command may have seen the lease held just before it was released, and left its fact to us.
    generation = stays && journalEnd(home.journal) !== seen ? takeLease(home.lease, own) : undefined;
  }
}

/** @returns the journal's end at the last delivery; undefined when there was none. */
async function deliverUntilIdle(
  context: DeliveryContext,
  engine: Engine,
  own: LeaseRecord,
  mayGoOn: () => boolean,
  isOld: () => boolean,
  tickMs: number,
): Promise<string | undefined> {
  const { home, settings, clock } = context;
  let activeAt = performance.now();
  let seen: string | undefined;
  let waiting: number | undefined;
  while (mayGoOn() && !isHandoverAsked(home.lease, own) && (seen === undefined || !isOld())) {
    const asker = readHandover(home.lease)?.owner.pid;
    const isHurried = asker !== undefined && asker !== waiting;
    waiting = asker;
    if (isHurried) engine.retryNow();
    const end = journalEnd(home.journal);
    const dueAt = engine.nextDueAt();
    const isDue = dueAt !== undefined && clock.now() >= dueAt;
    if (end !== seen || isDue || isHurried) {
      if (end !== seen) activeAt = performance.now();
      seen = end;
      const report = await engine.deliver(clock.now() + ROUND_MS);
      if (!mayGoOn()) return seen;
      writeNotice(home, describeUndelivered({ ...report, ...engine.maintain() }));
      continue;
    }
    // Values that are held back are worth staying for; a backend that is down is not.
    const isHolding = (engine.heldUntil() ?? 0) > clock.now();
    if (!isHolding && performance.now() - activeAt >= settings.lingerMs) return seen;
    await sleep(tickMs);
  }
  return seen;
}

function isHandoverAsked(lease: string, own: LeaseRecord): boolean {
  const asker = readHandover(lease);
  return asker !== undefined && mayAskHandover(asker, own);
}

/** Waits until the lease that was passed to this process names it, or until it is free. */
async function takeTurn(
  lease: string,
  own: LeaseRecord,
  { generation, isStopped }: DelivererOptions,
): Promise<number | undefined> {
  const until = performance.now() + (generation > 0 ? 2000 : LONGEST_WAIT_FOR_TURN_MS);
  while (!isStopped() && performance.now() < until && fs.existsSync(lease)) {
    if (generation > 0) {
      // The command that started us passes the lease on once it knows our pid. It is not ours to take before.
      if (holdsLease(lease, generation, own.owner)) return generation;
    } else {
      const taken = takeLease(lease, own);
      if (taken !== undefined) {
        clearHandover(lease);
        return taken;
      }
      const state = readLease(lease);
      // Somebody else of our kind was faster.
      if (state.kind === "held" && !mayAskHandover(own, state.record)) return undefined;
    }
    await sleep(20);
  }
  return undefined;
}

/** Changes when a file is replaced or removed. */
function identify(path: string): string {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
}
