import fs from "node:fs";
import { replaceFile } from "../core/atomic-file.ts";
import { errorCode } from "../core/errors.ts";
import { removeFile } from "../core/filesystem.ts";
import { ensureDirectory, type Home } from "../core/home.ts";
import type { Place } from "../journal/append.ts";
import type { Fact } from "../journal/fact.ts";
import { readFacts } from "../journal/read.ts";
import { type Cursor, isBefore, listSegments, segmentPath } from "../journal/segments.ts";
import { LEDGER_SCHEMA, ledgerPath, OLDEST_LEDGER_SCHEMA } from "./ledger-store.ts";
import {
  emptySession,
  foldSession,
  GLOBAL_SCOPE,
  type SessionEvent,
  type SessionState,
  upgradeSession,
} from "./session.ts";
import { shellFile } from "./shell-scope.ts";
import { newerHome, readSnapshot, type Snapshot, snapshotText } from "./snapshot.ts";

/** Since 2 all scopes are forgotten some time. Older ones are made anew. */
const SESSION_SCHEMA = 2;

/** A tail longer than this many facts costs more to read than a new snapshot to write. */
const RENEW_AFTER_FACTS = 16;

export interface SessionReader {
  readonly state: SessionState;
  readonly cursor: Cursor | undefined;
  /** Folds what this process has just appended, and what others have meanwhile; tells what its fact brought about. */
  accept(fact: Fact, place: Place): readonly SessionEvent[];
  /**
   * Keeps the state on disk, for the next reader and for shell prompts; what happened was in `scope`. Never fails: it
   * can be made anew.
   */
  keep(scope?: string): void;
}

/**
 * The file that shell prompts read: its first line is the active persona of the global scope, empty where
 * there is none. Behind it stands the snapshot of the sessions, so that one rename renews both.
 */
export function sessionPath(home: Home): string {
  return `${home.state}/session`;
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
  const fold = (fact: Fact) => {
    const folded = foldSession(state, fact);
    state = folded.state;
    return folded.events;
  };
  const advance = (factId?: string): readonly SessionEvent[] => {
    let own: readonly SessionEvent[] = [];
    const visit = (fact: Fact) => {
      const events = fold(fact);
      if (fact.id === factId) own = events;
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
    return own;
  };
  const accept = (fact: Fact, { segment, bytes }: Place): readonly SessionEvent[] => {
    const isNext = bytes !== undefined && cursor?.segment === segment && cursor.offset === bytes.start;
    // Nobody came between, as nearly always: what was written need not be read again.
    if (!isNext || cursor?.head === undefined) return advance(fact.id);
    cursor = { ...cursor, offset: bytes.end, seq: cursor.seq + 1 };
    return fold(fact);
  };
  // Of two processes the one that writes last might know less: so each looks once more after writing, and
  // the last of them gets it right.
  const keep = (scope = GLOBAL_SCOPE) => {
    const ofShell = shellFile(home, scope);
    try {
      ensureDirectory(home.state);
      for (let kept: number | undefined; cursor !== undefined && cursor.seq !== kept; advance()) {
        kept = cursor.seq;
        const persona = state.scopes[GLOBAL_SCOPE]?.active?.persona ?? "";
        const text = `${persona}\n${snapshotText(SESSION_SCHEMA, { cursor, state })}`;
        replaceFile(sessionPath(home), text, false);
        if (ofShell !== undefined) keepShell(ofShell, state.scopes[scope]?.active?.persona);
      }
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      // A full disk or a read-only home. A stale name in the prompt would be worse than none.
      removeQuietly(sessionPath(home));
      if (ofShell !== undefined) removeQuietly(ofShell);
    }
  };
  advance();
  if (read > RENEW_AFTER_FACTS) keep();
  return {
    get state() {
      return state;
    },
    get cursor() {
      return cursor;
    },
    accept,
    keep,
  };
}

/** The file that a shell's prompt reads, and that is not there while the shell has no persona of its own. */
function keepShell(path: string, persona: string | undefined): void {
  if (persona === undefined) {
    removeQuietly(path);
    return;
  }
  ensureDirectory(path.slice(0, path.lastIndexOf("/")));
  replaceFile(path, `${persona}\n`, false);
}

function removeQuietly(path: string): void {
  try {
    removeFile(path);
  } catch {
    // Read-only: nobody has switched there either.
  }
}

function newestBase(home: Home): Snapshot<SessionState> | undefined {
  const own = readOwn(home);
  if (own !== undefined && isKept(home.journal, own.cursor)) return own;
  const ledger = readSnapshot<{ readonly session: SessionState }>(
    ledgerPath(home),
    LEDGER_SCHEMA,
    OLDEST_LEDGER_SCHEMA,
  );
  return ledger === undefined
    ? undefined
    : { cursor: ledger.cursor, state: upgradeSession(ledger.state.session) };
}

/** May be lost, so what the system says against reading it does not matter either. */
function readOwn(home: Home): Snapshot<SessionState> | undefined {
  try {
    return readSnapshot<SessionState>(sessionPath(home), SESSION_SCHEMA);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Whether the journal goes on from there: nothing behind it has been deleted. */
function isKept(journal: string, cursor: Cursor): boolean {
  if (fs.existsSync(segmentPath(journal, cursor.segment))) return true;
  const oldest = listSegments(journal)[0];
  return oldest === undefined || cursor.segment >= oldest;
}
