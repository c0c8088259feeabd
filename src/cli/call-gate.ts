import { errorCode } from "../core/errors.ts";
import type { BudgetGate } from "../llm/budget-gate.ts";
import { budgetInForce } from "../projection/budget.ts";
import { budgetRefusal, readBudgets, releaseReservation, reserveTokens, warnSoft } from "./budget-gate.ts";
import type { CliContext } from "./context.ts";
import { definedBudget } from "./llm-context.ts";

/**
 * The personas' budgets, around each call that this program makes: a hard one sets aside what the call may take, or
 * refuses it; the call that takes a soft one to its warning says so.
 */
export function createCallGate(ctx: CliContext): BudgetGate {
  return {
    async allow({ persona, scope, runId, estimatedTokens: tokens }) {
      const fallback = await definedBudget(persona, ctx);
      const grant = reserveTokens(ctx, {
        persona,
        tokens,
        scope,
        budget: fallback,
        ...(runId === undefined ? {} : { runId }),
      });
      if (!grant.granted) {
        const { message, hint } = budgetRefusal(persona, tokens, grant.view);
        const { budget } = grant.view;
        return { isAllowed: false, budget, message, ...(hint === undefined ? {} : { hint }) };
      }
      const budget = budgetInForce(readBudgets(ctx), persona, fallback);
      return {
        isAllowed: true,
        ...(budget === undefined ? {} : { budget }),
        ...(grant.reservation === undefined ? {} : { reservation: grant.reservation }),
      };
    },
    settle({ persona, scope }, verdict, isRecorded) {
      if (!verdict.isAllowed) return;
      if (isRecorded) warnSoft(ctx, persona);
      else if (verdict.reservation !== undefined) {
        giveBack(ctx, { persona, scope, reservation: verdict.reservation });
      }
    },
  };
}

/** Where not even that can be written, whoever asks when this process is gone gives it back. */
function giveBack(ctx: CliContext, held: Parameters<typeof releaseReservation>[1]): void {
  try {
    releaseReservation(ctx, held);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}
