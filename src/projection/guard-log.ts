import type { Home } from "../core/home.ts";
import { readFacts } from "../journal/read.ts";
import { listSegments } from "../journal/segments.ts";
import { type GuardDecidedFact, isGuardDecided } from "./guard-facts.ts";
import { newerHome } from "./snapshot.ts";

export interface GuardLogQuery {
  /** At most this many, the latest ones; may be infinite. */
  readonly limit: number;
  /** Milliseconds since the epoch; older ones are left out. */
  readonly since?: number;
  readonly persona?: string;
  readonly decision?: string;
}

/**
 * What the guard denied and asked for, the oldest first. Walks through the journal from its newest segment back, as
 * far as the limit asks for.
 *
 * @throws UserError `newer-home`.
 */
export function readGuardLog(home: Home, query: GuardLogQuery): readonly GuardDecidedFact[] {
  const { limit, since = 0, persona, decision } = query;
  let found: readonly GuardDecidedFact[] = [];
  for (const segment of listSegments(home.journal).reverse()) {
    if (found.length >= limit) break;
    const here: GuardDecidedFact[] = [];
    const read = readFacts(home.journal, { segment, offset: 0, seq: 0 }, (fact, after) => {
      if (after.segment !== segment) return false;
      if (!isGuardDecided(fact) || fact.ts < since) return undefined;
      if (persona !== undefined && fact.data.persona !== persona) return undefined;
      if (decision !== undefined && fact.data.decision !== decision) return undefined;
      here.push(fact);
      return undefined;
    });
    if (read.newer !== undefined) throw newerHome();
    found = [...here, ...found];
  }
  return found.slice(Math.max(0, found.length - limit));
}
