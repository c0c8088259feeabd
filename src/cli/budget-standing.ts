import { isProvablyDead } from "../core/owner.ts";
import { defaultBudget } from "../persona/budgets.ts";
import { loadCatalogue } from "../persona/catalogue.ts";
import type { Persona } from "../persona/persona.ts";
import {
  type BudgetsState,
  type BudgetView,
  latestRun,
  personaBudget,
  SOFT_SHARE,
  viewBudget,
  withoutDead,
} from "../projection/budget.ts";
import { readBudgets } from "./budget-gate.ts";
import type { BudgetStandingJson } from "./budget-shapes.ts";
import { numberText, percentUsed, windowEndText } from "./budget-text.ts";
import type { CliContext } from "./context.ts";
import { findPersona, personaPlaces } from "./find-persona.ts";
import { table } from "./printable.ts";

/** What is known of one persona's budget. */
export interface BudgetStanding {
  readonly persona: string;
  readonly source: BudgetStandingJson["source"];
  /** Undefined where nothing limits it. */
  readonly view: BudgetView | undefined;
}

/** From this share on a line turns red; from `SOFT_SHARE` on magenta. */
const ALL_PERCENT = 100;
const SOFT_PERCENT = SOFT_SHARE * 100;

/** As it stands now; what dead processes had reserved is left out. */
export function budgetStanding(
  ctx: CliContext,
  persona: Pick<Persona, "name" | "budget">,
  state: BudgetsState = currentBudgets(ctx),
): BudgetStanding {
  const { name } = persona;
  const fallback = defaultBudget(persona);
  const view = viewBudget(state, name, ctx.clock.now(), fallback, latestRun(state, name));
  const said = personaBudget(state, name).set !== undefined;
  const source = said ? "user" : fallback !== undefined ? "definition" : view === undefined ? null : "use";
  return { persona: name, source, view };
}

/** Of every persona that has one, or of which the user said that it has none. */
export function allBudgetStandings(ctx: CliContext): readonly BudgetStanding[] {
  const state = currentBudgets(ctx);
  const personas = new Map<string, Pick<Persona, "name" | "budget">>(
    Object.keys(state).map((name) => [name, { name }]),
  );
  for (const persona of loadCatalogue(personaPlaces(ctx)).personas) personas.set(persona.name, persona);
  return [...personas.values()]
    .map((persona) => budgetStanding(ctx, persona, state))
    .filter(({ source }) => source !== null)
    .sort((a, b) => (a.persona < b.persona ? -1 : 1));
}

/** The persona a user means, also one that was used and is not defined here. @throws UserError as `findPersona`. */
export function findBudgetPersona(input: string, ctx: CliContext): Pick<Persona, "name" | "budget"> {
  try {
    return findPersona(input, ctx);
  } catch (error) {
    if (Object.hasOwn(readBudgets(ctx), input)) return { name: input };
    throw error;
  }
}

export function standingJson({ persona, source, view }: BudgetStanding): BudgetStandingJson {
  const time = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
  return {
    persona,
    limit: view?.budget.tokens ?? null,
    window: view?.budget.window ?? null,
    hard: view?.budget.isHard ?? null,
    source,
    used: view?.used ?? null,
    reserved: view?.reserved ?? null,
    remaining: view?.remaining ?? null,
    percentUsed: view === undefined ? null : percentUsed(view.used, view.budget.tokens),
    windowStart: time(view?.start),
    windowEnd: time(view?.end),
  };
}

/** A table; a line is magenta from 80 % on, and red when all is used. */
export function standingsText(standings: readonly BudgetStanding[], { paint }: CliContext): string {
  const rows = standings.map(({ persona, view }) => {
    if (view === undefined) return [persona, "none"];
    const { budget, used, reserved, remaining } = view;
    return [
      persona,
      numberText(budget.tokens),
      numberText(used),
      numberText(reserved),
      numberText(remaining),
      `${percentUsed(used, budget.tokens)} %`,
      budget.window,
      budget.isHard ? "hard" : "soft",
      windowEndText(view),
    ];
  });
  const head = ["persona", "limit", "used", "reserved", "left", "share", "per", "kind", "until"];
  const [first = "", ...lines] = table([head, ...rows])
    .trimEnd()
    .split("\n");
  const painted = lines.map((line, index) => {
    const view = standings[index]?.view;
    const percent = view === undefined ? 0 : percentUsed(view.used, view.budget.tokens);
    if (percent >= ALL_PERCENT) return paint.red(line);
    return percent >= SOFT_PERCENT ? paint.magenta(line) : line;
  });
  return `${[paint.dim(first), ...painted].join("\n")}\n`;
}

function currentBudgets(ctx: CliContext): BudgetsState {
  return withoutDead(readBudgets(ctx), isProvablyDead);
}
