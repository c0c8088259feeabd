import { ExitCode, UserError } from "../../core/errors.ts";
import { BUDGET_WINDOWS, type Budget, type BudgetWindow } from "../../projection/llm-facts.ts";
import { deliverAfterWork } from "../after-work.ts";
import { resetBudget, setBudget } from "../budget-gate.ts";
import type { BudgetResetJson, BudgetSetJson, BudgetShowJson } from "../budget-shapes.ts";
import {
  allBudgetStandings,
  budgetStanding,
  findBudgetPersona,
  standingJson,
  standingsText,
} from "../budget-standing.ts";
import { budgetText, parseTokens } from "../budget-text.ts";
import { type ArgumentSpec, type Command, type Invocation, optionText } from "../command.ts";
import type { CliContext } from "../context.ts";
import { anyOf, quote } from "../printable.ts";

const PERSONA: ArgumentSpec = { name: "persona", doc: "its name", complete: "personas" };

const notWritten = { 1: "it could not be written down, such as on a full disk; nothing has changed" };

const show: Command = {
  name: "show",
  summary: "Show how much of their token budgets personas have used",
  description:
    "Windows are of UTC; a week begins on Monday. Of a budget per run the latest run is shown. What is reserved is for " +
    "calls that are being made.",
  arguments: [{ ...PERSONA, doc: "only this one", optional: true }],
  examples: [
    { command: "tta-persona budget show", doc: "of every persona that has one" },
    { command: "tta-persona budget show devops", doc: "of one" },
  ],
  exitCodes: {},
  json: "tta-persona/budget-show/1",
  run: showBudgets,
};

function showBudgets({ args: [input] }: Invocation, ctx: CliContext): number {
  const standings =
    input === undefined ? allBudgetStandings(ctx) : [budgetStanding(ctx, findBudgetPersona(input, ctx))];
  const document: BudgetShowJson = {
    schema: "tta-persona/budget-show/1",
    budgets: standings.map(standingJson),
  };
  ctx.output.answer(document, standingsText(standings, ctx));
  return ExitCode.done;
}

const set: Command = {
  name: "set",
  summary: "Set how many tokens a persona may use, or that nothing limits it",
  description:
    "Goes before what the persona's definition says. Window and kind stay as they are in force, at first a day and " +
    "soft: a warning at 80 %, once per window. A hard budget refuses calls that may go beyond it, with exit code 4.",
  arguments: [
    PERSONA,
    { name: "tokens", doc: "such as 2000000, 2M or 500k; none takes the budget away", complete: ["none"] },
  ],
  options: [
    { flags: "--window <window>", doc: anyOf(BUDGET_WINDOWS), complete: BUDGET_WINDOWS },
    { flags: "--hard", doc: "refuse calls beyond it" },
    { flags: "--soft", doc: "warn only" },
  ],
  examples: [
    { command: "tta-persona budget set backend 2M", doc: "two million tokens a day" },
    { command: "tta-persona budget set devops 500k --window run --hard", doc: "no run takes more" },
    { command: "tta-persona budget set testing none", doc: "nothing limits it" },
  ],
  exitCodes: notWritten,
  json: "tta-persona/budget-set/1",
  async run(invocation, ctx) {
    const [input = "", tokens = ""] = invocation.args;
    const asked = parseBudget(tokens, invocation);
    const persona = findBudgetPersona(input, ctx);
    const before = budgetStanding(ctx, persona).view?.budget;
    const budget = asked && { window: "day" as const, isHard: false, ...before, ...asked };
    setBudget(ctx, persona.name, budget);
    const document: BudgetSetJson = {
      schema: "tta-persona/budget-set/1",
      ...standingJson(budgetStanding(ctx, persona)),
    };
    const name = ctx.paint.bold(persona.name);
    const kind = budget?.isHard ? "hard" : "soft";
    const text =
      budget === null ? `Nothing limits ${name} now` : `${name} may use ${budgetText(budget)} (${kind})`;
    ctx.output.done(document, `${text}\n`);
    await deliverAfterWork(ctx);
    return ExitCode.done;
  },
};

const reset: Command = {
  name: "reset",
  summary: "Let what a persona has used in the current window count no more",
  description: "The metrics of tokens used stay as they are; calls that are being made still count.",
  arguments: [PERSONA],
  examples: [{ command: "tta-persona budget reset backend", doc: "a fresh start before the window ends" }],
  exitCodes: notWritten,
  json: "tta-persona/budget-reset/1",
  async run({ args: [input = ""] }, ctx) {
    const persona = findBudgetPersona(input, ctx);
    resetBudget(ctx, persona.name);
    const document: BudgetResetJson = {
      schema: "tta-persona/budget-reset/1",
      ...standingJson(budgetStanding(ctx, persona)),
    };
    ctx.output.done(document, `What ${ctx.paint.bold(persona.name)} has used counts from 0 again\n`);
    await deliverAfterWork(ctx);
    return ExitCode.done;
  },
};

export const command: Command = {
  name: "budget",
  summary: "Show, set and reset how many tokens personas may use",
  examples: [
    ...show.examples,
    { command: "tta-persona budget set backend 2M --window week", doc: "another budget" },
  ],
  exitCodes: {},
  json: "tta-persona/budget-show/1",
  subcommands: [show, set, reset],
  run: showBudgets,
};

/** What was said; null for none. @throws UserError where it makes no sense. */
function parseBudget(
  tokens: string,
  invocation: Invocation,
): (Pick<Budget, "tokens"> & Partial<Budget>) | null {
  const window = optionText(invocation, "window");
  const { hard, soft } = invocation.options;
  if (hard === true && soft === true) {
    throw invalid("A budget is hard or soft, not both.", "Leave one of --hard and --soft out.");
  }
  if (tokens === "none") {
    if (window === undefined && hard !== true && soft !== true) return null;
    throw invalid("No budget has neither a window nor a kind.", "Leave --window, --hard and --soft out.");
  }
  const limit = parseTokens(tokens);
  if (limit === undefined) {
    throw invalid(
      `A budget cannot be ${quote(tokens)}.`,
      "It takes tokens such as 2000000, 2M or 500k, or none.",
    );
  }
  if (window !== undefined && !isWindow(window)) {
    throw invalid(`There is no window ${quote(window)}.`, `It can be ${anyOf(BUDGET_WINDOWS)}.`);
  }
  const isHard = hard === true ? true : soft === true ? false : undefined;
  return {
    tokens: limit,
    ...(window === undefined ? {} : { window }),
    ...(isHard === undefined ? {} : { isHard }),
  };
}

function isWindow(text: string): text is BudgetWindow {
  return BUDGET_WINDOWS.some((window) => window === text);
}

function invalid(message: string, hint: string): UserError {
  return new UserError({ reason: "invalid-budget", message, hint });
}
