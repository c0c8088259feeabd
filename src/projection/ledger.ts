import type { Fact } from "../journal/fact.ts";
import { type BudgetsState, foldBudgets } from "./budget.ts";
import { isLlmCalled } from "./facts.ts";
import { isLangfuseExported, type LangfuseState } from "./langfuse-figures.ts";
import { CALL_OUTCOMES, type LlmCalled } from "./llm-facts.ts";
import { ledgerMetrics, MS_PER_SECOND, NANO_USD_PER_USD } from "./metric-catalogue.ts";
import { countRunFact } from "./run-totals.ts";
import { foldRuns, type RunRecord } from "./runs.ts";
import {
  DEFAULT_CHATMODE,
  emptySession,
  foldSession,
  isRunScope,
  NO_PERSONA,
  type SessionEvent,
  type SessionState,
} from "./session.ts";
import { addToCounter, observe, predeclare, type Totals } from "./totals.ts";

/**
 * Everything that the metrics are made of, folded from the first fact on and never reset, so that segments
 * may go once it has passed them. Carries the sessions too: what a switch left, and after how long, is
 * known only in the journal's order.
 */
export interface LedgerState {
  readonly session: SessionState;
  readonly totals: Totals;
  /** The latest sessions but those of runs, oldest first, for `history` without a walk through the journal. */
  readonly recent: readonly HistoryEntry[];
  /** The latest workflow runs, oldest first. Since schema 2. */
  readonly runs: readonly RunRecord[];
  /** Since schema 3. */
  readonly budgets: BudgetsState;
  /** What Langfuse last said of cost, tokens and latency; absent before the first export. */
  readonly langfuse?: LangfuseState;
  /** Personas seen so far, for the pairs that are predeclared. */
  readonly personas: readonly string[];
  /** Lines of the journal that were torn or nobody's, and calls that make no sense. */
  readonly skipped: number;
  /**
   * When facts were last found missing, milliseconds since the epoch. Where the snapshot was lost, the totals count
   * those alone that were kept then; where it was an older one, they go on from that.
   */
  readonly gap?: { readonly kind: "lost" | "older"; readonly at: number };
}

/** One switch or end, as history shows it. */
export interface HistoryEntry {
  readonly at: number;
  readonly scope: string;
  readonly kind: "switched" | "ended";
  readonly from: string;
  /** Of the session that it leads away from; absent for the default one, and in what older programs kept. */
  readonly fromChatmode?: string;
  readonly to: string;
  readonly chatmode: string;
  /** Of the session that ended with it; absent at the first. */
  readonly durationMs?: number;
}

export const RECENT_LIMIT = 200;

export const emptyLedger: LedgerState = {
  session: emptySession,
  totals: {},
  recent: [],
  runs: [],
  budgets: {},
  personas: [],
  skipped: 0,
};

/** Folds one fact into the totals. Pure; facts of unknown types only count as activity of their scope. */
export function foldLedger(state: LedgerState, fact: Fact): LedgerState {
  const { state: session, events, expired } = foldSession(state.session, fact);
  let next: LedgerState = session === state.session ? state : { ...state, session };
  for (const event of [...expired, ...events]) {
    next = { ...next, totals: countEvent(next.totals, event, fact.ts) };
  }
  const entry = historyEntry(events, fact);
  if (entry !== undefined) next = withEntry(next, entry);
  if (isLlmCalled(fact)) next = { ...next, totals: countCall(next.totals, fact.data, fact.ts) };
  else if (fact.type === "llm.called") next = { ...next, skipped: next.skipped + 1 };
  if (isLangfuseExported(fact)) next = { ...next, langfuse: { ...fact.data, at: fact.ts } };
  const totals = countRunFact(next.totals, fact);
  const runs = foldRuns(next.runs, fact);
  const budgets = foldBudgets(next.budgets, fact);
  const isSame = totals === next.totals && runs === next.runs && budgets === next.budgets;
  return isSame ? next : { ...next, totals, runs, budgets };
}

/** A run's sessions begin from none and lead nowhere, so neither history nor the pairs need them. */
function withEntry(state: LedgerState, entry: HistoryEntry): LedgerState {
  const { kind, to, chatmode, at } = entry;
  if (isRunScope(entry.scope)) {
    if (kind === "ended") return state;
    return { ...state, totals: predeclare(state.totals, ledgerMetrics.duration, [to, chatmode], at) };
  }
  const next = { ...state, recent: [...state.recent, entry].slice(-RECENT_LIMIT) };
  return kind === "switched" ? withPersona(next, to, chatmode, at) : next;
}

function countEvent(totals: Totals, event: SessionEvent, at: number): Totals {
  if (event.kind === "switched") {
    return addToCounter(totals, ledgerMetrics.switches, [event.from, event.to, event.chatmode], 1, at);
  }
  return observe(totals, ledgerMetrics.duration, [event.persona, event.chatmode], event.durationMs, at);
}

/** The events of one fact as one line of history. A session that idled out and went on is no line. */
export function historyEntry(events: readonly SessionEvent[], fact: Fact): HistoryEntry | undefined {
  const end = events.find((event) => event.kind === "ended");
  const begin = events.find((event) => event.kind === "switched");
  const common = {
    at: fact.ts,
    scope: fact.scope,
    ...(end === undefined ? {} : { durationMs: end.durationMs }),
  };
  if (begin !== undefined) {
    const { from, fromChatmode, to, chatmode } = begin;
    const left = fromChatmode === DEFAULT_CHATMODE ? {} : { fromChatmode };
    return { ...common, kind: "switched", from, ...left, to, chatmode };
  }
  if (end === undefined || fact.type !== "persona.ended") return undefined;
  return { ...common, kind: "ended", from: end.persona, to: NO_PERSONA, chatmode: end.chatmode };
}

/**
 * A counter that appears at 1 is invisible to `increase`. So once a persona is in use, everything that may
 * follow is predeclared at 0: switches from and to each persona in use, and from none, and its sessions.
 */
function withPersona(state: LedgerState, persona: string, chatmode: string, at: number): LedgerState {
  const known = state.personas.includes(persona);
  if (known && chatmode === DEFAULT_CHATMODE) return state;
  const personas = known ? state.personas : [...state.personas, persona];
  const others = [NO_PERSONA, ...personas].filter((other) => other !== persona);
  const pairs = others.flatMap((other) => [
    [other, persona, chatmode],
    [other, persona, DEFAULT_CHATMODE],
    ...(other === NO_PERSONA ? [] : [[persona, other, DEFAULT_CHATMODE]]),
  ]);
  let totals = state.totals;
  for (const mode of [chatmode, DEFAULT_CHATMODE]) {
    totals = predeclare(totals, ledgerMetrics.duration, [persona, mode], at);
  }
  for (const pair of pairs) totals = predeclare(totals, ledgerMetrics.switches, pair, at);
  return { ...state, personas, totals };
}

/** As if all these personas had been in use, each with the default chatmode, without having counted anything. */
export function predeclarePersonas(state: LedgerState, personas: readonly string[], at: number): LedgerState {
  return personas.reduce((next, persona) => withPersona(next, persona, DEFAULT_CHATMODE, at), state);
}

function countCall(totals: Totals, call: LlmCalled, at: number): Totals {
  const { persona, chatmode, model } = call;
  const workflow = call.workflow ?? NO_PERSONA;
  let next = predeclareCalls(totals, call, at);
  next = addToCounter(next, ledgerMetrics.calls, [persona, model, call.outcome], 1, at);
  next = addToCounter(next, ledgerMetrics.tokens, [persona, chatmode, model], Math.round(call.tokens), at);
  if (call.costUsd !== null) {
    const nanoUsd = Math.round(call.costUsd * NANO_USD_PER_USD);
    next = addToCounter(next, ledgerMetrics.cost, [persona, chatmode, model, workflow], nanoUsd, at);
  } else {
    next = addToCounter(next, ledgerMetrics.unpriced, [model], 1, at);
  }
  if (call.durationSeconds === undefined) return next;
  const ms = Math.round(call.durationSeconds * MS_PER_SECOND);
  return observe(next, ledgerMetrics.callDuration, [persona, model], ms, at);
}

/** With the first call of a model, so that `increase` sees the first that fails and the first without a price. */
function predeclareCalls(totals: Totals, { persona, model }: LlmCalled, at: number): Totals {
  let next = predeclare(totals, ledgerMetrics.unpriced, [model], at);
  for (const outcome of CALL_OUTCOMES) {
    next = predeclare(next, ledgerMetrics.calls, [persona, model, outcome], at);
  }
  return next;
}
