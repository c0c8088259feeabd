import type { Home } from "../core/home.ts";
import type { Fact } from "../journal/fact.ts";
import { readFacts } from "../journal/read.ts";
import { type Cursor, isBefore, listSegments } from "../journal/segments.ts";
import { LEDGER_SCHEMA, ledgerPath } from "./ledger-store.ts";
import { emptySession, foldSession, type SessionEvent, type SessionState } from "./session.ts";
import { newerHome, readSnapshot, type Snapshot, writeSnapshot } from "./snapshot.ts";

const SESSION_SCHEMA = 1;

/** A tail longer than this many facts costs more to read than a new snapshot to write. */
const RENEW_AFTER_FACTS = 16;

export interface SessionReader {
  readonly state: SessionState;
  readonly cursor: Cursor | undefined;
  /** Folds what was appended meanwhile; tells what the fact of that id, if it is among them, brought about. */
  advance(factId?: string): readonly SessionEvent[];
}

/**
 * The sessions as the journal has them now: a snapshot and the tail after it, so that reading costs the
 * same however long the journal grows. Hot commands renew this snapshot without the lease; it may be lost
 * or overtaken, since the ledger's, written under the lease, holds the sessions too.
 *
 * @throws UserError `newer-home`.
 */
export function openSession(home: Home): SessionReader {
  const begin = newestBase(home);
  let state = begin?.state ?? emptySession;
  let cursor = begin?.cursor;
  let read = 0;
  const advance = (factId?: string): readonly SessionEvent[] => {
    let own: readonly SessionEvent[] = [];
    const visit = (fact: Fact) => {
      const folded = foldSession(state, fact);
      state = folded.state;
      if (fact.id === factId) own = folded.events;
      read += 1;
      return undefined;
    };
    let result = readFacts(home.journal, cursor, visit);
    const base = result.gap ? newestBase(home) : undefined;
    if (base !== undefined && cursor !== undefined && isBefore(cursor, base.cursor)) {
      // Retention has gone past the snapshot meanwhile; the ledger's had been written before.
      ({ state } = base);
      result = readFacts(home.journal, base.cursor, visit);
    }
    if (result.newer !== undefined) throw newerHome();
    cursor = result.cursor;
    if (read > RENEW_AFTER_FACTS) {
      read = 0;
      renew(home, { state, cursor });
    }
    return own;
  };
  advance();
  return {
    get state() {
      return state;
    },
    get cursor() {
      return cursor;
    },
    advance,
  };
}

function newestBase(home: Home): Snapshot<SessionState> | undefined {
  const own = readSnapshot<SessionState>(`${home.state}/session.json`, SESSION_SCHEMA);
  if (own !== undefined) {
    const oldest = listSegments(home.journal)[0];
    if (oldest === undefined || own.cursor.segment >= oldest) return own;
  }
  const ledger = readSnapshot<{ readonly session: SessionState }>(ledgerPath(home), LEDGER_SCHEMA);
  return ledger === undefined ? undefined : { cursor: ledger.cursor, state: ledger.state.session };
}

function renew(home: Home, snapshot: Snapshot<SessionState>): void {
  try {
    writeSnapshot(`${home.state}/session.json`, SESSION_SCHEMA, snapshot, false);
  } catch {
    // A full disk or a read-only home: the next one reads a longer tail.
  }
}
