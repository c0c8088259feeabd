import type { Home } from "../core/home.ts";
import { readFacts } from "../journal/read.ts";
import { type Cursor, isBefore, listSegments } from "../journal/segments.ts";
import { readCheckpointCursors } from "./checkpoint-cursors.ts";
import { emptyLedger, foldLedger, type LedgerState } from "./ledger.ts";
import { upgradeSession } from "./session.ts";
import { newerHome, readSnapshot, writeSnapshot } from "./snapshot.ts";

/** Since 2 with `runs`, since 3 with `budgets`; since 4 all scopes are forgotten some time. Those before are read. */
export const LEDGER_SCHEMA = 4;
export const OLDEST_LEDGER_SCHEMA = 1;

export function ledgerPath(home: Home): string {
  return `${home.state}/ledger.json`;
}

export interface Ledger {
  readonly state: LedgerState;
  readonly cursor: Cursor;
  /** Facts folded since the snapshot on disk. */
  readonly unsaved: number;
  /** The segment that the snapshot on disk stands in: with those before it, nothing is lost to whoever reads it. */
  readonly savedSegment: number;
  /** Set until it is saved when facts are gone that it has not counted. */
  readonly gap: Gap | undefined;
}

/** How facts came to be missing: the snapshot was `lost`, or an `older` one was put back. */
export type Gap = NonNullable<LedgerState["gap"]>["kind"];

/** The metric totals as the journal has them now. @throws UserError `newer-home`. */
export function openLedger(home: Home): Ledger {
  const snapshot = readSnapshot<LedgerState>(ledgerPath(home), LEDGER_SCHEMA, OLDEST_LEDGER_SCHEMA);
  const state = { ...emptyLedger, ...snapshot?.state };
  const isLost = snapshot === undefined && (listSegments(home.journal)[0] ?? 1) > 1;
  const ledger = advanceLedger(home, {
    state: { ...state, session: upgradeSession(state.session) },
    cursor: snapshot?.cursor ?? { segment: 0, offset: 0, seq: 0 },
    unsaved: 0,
    savedSegment: snapshot?.cursor.segment ?? 1,
    gap: isLost ? "lost" : undefined,
  });
  if (snapshot !== undefined && ledger.gap === undefined) return ledger;
  return { ...ledger, cursor: { ...ledger.cursor, seq: seqBySinks(home, ledger.cursor) } };
}

/**
 * How many facts there were before a place, those included that are gone and were not counted: the sinks'
 * checkpoints know. With a smaller number, what is new would look delivered to them.
 */
function seqBySinks(home: Home, cursor: Cursor): number {
  const seqs = readCheckpointCursors(home).map((checkpoint) => {
    let { seq } = checkpoint;
    readFacts(home.journal, checkpoint, (_, after) => {
      if (isBefore(cursor, after)) return false;
      seq += 1;
      return undefined;
    });
    return seq;
  });
  return Math.max(cursor.seq, ...seqs);
}

/** Folds what was appended since. */
export function advanceLedger(home: Home, ledger: Ledger): Ledger {
  let { state } = ledger;
  let facts = 0;
  const from = ledger.cursor.segment === 0 ? undefined : ledger.cursor;
  const read = readFacts(home.journal, from, (fact) => {
    state = foldLedger(state, fact);
    facts += 1;
    return undefined;
  });
  if (read.newer !== undefined) throw newerHome();
  if (read.skipped > 0) state = { ...state, skipped: state.skipped + read.skipped };
  return {
    ...ledger,
    state,
    cursor: read.cursor,
    unsaved: ledger.unsaved + facts,
    gap: ledger.gap ?? (read.gap ? "older" : undefined),
  };
}

/**
 * Whether it is to be saved before segments go that it has passed. It may have passed one without counting a fact,
 * such as one that was just ended.
 */
export function isSaved({ unsaved, cursor, savedSegment, gap }: Ledger): boolean {
  return unsaved === 0 && cursor.segment === savedSegment && gap === undefined;
}

/**
 * Keeps the totals and their place in one file. Under the lease only.
 *
 * @param now when facts were found missing, if some were.
 * @throws the system's error.
 */
export function saveLedger(home: Home, ledger: Ledger, now: number): Ledger {
  const { gap, cursor } = ledger;
  const state = gap === undefined ? ledger.state : { ...ledger.state, gap: { kind: gap, at: now } };
  writeSnapshot(ledgerPath(home), LEDGER_SCHEMA, { cursor, state });
  return { state, cursor, unsaved: 0, savedSegment: cursor.segment, gap: undefined };
}
