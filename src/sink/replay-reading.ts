import { readFacts } from "../journal/read.ts";
import { type Cursor, isBefore } from "../journal/segments.ts";
import type { Ledger } from "../projection/ledger-store.ts";
import { type Checkpoint, newCheckpoint, readCheckpoint } from "./checkpoint.ts";
import type { OpenSpans } from "./open-spans.ts";
import type { Replayed, ReplayedSpan } from "./replayed.ts";
import type { SinkContext } from "./sink.ts";

/** The OpenTelemetry SDK's own default batch size (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`). */
export const BATCH_SPANS = 512;

/** A batch with big bodies has fewer spans: backends take some megabytes at once, and so does our memory. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** A sink that is configured for the first time starts with the facts of the last day. */
const FIRST_BACKFILL_MS = 24 * 3_600_000;

/** A finished span with the place and the fold behind its fact, so that a part of a batch can be settled. */
export interface Placed<Fold> {
  readonly span: ReplayedSpan;
  readonly after: Cursor;
  readonly fold: Fold;
}

/** The kept checkpoint; those of older programs know nothing of what the fold has learnt since. */
export function readOwn<Fold extends OpenSpans>(path: string, empty: Fold): Checkpoint<Fold> | undefined {
  const kept = readCheckpoint<Fold>(path);
  if (kept === undefined) return undefined;
  return { ...kept, state: { ...kept.state, own: { ...empty, ...kept.state.own } } };
}

export function hasMore(journal: string, from: Cursor): boolean {
  let found = false;
  readFacts(journal, from, () => {
    found = true;
    return false;
  });
  return found;
}

/** The next spans that are over, as many as go in one batch. */
export function readBatch<Fold extends OpenSpans>(
  journal: string,
  from: Checkpoint<Fold>,
  untilSeq: number,
  { fold: foldOne }: Replayed<Fold>,
): { readonly batch: readonly Placed<Fold>[]; readonly cursor: Cursor; readonly fold: Fold } {
  const batch: Placed<Fold>[] = [];
  let fold = from.state.own;
  let bytes = 0;
  const read = readFacts(journal, from.cursor, (fact, after) => {
    const folded = foldOne(fold, fact, after);
    fold = folded.state;
    if (folded.span !== undefined) {
      batch.push({ span: folded.span, after, fold });
      bytes += weightOf(folded.span);
    }
    return batch.length < BATCH_SPANS && bytes < BATCH_BYTES && after.seq < untilSeq;
  });
  return { batch, cursor: read.cursor, fold };
}

/** About how many bytes its long texts are. */
function weightOf({ attributes, bodies = [] }: ReplayedSpan): number {
  const texts = Object.values(attributes).map((value) => (typeof value === "string" ? value.length : 0));
  return [...texts, ...bodies.map(({ bytes }) => bytes)].reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * Stands before the first fact of the last day, or of the time since another moment, knowing who was active then.
 * What was open then is nothing that a new destination waits for: it is shown if it ends.
 */
export function firstCheckpoint<Fold extends OpenSpans>(
  { home, clock }: SinkContext,
  ledger: Ledger,
  replayed: Replayed<Fold>,
  since = clock.now() - FIRST_BACKFILL_MS,
): Checkpoint<Fold> {
  let kept = 0;
  readFacts(home.journal, undefined, (_, after) => {
    kept += 1;
    return isBefore(after, ledger.cursor);
  });
  const start = { segment: 0, offset: 0, seq: Math.max(0, ledger.cursor.seq - kept) };
  let fold = replayed.empty;
  let cursor: Cursor | undefined;
  readFacts(home.journal, undefined, (fact, after) => {
    if (fact.ts >= since) return false;
    fold = replayed.fold(fold, fact, after).state;
    cursor = { ...after, seq: start.seq + after.seq };
    return undefined;
  });
  return newCheckpoint(cursor ?? start, replayed.fresh(fold));
}
