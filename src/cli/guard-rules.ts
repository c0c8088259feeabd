import { type RulesFound, rulesOf } from "../guard/rules.ts";
import { loadCatalogue } from "../persona/catalogue.ts";
import type { CliContext } from "./context.ts";
import { problemLine } from "./find-persona.ts";

/** The rules of a persona by the whole catalogue, YAML and broken definitions included. */
export function findRules(persona: string, cwd: string, { home }: CliContext): RulesFound {
  const { personas, broken } = loadCatalogue({ cwd, userDir: home.personas });
  const problem = broken.get(persona);
  if (problem !== undefined) {
    return { kind: "unknown", reason: `The rules of ${persona} cannot be read: ${problemLine(problem)}.` };
  }
  const found = personas.find(({ name }) => name === persona);
  if (found === undefined) {
    return {
      kind: "unknown",
      reason: `The active persona, ${persona}, is not defined here, so its rules are not known.`,
    };
  }
  return { kind: "found", rules: rulesOf(found, found.origin, home) };
}
