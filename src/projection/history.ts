import type { Home } from "../core/home.ts";
import { readFacts } from "../journal/read.ts";
import { listSegments } from "../journal/segments.ts";
import { type HistoryEntry, historyEntry, type LedgerState, RECENT_LIMIT } from "./ledger.ts";
import { emptySession, foldSession, isRunScope } from "./session.ts";
import { newerHome } from "./snapshot.ts";

export interface HistoryQuery {
  /** At most this many, the latest ones; may be infinite. */
  readonly limit: number;
  /** Milliseconds since the epoch; older ones are left out. */
  readonly since?: number;
  /** Milliseconds since the epoch; younger ones are left out. */
  readonly until?: number;
  /** Only what leads to this persona or away from it. */
  readonly persona?: string;
  readonly chatmode?: string;
  /** Whose sessions; those of all scopes but runs' where left out. */
  readonly scope?: string;
}

/**
 * Switches and ends, the oldest first. The ledger holds the latest of them; only a question that goes beyond
 * those walks through the whole journal.
 *
 * @throws UserError `newer-home`.
 */
export function readHistory(
  home: Home,
  { recent }: LedgerState,
  query: HistoryQuery,
): readonly HistoryEntry[] {
  const { scope } = query;
  const oldest = recent[0];
  const known = select(
    recent.filter((entry) => isAsked(entry.scope, scope)),
    query,
  );
  const isAnswered =
    !(scope !== undefined && isRunScope(scope)) &&
    (oldest === undefined ||
      recent.length < RECENT_LIMIT ||
      query.limit <= known.length ||
      (query.since !== undefined && query.since > oldest.at));
  return isAnswered ? known : select(walkJournal(home, scope), query);
}

function isAsked(scope: string, wanted: string | undefined): boolean {
  return wanted === undefined ? !isRunScope(scope) : scope === wanted;
}

function select(
  entries: readonly HistoryEntry[],
  { limit, since = 0, until = Number.POSITIVE_INFINITY, persona, chatmode }: HistoryQuery,
): readonly HistoryEntry[] {
  const wanted = entries.filter(
    (entry) =>
      entry.at >= since &&
      entry.at <= until &&
      (persona === undefined || entry.to === persona || entry.from === persona) &&
      (chatmode === undefined || entry.chatmode === chatmode),
  );
  return wanted.slice(Math.max(0, wanted.length - limit));
}

/**
 * What the facts that are still kept say. Where older ones are gone, nobody knows any more what the first of a scope
 * replaced, so it is left out.
 */
function walkJournal(home: Home, wanted: string | undefined): readonly HistoryEntry[] {
  const isWhole = (listSegments(home.journal)[0] ?? 1) === 1;
  const known = new Set<string>();
  const entries: HistoryEntry[] = [];
  let state = emptySession;
  const read = readFacts(home.journal, undefined, (fact) => {
    const folded = foldSession(state, fact);
    state = folded.state;
    const entry = historyEntry(folded.events, fact);
    if (entry === undefined || !isAsked(fact.scope, wanted)) return undefined;
    if (isWhole || isRunScope(fact.scope) || known.has(fact.scope)) entries.push(entry);
    known.add(fact.scope);
    return undefined;
  });
  if (read.newer !== undefined) throw newerHome();
  return entries;
}
