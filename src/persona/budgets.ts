import type { Budget } from "../projection/llm-facts.ts";
import { builtInPersonas } from "./built-in.ts";
import { readAllDefinitions } from "./heads.ts";
import { holding } from "./limits.ts";
import type { Persona } from "./persona.ts";
import type { PersonaPlaces } from "./places.ts";

/**
 * What a persona's definition lets it use; undefined: as much as it takes. Only the user's word makes it hard. Of
 * definitions that hold together the nearer one may lower what the further one says, in the same window.
 */
export function defaultBudget({
  budget,
  within = [],
}: Pick<Persona, "budget" | "within">): Budget | undefined {
  const lowest = [budget, ...within.map((one) => one.budget)].reduceRight((further, nearer) => {
    if (further === undefined || nearer === undefined) return further ?? nearer;
    return nearer.window === further.window && nearer.tokens < further.tokens ? nearer : further;
  }, undefined);
  return lowest === undefined ? undefined : { ...lowest, isHard: false };
}

/**
 * The budgets of all definitions, by persona, without the schema library. Where there is YAML or anything is wrong,
 * those of the built-in ones.
 */
export function readDefaultBudgets(places: PersonaPlaces): ReadonlyMap<string, Budget> {
  return tryReadDefaultBudgets(places) ?? budgetsOf(builtInPersonas().map((one) => [one.name, [one]]));
}

/** As above; undefined where there is YAML or anything is wrong. */
export function tryReadDefaultBudgets(places: PersonaPlaces): ReadonlyMap<string, Budget> | undefined {
  const all = readAllDefinitions(places);
  const { trustOf = () => "trusted" } = places;
  return (
    all &&
    budgetsOf(
      [...all].map(([name, found]) => [
        name,
        holding(found, trustOf).definitions.map((one) => one.definition),
      ]),
    )
  );
}

function budgetsOf(
  holdings: readonly (readonly [name: string, definitions: readonly Pick<Persona, "budget">[]])[],
): ReadonlyMap<string, Budget> {
  const budgets = new Map<string, Budget>();
  for (const [name, [first = {}, ...within]] of holdings) {
    const budget = defaultBudget({ ...first, within });
    if (budget !== undefined) budgets.set(name, budget);
  }
  return budgets;
}
