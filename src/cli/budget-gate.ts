import { ExitCode, UserError } from "../core/errors.ts";
import type { Home } from "../core/home.ts";
import { currentOwner, isProvablyDead, type Owner } from "../core/owner.ts";
import { appendFact } from "../journal/append.ts";
import { makeFact } from "../journal/make-fact.ts";
import {
  type BudgetsState,
  type BudgetView,
  budgetInForce,
  isReserved,
  personaBudget,
  viewBudget,
} from "../projection/budget.ts";
import { budgetWarnings } from "../projection/budget-warnings.ts";
import { windowBounds } from "../projection/budget-window.ts";
import { advanceLedger, type Ledger } from "../projection/ledger-store.ts";
import type {
  Budget,
  BudgetReleasedFact,
  BudgetReservedFact,
  BudgetResetFact,
  BudgetSetFact,
} from "../projection/llm-facts.ts";
import { GLOBAL_SCOPE } from "../projection/session.ts";
import { budgetText, numberText, percentUsed, windowEndText } from "./budget-text.ts";
import type { CliContext } from "./context.ts";
import { currentLedger, type DeliveringContext } from "./delivery-context.ts";

/** Before a call is made. */
export interface TokenRequest {
  readonly persona: string;
  /** The most that the call may use, its input included. */
  readonly tokens: number;
  /** What the persona's definition says; the user's word goes before it. */
  readonly budget: Budget | undefined;
  /** Of the run that it is made in. */
  readonly runId?: string;
  /** Of the facts; the terminal's when left out. */
  readonly scope?: string;
}

export type TokenGrant =
  /** The reservation is what the call's fact names, or what is given back; absent where nothing limits the call. */
  | { readonly granted: true; readonly reservation?: string }
  | { readonly granted: false; readonly view: BudgetView };

/**
 * Asks for the tokens of one call. Only a hard budget refuses: the reservation is appended, and the journal read up
 * to it; its place there decides, so that no lock is needed and racing calls cannot overshoot. What dead processes
 * had reserved is given back first, by a fact.
 *
 * @throws the system's error when the fact could not be written.
 * @throws UserError `newer-home`.
 */
export function reserveTokens(ctx: DeliveringContext, request: TokenRequest): TokenGrant {
  const { persona, runId } = request;
  const tokens = Math.max(1, Math.ceil(request.tokens));
  const fallback = request.budget;
  const standing = () => viewBudget(readBudgets(ctx), persona, ctx.clock.now(), fallback, runId);
  if (budgetInForce(readBudgets(ctx), persona, fallback)?.isHard !== true) return { granted: true };
  releaseOfDead(ctx, persona, request.scope);

  const before = standing();
  if (before === undefined) return { granted: true };
  const isHopeless = before.used + before.reserved + tokens > before.budget.tokens;
  if (before.budget.isHard && isHopeless) return { granted: false, view: before };

  const reservation = append<BudgetReservedFact>(ctx, "budget.reserved", request.scope, {
    persona,
    tokens,
    budget: before.budget,
    ...(runId === undefined ? {} : { runId }),
  });
  const isGranted = isReserved(readBudgets(ctx), persona, reservation);
  const after = standing();
  return isGranted || after === undefined ? { granted: true, reservation } : { granted: false, view: after };
}

/** Gives back what was reserved for a call that was not made. @throws the system's error. */
export function releaseReservation(
  ctx: DeliveringContext,
  { persona, reservation, scope }: { persona: string; reservation: string; scope?: string },
): void {
  append<BudgetReleasedFact>(ctx, "budget.released", scope, { persona, reservation });
}

/** Exit code 4: the call was not made. @param tokens what it had asked for. */
export function budgetRefusal(persona: string, tokens: number, view: BudgetView): UserError {
  const { budget, used, reserved } = view;
  const held = reserved === 0 ? "" : ` and ${numberText(reserved)} reserved`;
  return new UserError(
    {
      reason: "budget-exceeded",
      message:
        `${persona} may use ${budgetText(budget)}: ${numberText(used)} are used${held}, ` +
        `and this call may take ${numberText(tokens)}.`,
      hint:
        `Its window ends at ${windowEndText(view)}. ` +
        `To raise the budget: tta-persona budget set ${persona} <tokens>`,
    },
    ExitCode.budget,
  );
}

/**
 * After calls were recorded: one line on stderr when one of this process took the persona's use to 80 % of its budget
 * or beyond. Which call that was is the journal's order's to say, so among any number of processes one warns, once in
 * a window (and once more after the limit was changed or the use reset); none does if that one is killed before.
 */
export function warnSoft(ctx: DeliveringContext & Pick<CliContext, "output">, persona: string): void {
  const owner = currentOwner();
  for (const warning of budgetWarnings(readBudgets(ctx), persona)) {
    if (!isSame(warning.owner, owner) || told.has(warning.call)) continue;
    told.add(warning.call);
    const { used, limit, window } = warning;
    const view = window === "run" ? {} : windowBounds(window, ctx.clock.now());
    ctx.output.note(
      `${persona} has used ${numberText(used)} of ${budgetText({ tokens: limit, window })} ` +
        `(${percentUsed(used, limit)} %), until ${windowEndText(view)}`,
    );
  }
}

/** Calls that this process has warned of. */
const told = new Set<string>();

/** Writes down the user's word. @throws the system's error. */
export function setBudget(ctx: DeliveringContext, persona: string, budget: Budget | null): void {
  append<BudgetSetFact>(ctx, "budget.set", GLOBAL_SCOPE, { persona, budget });
}

/** Lets the persona's use count from 0 again. @throws the system's error. */
export function resetBudget(ctx: DeliveringContext, persona: string): void {
  append<BudgetResetFact>(ctx, "budget.reset", GLOBAL_SCOPE, { persona });
}

/** As the journal has them now. @throws UserError `newer-home`. */
export function readBudgets(ctx: DeliveringContext): BudgetsState {
  const known = ledgers.get(ctx.home);
  const ledger = known === undefined ? currentLedger(ctx) : advanceLedger(ctx.home, known);
  ledgers.set(ctx.home, ledger);
  return ledger.state.budgets;
}

/** A run makes many calls, and reads only what is new for each. */
const ledgers = new WeakMap<Home, Ledger>();

function releaseOfDead(ctx: DeliveringContext, persona: string, scope: string | undefined): void {
  const { reservations } = personaBudget(readBudgets(ctx), persona);
  for (const { id, owner } of reservations) {
    if (isProvablyDead(owner)) releaseReservation(ctx, { persona, reservation: id, ...(scope && { scope }) });
  }
}

/** @returns the fact's id. */
function append<F extends { readonly type: string; readonly data: object }>(
  ctx: DeliveringContext,
  type: F["type"],
  scope: string | undefined,
  data: F["data"],
): string {
  const fact = makeFact(ctx, { type, scope: scope ?? GLOBAL_SCOPE, data });
  appendFact({ dir: ctx.home.journal, segmentBytes: ctx.settings.segmentBytes }, fact);
  return fact.id;
}

function isSame(a: Owner, b: Owner): boolean {
  return a.pid === b.pid && a.start === b.start && a.boot === b.boot && a.host === b.host;
}
