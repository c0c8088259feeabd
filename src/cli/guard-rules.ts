import { type RulesFound, rulesFound, rulesOf } from "../guard/rules.ts";
import { definitionsOf } from "../persona/catalogue.ts";
import { holding } from "../persona/limits.ts";
import type { Persona } from "../persona/persona.ts";
import type { CliContext } from "./context.ts";
import { problemLine } from "./find-persona.ts";
import { fileTrust } from "./persona-name.ts";

/** The rules of a persona by all definitions, YAML and broken ones included. */
export function findRules(persona: string, cwd: string, { home, env }: CliContext): RulesFound {
  const trustOf = (file: string) => fileTrust(file, home, env);
  const found: Persona[] = [];
  for (const definition of definitionsOf(persona, { cwd, userDir: home.personas })) {
    if (!definition.ok) {
      const reason = `The rules of ${persona} cannot be read: ${problemLine(definition.error)}.`;
      return { kind: "unknown", reason };
    }
    found.push(definition.value);
    // What is wrong with those behind it does not matter.
    if (holding(found, trustOf).isSettled) break;
  }
  return rulesFound(persona, holding(found, trustOf), (one) => rulesOf(one, persona, one.origin, home));
}
