import type { DeliveryOutcome } from "../backend/outcome.ts";
import { systemErrorCode } from "../core/errors.ts";
import { isProvablyDead, type Owner } from "../core/owner.ts";
import type { SpanRecord } from "../core/span.ts";
import { type Cursor, isBefore } from "../journal/segments.ts";
import {
  appendDeadLetters,
  type Checkpoint,
  checkpointPath,
  type InFlight,
  newCheckpoint,
  type SinkHealth,
  type SinkName,
  withDropped,
  withFailure,
  withSuccess,
  writeCheckpoint,
} from "./checkpoint.ts";
import { withInFlight, withoutInFlight } from "./in-flight.ts";
import { closeInterrupted, type OpenSpan, type OpenSpans } from "./open-spans.ts";
import { BATCH_SPANS, firstCheckpoint, hasMore, type Placed, readBatch, readOwn } from "./replay-reading.ts";
import type { Replayed } from "./replayed.ts";
import type { Sink, SinkContext } from "./sink.ts";

/** What is open for longer is closed as interrupted, whoever may be alive. */
const LONGEST_OPEN_MS = 24 * 3_600_000;

/** How often it looks whether those are alive whose spans are open. */
const LOOK_AGAIN_MS = 5000;

/**
 * Replays facts as spans to a backend. The ids were fixed when the facts were made, so whatever is sent again
 * after a doubtful outcome is the identical span; where the backend can be asked, only those are sent again that it
 * does not have. A span whose end nobody will write any more is closed as interrupted once the whole journal has
 * been read; its end is on disk before it is sent.
 */
export function createReplaySink<Fold extends OpenSpans>(
  name: SinkName,
  context: SinkContext,
  destinationHash: string,
  replayed: Replayed<Fold>,
  isDead: (owner: Owner) => boolean = isProvablyDead,
): Sink {
  const { home, clock } = context;
  const { client, trailing } = replayed;
  const path = checkpointPath(home, name, destinationHash);
  let checkpoint: Checkpoint<Fold> | undefined = readOwn(path, replayed.empty);
  let retryAfterMs: number | undefined;
  let lookAt = 0;
  /** Which of those in flight the backend has; undefined until it was asked. */
  let arrived: ReadonlySet<string> | undefined;

  function keep(cursor: Cursor, own: Fold, health: SinkHealth, inFlight?: InFlight): void {
    const doubt = inFlight === undefined ? {} : { inFlight };
    const again = checkpoint?.state.againUntilSeq ?? 0;
    const until = cursor.seq < again ? { againUntilSeq: again } : {};
    checkpoint = { cursor, state: { own, health, ...doubt, ...until } };
    writeCheckpoint(home, path, checkpoint);
  }

  /** Sends a batch, halving it where the backend refuses it. @returns false when delivery has to stop. */
  async function settle(batch: readonly Placed<Fold>[], deadlineAt: number): Promise<boolean> {
    const last = batch.at(-1);
    if (last === undefined || checkpoint === undefined) return true;
    const { cursor, state } = checkpoint;
    const spans = batch.map(({ span }) => span);
    const missing = spans.filter(({ identity }) => arrived?.has(identity.spanId) !== true);
    const pending = withInFlight(state.inFlight, missing);
    // Should this process die before it knows, whoever comes next has to ask.
    if (client.findArrived !== undefined && missing.length > 0)
      keep(cursor, state.own, state.health, pending);
    const outcome: DeliveryOutcome =
      missing.length === 0 ? { status: "accepted" } : await client.send(missing, deadlineAt - clock.now());
    retryAfterMs = outcome.status === "unavailable" ? outcome.retryAfterMs : undefined;
    if (outcome.status === "refused" && missing.length > 1) {
      checkpoint = { cursor, state };
      const half = batch.length >> 1;
      return (await settle(batch.slice(0, half), deadlineAt)) && settle(batch.slice(half), deadlineAt);
    }
    const health = settled(state.health, outcome, missing[0] ?? last.span);
    if (outcome.status === "unavailable" || outcome.status === "doubtful") {
      const isInDoubt = client.findArrived !== undefined && mayHaveArrived(outcome);
      if (isInDoubt) arrived = undefined;
      keep(cursor, state.own, health, isInDoubt ? pending : state.inFlight);
      return false;
    }
    keep(last.after, last.fold, health, withoutInFlight(state.inFlight, spans));
    return true;
  }

  function settled(health: SinkHealth, outcome: DeliveryOutcome, span: SpanRecord): SinkHealth {
    const now = clock.now();
    switch (outcome.status) {
      case "accepted": {
        const rejected = outcome.rejected;
        if (rejected === undefined) return withSuccess(health, now);
        return withDropped(withSuccess(health, now), "rejected", rejected.count);
      }
      case "refused": {
        const detail = outcome.detail === undefined ? {} : { detail: outcome.detail };
        appendDeadLetters(home, name, [{ at: now, reason: outcome.reason, ...detail, record: span }]);
        return withDropped(withSuccess(health, now), outcome.reason, 1);
      }
      default:
        return withFailure(health, outcome.reason, now);
    }
  }

  /** Asks which of those arrived that were in flight when an attempt was cut off. @returns as above. */
  async function askArrived(deadlineAt: number): Promise<boolean> {
    if (checkpoint === undefined || client.findArrived === undefined || arrived !== undefined) return true;
    const { cursor, state } = checkpoint;
    if (state.inFlight === undefined) return true;
    const answer = await client.findArrived(state.inFlight, deadlineAt - clock.now());
    if (answer.ok) {
      arrived = answer.value;
      return true;
    }
    retryAfterMs = answer.error.status === "unavailable" ? answer.error.retryAfterMs : undefined;
    const health = withFailure(state.health, answer.error.reason, clock.now());
    keep(cursor, state.own, health, state.inFlight);
    return false;
  }

  /** Of facts that are gone through again, the backend is asked what it has of them. @returns as above. */
  async function askAgain(batch: readonly Placed<Fold>[], deadlineAt: number): Promise<boolean> {
    if (checkpoint?.state.againUntilSeq === undefined || client.findArrived === undefined) return true;
    const { cursor, state } = checkpoint;
    const spans = batch.map(({ span }) => span);
    arrived = undefined;
    keep(cursor, state.own, state.health, withInFlight(state.inFlight, spans));
    return askArrived(deadlineAt);
  }

  /** Sends what was closed as interrupted. @returns false when delivery has to stop. */
  async function settleInterrupted(deadlineAt: number): Promise<boolean> {
    while (checkpoint !== undefined && checkpoint.state.own.interrupted.length > 0) {
      if (clock.now() >= deadlineAt) return false;
      const { cursor, state } = checkpoint;
      const { interrupted } = state.own;
      const batch = interrupted.slice(0, BATCH_SPANS).map((span, index) => ({
        span,
        after: cursor,
        fold: { ...state.own, interrupted: interrupted.slice(index + 1) },
      }));
      if (!(await settle(batch, deadlineAt))) return false;
    }
    return settleTrailing(deadlineAt);
  }

  /** Sends what follows the spans that have arrived. @returns as above. */
  async function settleTrailing(deadlineAt: number): Promise<boolean> {
    if (trailing === undefined) return true;
    while (checkpoint !== undefined && trailing.isWaiting(checkpoint.state.own)) {
      const { cursor, state } = checkpoint;
      const remainingMs = deadlineAt - clock.now();
      // The cursor has passed what these were made of, so it is the health that says they are missing.
      const late = {
        own: state.own,
        refused: [],
        failure: { status: "doubtful", reason: "timeout" },
      } as const;
      const { own, refused, failure } = remainingMs > 0 ? await trailing.send(state.own, remainingMs) : late;
      const now = clock.now();
      retryAfterMs = failure?.status === "unavailable" ? failure.retryAfterMs : undefined;
      if (refused.length > 0)
        appendDeadLetters(
          home,
          name,
          refused.map((letter) => ({ at: now, ...letter })),
        );
      let health = failure === undefined ? withSuccess(state.health, now) : state.health;
      for (const { reason } of refused) health = withDropped(health, reason, 1);
      if (failure !== undefined) health = withFailure(health, failure.reason, now);
      keep(cursor, own, health, state.inFlight);
      if (failure !== undefined) return false;
    }
    return true;
  }

  /** Decides which open spans are over without their end, and keeps that before any of them is sent. */
  function findInterrupted(now: number): void {
    if (checkpoint === undefined) return;
    const { cursor, state } = checkpoint;
    const isOver = ({ span, owner }: OpenSpan) => now - span.startMs > LONGEST_OPEN_MS || isDead(owner);
    const own = closeInterrupted(state.own, isOver);
    // Whoever was dead by then had written all it ever will; only what is read after that shows that the end
    // is not there.
    if (own === state.own || hasMore(home.journal, cursor)) return;
    const decided = { cursor, state: { ...state, own: replayed.interrupted(own) } };
    writeCheckpoint(home, path, decided);
    checkpoint = decided;
  }

  return {
    name,
    get cursor() {
      return checkpoint?.cursor ?? NOWHERE;
    },
    get health() {
      return checkpoint?.state.health ?? newCheckpoint(NOWHERE, undefined).state.health;
    },
    async deliver(ledger, deadlineAt) {
      checkpoint ??= firstCheckpoint(context, ledger, replayed);
      lookAt = clock.now() + LOOK_AGAIN_MS;
      try {
        if (!(await askArrived(deadlineAt)) || !(await settleInterrupted(deadlineAt))) return;
        while (checkpoint.cursor.seq < ledger.cursor.seq) {
          // Not sent is not failed: what is left of a backlog waits for the next round.
          if (clock.now() >= deadlineAt) return;
          const before = checkpoint.cursor.seq;
          const { batch, cursor, fold } = readBatch(home.journal, checkpoint, ledger.cursor.seq, replayed);
          if (!(await askAgain(batch, deadlineAt)) || !(await settle(batch, deadlineAt))) return;
          const { health, inFlight } = checkpoint.state;
          if (cursor.seq === before) {
            // Nothing left to read: segments were removed before this sink had them, so nothing is waited for.
            const missing = ledger.cursor.seq - before;
            const dropped = withDropped(health, "evicted", missing);
            keep({ ...cursor, seq: ledger.cursor.seq }, fold, dropped, inFlight);
          } else if (cursor.seq > checkpoint.cursor.seq) keep(cursor, fold, health, inFlight);
          if (!(await settleTrailing(deadlineAt))) return;
        }
        findInterrupted(clock.now());
        if (!(await settleInterrupted(deadlineAt))) return;
        // All had arrived, but that could not be kept: the disk may have room again.
        const { health, own } = checkpoint.state;
        if (health.failing !== undefined) keep(checkpoint.cursor, own, withSuccess(health, clock.now()));
      } catch (error) {
        noteLocalFailure(error, checkpoint.state.health);
      }
    },
    resendSince(ledger, sinceMs) {
      const before = checkpoint;
      const first = firstCheckpoint(context, ledger, replayed, sinceMs);
      if (before === undefined) {
        checkpoint = first;
        return true;
      }
      const { own, health } = before.state;
      const isWaiting = own.interrupted.length > 0 || trailing?.isWaiting(own) === true;
      if (isWaiting) return false;
      if (!isBefore(first.cursor, before.cursor)) return true;
      // What began earlier and goes on is still waited for.
      const isOlder = ([, { span }]: readonly [string, OpenSpan]) => span.startMs < sinceMs;
      const open = Object.fromEntries(Object.entries(own.open).filter(isOlder));
      const state = { own: { ...first.state.own, open }, health, againUntilSeq: before.cursor.seq };
      checkpoint = { cursor: first.cursor, state };
      writeCheckpoint(home, path, checkpoint);
      return true;
    },
    isStale: () => false,
    retryAfterMs: () => retryAfterMs,
    nextDueAt() {
      if (checkpoint === undefined) return undefined;
      const { open, interrupted } = checkpoint.state.own;
      return interrupted.length > 0 || Object.keys(open).length > 0 ? lookAt : undefined;
    },
    // A run may take for ever; whoever delivers next closes it should it be killed.
    heldUntil: () => undefined,
    close: () => client.close(),
  };

  /** What could not be kept on disk is sent again, with the same ids. */
  function noteLocalFailure(error: unknown, health: SinkHealth): void {
    if (checkpoint === undefined) return;
    const reason = systemErrorCode(error);
    if (reason === undefined) throw error;
    const failed = withFailure(health, `disk_${reason.toLowerCase()}`, clock.now());
    checkpoint = { ...checkpoint, state: { ...checkpoint.state, health: failed } };
  }
}

const NOWHERE: Cursor = { segment: 1, offset: 0, seq: 0 };

/** A gateway may give up on a server that goes on all the same. */
function mayHaveArrived({ status, reason }: DeliveryOutcome & { readonly reason: string }): boolean {
  return status === "doubtful" || reason.startsWith("http_5");
}
