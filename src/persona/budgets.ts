import fs from "node:fs";
import type { Budget } from "../projection/llm-facts.ts";
import { builtInHeads, builtInPersonas } from "./built-in.ts";
import { readPersonaHeads } from "./heads.ts";
import type { Persona, PersonaHead } from "./persona.ts";
import type { PersonaPlaces } from "./places.ts";
import { isPersonaFile } from "./shape.ts";

/** What a persona's definition lets it use; undefined: as much as it takes. Only the user's word makes it hard. */
export function defaultBudget({ budget }: Pick<Persona, "budget">): Budget | undefined {
  return budget === undefined ? undefined : { ...budget, isHard: false };
}

/**
 * The budgets of all definitions, by persona, without the schema library. Where there is YAML or anything is wrong,
 * those of the built-in ones.
 */
export function readDefaultBudgets(places: PersonaPlaces): ReadonlyMap<string, Budget> {
  const builtIn = new Map(builtInPersonas().map((persona) => [persona.name, persona]));
  const budgets = new Map<string, Budget>();
  for (const head of readPersonaHeads(places) ?? builtInHeads) {
    const definition = head.origin.kind === "built-in" ? builtIn.get(head.name) : readFile(head);
    const budget = definition && defaultBudget(definition);
    if (budget !== undefined) budgets.set(head.name, budget);
  }
  return budgets;
}

function readFile({ origin }: PersonaHead): Pick<Persona, "budget"> | undefined {
  if (origin.kind === "built-in") return undefined;
  try {
    const definition: unknown = JSON.parse(fs.readFileSync(origin.file, "utf8"));
    return isPersonaFile(definition) ? definition : undefined;
  } catch {
    // Changed since its head was read.
    return undefined;
  }
}
