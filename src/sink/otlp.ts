import type { OtlpClient } from "../backend/otlp.ts";
import type { DeliveryOutcome } from "../backend/outcome.ts";
import { systemErrorCode } from "../core/errors.ts";
import { isProvablyDead, type Owner } from "../core/owner.ts";
import type { SpanRecord } from "../core/span.ts";
import { readFacts } from "../journal/read.ts";
import { type Cursor, isBefore } from "../journal/segments.ts";
import type { Ledger } from "../projection/ledger-store.ts";
import {
  appendDeadLetters,
  type Checkpoint,
  checkpointPath,
  newCheckpoint,
  readCheckpoint,
  type SinkHealth,
  withDropped,
  withFailure,
  withSuccess,
  writeCheckpoint,
} from "./checkpoint.ts";
import { closeInterrupted, noOpenSpans, type OpenSpan } from "./open-spans.ts";
import { emptySpanFold, foldSpans, type SpanFold } from "./otlp-spans.ts";
import type { Sink, SinkContext } from "./sink.ts";

/** The OpenTelemetry SDK's own default batch size (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`). */
const BATCH_SPANS = 512;

/** A sink that is configured for the first time starts with the facts of the last day. */
const FIRST_BACKFILL_MS = 24 * 3_600_000;

/** What is open for longer is closed as interrupted, whoever may be alive. */
const LONGEST_OPEN_MS = 24 * 3_600_000;

/** How often it looks whether those are alive whose spans are open. */
const LOOK_AGAIN_MS = 5000;

/** A finished span with the place and the fold behind its fact, so that a part of a batch can be settled. */
interface Placed {
  readonly span: SpanRecord;
  readonly after: Cursor;
  readonly fold: SpanFold;
}

/**
 * Replays facts as spans to an OTLP backend. The ids were fixed when the facts were made, so whatever is
 * sent again after a doubtful outcome is the identical span. A span whose end nobody will write any more is
 * closed as interrupted once the whole journal has been read; its end is on disk before it is sent.
 */
export function createOtlpSink(
  context: SinkContext,
  destinationHash: string,
  client: OtlpClient,
  isDead: (owner: Owner) => boolean = isProvablyDead,
): Sink {
  const { home, clock } = context;
  const path = checkpointPath(home, "otlp", destinationHash);
  let checkpoint: Checkpoint<SpanFold> | undefined = readOwn(path);
  let retryAfterMs: number | undefined;
  let lookAt = 0;

  function keep(cursor: Cursor, own: SpanFold, health: SinkHealth): void {
    checkpoint = { cursor, state: { own, health } };
    writeCheckpoint(home, path, checkpoint);
  }

  /** Sends a batch, halving it where the backend refuses it. @returns false when delivery has to stop. */
  async function settle(batch: readonly Placed[], deadlineAt: number): Promise<boolean> {
    const last = batch.at(-1);
    if (last === undefined || checkpoint === undefined) return true;
    const outcome = await client.send(
      batch.map(({ span }) => span),
      deadlineAt - clock.now(),
    );
    retryAfterMs = outcome.status === "unavailable" ? outcome.retryAfterMs : undefined;
    if (outcome.status === "refused" && batch.length > 1) {
      const half = batch.length >> 1;
      return (await settle(batch.slice(0, half), deadlineAt)) && settle(batch.slice(half), deadlineAt);
    }
    const health = settled(checkpoint.state.health, outcome, last.span);
    if (outcome.status === "unavailable" || outcome.status === "doubtful") {
      keep(checkpoint.cursor, checkpoint.state.own, health);
      return false;
    }
    keep(last.after, last.fold, health);
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
        appendDeadLetters(home, "otlp", [{ at: now, reason: outcome.reason, ...detail, record: span }]);
        return withDropped(withSuccess(health, now), outcome.reason, 1);
      }
      default:
        return withFailure(health, outcome.reason, now);
    }
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
    const decided = { cursor, state: { ...state, own } };
    writeCheckpoint(home, path, decided);
    checkpoint = decided;
  }

  return {
    name: "otlp",
    get cursor() {
      return checkpoint?.cursor ?? NOWHERE;
    },
    get health() {
      return checkpoint?.state.health ?? newCheckpoint(NOWHERE, undefined).state.health;
    },
    async deliver(ledger, deadlineAt) {
      checkpoint ??= firstCheckpoint(context, ledger);
      lookAt = clock.now() + LOOK_AGAIN_MS;
      try {
        if (!(await settleInterrupted(deadlineAt))) return;
        while (checkpoint.cursor.seq < ledger.cursor.seq) {
          // Not sent is not failed: what is left of a backlog waits for the next round.
          if (clock.now() >= deadlineAt) return;
          const before = checkpoint.cursor.seq;
          const { batch, cursor, fold } = readBatch(home.journal, checkpoint, ledger.cursor.seq);
          if (!(await settle(batch, deadlineAt))) return;
          const { health } = checkpoint.state;
          if (cursor.seq === before) {
            // Nothing left to read: segments were removed before this sink had them, so nothing is waited for.
            const missing = ledger.cursor.seq - before;
            keep({ ...cursor, seq: ledger.cursor.seq }, fold, withDropped(health, "evicted", missing));
          } else if (cursor.seq > checkpoint.cursor.seq) keep(cursor, fold, health);
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
    checkpoint = {
      ...checkpoint,
      state: {
        ...checkpoint.state,
        health: withFailure(health, `disk_${reason.toLowerCase()}`, clock.now()),
      },
    };
  }
}

const NOWHERE: Cursor = { segment: 1, offset: 0, seq: 0 };

/** Those that were kept before spans could be open know of none. */
function readOwn(path: string): Checkpoint<SpanFold> | undefined {
  const kept = readCheckpoint<SpanFold>(path);
  if (kept === undefined) return undefined;
  return { ...kept, state: { ...kept.state, own: { ...emptySpanFold, ...kept.state.own } } };
}

function hasMore(journal: string, from: Cursor): boolean {
  let found = false;
  readFacts(journal, from, () => {
    found = true;
    return false;
  });
  return found;
}

function readBatch(
  journal: string,
  from: Checkpoint<SpanFold>,
  untilSeq: number,
): { readonly batch: readonly Placed[]; readonly cursor: Cursor; readonly fold: SpanFold } {
  const batch: Placed[] = [];
  let fold = from.state.own;
  const read = readFacts(journal, from.cursor, (fact, after) => {
    const folded = foldSpans(fold, fact);
    fold = folded.state;
    if (folded.span !== undefined) batch.push({ span: folded.span, after, fold });
    return batch.length < BATCH_SPANS && after.seq < untilSeq;
  });
  return { batch, cursor: read.cursor, fold };
}

/**
 * Stands before the first fact of the last day, knowing who was active then. What was open then is nothing that a
 * new destination waits for: it is shown if it ends.
 */
function firstCheckpoint({ home, clock }: SinkContext, ledger: Ledger): Checkpoint<SpanFold> {
  const since = clock.now() - FIRST_BACKFILL_MS;
  let kept = 0;
  readFacts(home.journal, undefined, (_, after) => {
    kept += 1;
    return isBefore(after, ledger.cursor);
  });
  const start = { segment: 0, offset: 0, seq: Math.max(0, ledger.cursor.seq - kept) };
  let fold = emptySpanFold;
  let cursor: Cursor | undefined;
  readFacts(home.journal, undefined, (fact, after) => {
    if (fact.ts >= since) return false;
    fold = foldSpans(fold, fact).state;
    cursor = { ...after, seq: start.seq + after.seq };
    return undefined;
  });
  return newCheckpoint(cursor ?? start, { ...fold, ...noOpenSpans });
}
