import type { Owner } from "../core/owner.ts";
import type { Fact } from "../journal/fact.ts";
import {
  budgetPartOf,
  isBudgetReleased,
  isBudgetReserved,
  isBudgetReset,
  isBudgetSet,
} from "./budget-fact-guards.ts";
import { type WindowBounds, windowBounds, windowKey } from "./budget-window.ts";
import { isLlmCalled } from "./facts.ts";
import type { Budget, BudgetReservedFact, BudgetWindow, LlmCalledFact } from "./llm-facts.ts";

/** Token budgets by persona. JSON, as the ledger's snapshot keeps it. */
export type BudgetsState = Readonly<Record<string, PersonaBudget>>;

export interface PersonaBudget {
  /** The user's word; null: none, whatever the definition says. Absent where nothing was said. */
  readonly set?: Budget | null;
  /** What was in force by the latest fact that says so. */
  readonly carried?: Budget;
  /** By window, the one used last at the end. Counted with and without a budget, so that one set later knows. */
  readonly used: readonly UsedWindow[];
  /** What is granted and neither used nor given back, in the journal's order. */
  readonly reservations: readonly Reservation[];
}

export interface UsedWindow {
  readonly window: BudgetWindow;
  readonly key: string;
  readonly tokens: number;
  /** The call that went over the soft limit, and the limit that it was: whoever made that call warns. */
  readonly warned?: { readonly limit: number; readonly call: string; readonly owner: Owner };
}

export interface Reservation {
  /** Of the fact that asked for it. */
  readonly id: string;
  readonly tokens: number;
  readonly at: number;
  readonly owner: Owner;
  readonly runId?: string;
}

/** From this share of a budget on, a warning is due. */
export const SOFT_SHARE = 0.8;

/** A call that takes longer is not waited for; its owner may be on a host that nobody can ask. */
export const RESERVATION_MS = 86_400_000;

/** Clocks differ and are set, so some windows besides the current one are kept, and as many runs as `runs` shows. */
const WINDOWS_KEPT: Readonly<Record<BudgetWindow, number>> = { day: 4, week: 4, month: 4, run: 30 };
const PERSONAS_KEPT = 200;
const RESERVATIONS_KEPT = 1000;

const noBudget: PersonaBudget = { used: [], reservations: [] };

/** Folds one fact. Pure; what it does not know, or what makes no sense, changes nothing. */
export function foldBudgets(state: BudgetsState, fact: Fact): BudgetsState {
  if (isLlmCalled(fact)) return change(state, fact.data.persona, (one) => withCall(one, fact));
  if (isBudgetReserved(fact)) return change(state, fact.data.persona, (one) => withReservation(one, fact));
  if (isBudgetReleased(fact)) {
    return change(state, fact.data.persona, (one) => withoutReservation(one, fact.data.reservation));
  }
  if (isBudgetSet(fact))
    return change(state, fact.data.persona, (one) => ({ ...one, set: fact.data.budget }));
  if (isBudgetReset(fact)) {
    return change(state, fact.data.persona, (one) => (one.used.length === 0 ? one : { ...one, used: [] }));
  }
  return state;
}

/**
 * The budget that counts for a persona: the user's word, then what the caller knows of its definition, then what
 * facts last carried. Undefined: none.
 */
export function budgetInForce(
  state: BudgetsState,
  persona: string,
  fallback: Budget | undefined,
): Budget | undefined {
  return inForce(personaBudget(state, persona), fallback);
}

export function personaBudget(state: BudgetsState, persona: string): PersonaBudget {
  return (Object.hasOwn(state, persona) ? state[persona] : undefined) ?? noBudget;
}

export interface BudgetView extends Partial<WindowBounds> {
  readonly budget: Budget;
  readonly used: number;
  /** By calls that are being made. */
  readonly reserved: number;
  /** Limit less used; below 0 when more was used. */
  readonly remaining: number;
}

/**
 * A persona's budget as it stands at a moment; undefined where it has none. Of a run's window without a run's id
 * nothing is used.
 *
 * @param fallback what its definition says.
 */
export function viewBudget(
  state: BudgetsState,
  persona: string,
  now: number,
  fallback: Budget | undefined,
  runId?: string,
): BudgetView | undefined {
  const budget = budgetInForce(state, persona, fallback);
  if (budget === undefined) return undefined;
  const one = personaBudget(state, persona);
  const used = usedIn(one, windowKey(budget.window, now, runId));
  return {
    budget,
    used,
    reserved: reservedIn(one, budget.window, now, runId),
    remaining: budget.tokens - used,
    ...(budget.window === "run" ? {} : windowBounds(budget.window, now)),
  };
}

/** The run that tokens were used in last; what a run's window is shown for outside of runs. */
export function latestRun(state: BudgetsState, persona: string): string | undefined {
  const last = personaBudget(state, persona).used.findLast(({ window }) => window === "run");
  return last?.key.slice("run:".length);
}

/** Whether the reservation of that fact was granted and is still held. */
export function isReserved(state: BudgetsState, persona: string, reservation: string): boolean {
  return personaBudget(state, persona).reservations.some(({ id }) => id === reservation);
}

/** As if what dead processes had reserved had been given back. */
export function withoutDead(state: BudgetsState, isDead: (owner: Owner) => boolean): BudgetsState {
  return Object.fromEntries(
    Object.entries(state).map(([persona, one]) => [
      persona,
      { ...one, reservations: one.reservations.filter(({ owner }) => !isDead(owner)) },
    ]),
  );
}

function change(
  state: BudgetsState,
  persona: string,
  how: (one: PersonaBudget) => PersonaBudget,
): BudgetsState {
  const before = personaBudget(state, persona);
  const after = how(before);
  if (after === before) return state;
  const kept = Object.hasOwn(state, persona) ? state : withRoom(state);
  return { ...kept, [persona]: after };
}

/** Above a bound that no set of definitions reaches, the personas seen first go, unless the user spoke of them. */
function withRoom(state: BudgetsState): BudgetsState {
  const personas = Object.entries(state);
  if (personas.length < PERSONAS_KEPT) return state;
  const first = personas.find(([, one]) => one.set === undefined)?.[0];
  return Object.fromEntries(personas.filter(([persona]) => persona !== first));
}

function withCall(one: PersonaBudget, { id, ts, owner, data }: LlmCalledFact): PersonaBudget {
  const { budget, reservation, budgetTokens = data.tokens, runId } = budgetPartOf(data);
  let next = reservation === undefined ? one : withoutReservation(one, reservation);
  if (budget !== undefined) next = { ...next, carried: budget };
  const tokens = Math.round(budgetTokens);
  if (tokens > 0) next = { ...next, used: withTokens(next.used, tokens, ts, runId) };
  const limiting = inForce(next, budget);
  if (limiting === undefined) return next;
  const key = windowKey(limiting.window, ts, runId);
  const index = next.used.findIndex((window) => window.key === key);
  const window = next.used[index];
  if (window === undefined || window.tokens / limiting.tokens < SOFT_SHARE) return next;
  if (window.warned?.limit === limiting.tokens) return next;
  const warned = { limit: limiting.tokens, call: id, owner };
  return { ...next, used: next.used.with(index, { ...window, warned }) };
}

function withTokens(
  used: readonly UsedWindow[],
  tokens: number,
  at: number,
  runId: string | undefined,
): readonly UsedWindow[] {
  let next = used;
  for (const window of ["day", "week", "month", "run"] as const) {
    const key = windowKey(window, at, runId);
    if (key === undefined) continue;
    const known = next.find((one) => one.key === key) ?? { window, key, tokens: 0 };
    const others = next.filter((one) => one !== known);
    const alike = others.filter((one) => one.window === window);
    const oldest = alike.length < WINDOWS_KEPT[window] ? undefined : alike[0];
    const sum = Math.min(known.tokens + tokens, Number.MAX_SAFE_INTEGER);
    next = [...others.filter((one) => one !== oldest), { ...known, tokens: sum }];
  }
  return next;
}

/** Granted iff what is used, what was granted before and what it asks for are within the limit, at its place. */
function withReservation(one: PersonaBudget, { id, ts, owner, data }: BudgetReservedFact): PersonaBudget {
  const { tokens, budget, runId } = data;
  const next = {
    ...one,
    carried: budget,
    reservations: one.reservations.filter(({ at }) => !isOver(at, ts)),
  };
  const limiting = inForce(next, budget);
  if (next.reservations.length >= RESERVATIONS_KEPT) return next;
  if (limiting?.isHard && !fits(next, limiting, tokens, ts, runId)) return next;
  const granted = { id, tokens, at: ts, owner, ...(runId === undefined ? {} : { runId }) };
  return { ...next, reservations: [...next.reservations, granted] };
}

function fits(
  one: PersonaBudget,
  { tokens: limit, window }: Budget,
  asked: number,
  at: number,
  runId: string | undefined,
): boolean {
  return usedIn(one, windowKey(window, at, runId)) + reservedIn(one, window, at, runId) + asked <= limit;
}

function withoutReservation(one: PersonaBudget, reservation: string): PersonaBudget {
  const reservations = one.reservations.filter(({ id }) => id !== reservation);
  return reservations.length === one.reservations.length ? one : { ...one, reservations };
}

function inForce({ set, carried }: PersonaBudget, fallback: Budget | undefined): Budget | undefined {
  return set === undefined ? (fallback ?? carried) : (set ?? undefined);
}

function usedIn({ used }: PersonaBudget, key: string | undefined): number {
  return used.find((window) => window.key === key)?.tokens ?? 0;
}

/** What was reserved before midnight will be used after it, so it counts for whatever window it is now. */
function reservedIn(
  { reservations }: PersonaBudget,
  window: BudgetWindow,
  now: number,
  runId: string | undefined,
): number {
  return reservations
    .filter((one) => !isOver(one.at, now))
    .filter((one) => window !== "run" || (runId !== undefined && one.runId === runId))
    .reduce((sum, { tokens }) => sum + tokens, 0);
}

function isOver(at: number, now: number): boolean {
  return now - at >= RESERVATION_MS;
}
