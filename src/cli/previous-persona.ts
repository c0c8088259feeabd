import { UserError } from "../core/errors.ts";
import { loadCatalogue, resolveInCatalogue } from "../persona/catalogue.ts";
import type { Persona } from "../persona/persona.ts";
import type { CliContext } from "./context.ts";
import { personaPlaces, problemLine } from "./find-persona.ts";
import { quote } from "./printable.ts";

/**
 * The persona that `switch -` and `undo` go back to, by its whole name: what it was an abbreviation for meanwhile does
 * not count. @throws UserError when it is gone or broken by now.
 */
export function findPrevious(name: string, ctx: CliContext): Persona {
  const catalogue = loadCatalogue(personaPlaces(ctx));
  const resolution = resolveInCatalogue(name, catalogue);
  if (resolution.kind === "found" && resolution.persona.name === name) return resolution.persona;
  if (resolution.kind === "broken" && resolution.name === name) {
    throw new UserError({
      reason: "broken-persona",
      message: problemLine(resolution.problem),
      hint: resolution.problem.hint,
    });
  }
  throw new UserError({
    reason: "unknown-persona",
    message: `The previous persona, ${quote(name)}, does not exist here any more.`,
    hint: "It may be defined in another project. Name one that is here: tta-persona list",
  });
}
