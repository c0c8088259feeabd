import type { DefinitionProblem } from "../core/definitions.ts";
import { UserError } from "../core/errors.ts";
import { type Catalogue, loadCatalogue, resolveInCatalogue } from "../persona/catalogue.ts";
import type { Persona } from "../persona/persona.ts";
import type { PersonaPlaces } from "../persona/places.ts";
import type { CliContext } from "./context.ts";
import { fileTrust } from "./persona-name.ts";
import { anyOf, quote } from "./printable.ts";
import { hintWith } from "./usage-error.ts";

export function personaPlaces(ctx: CliContext): PersonaPlaces {
  const { home, env } = ctx;
  return { cwd: ctx.cwd(), userDir: home.personas, trustOf: (file) => fileTrust(file, home, env) };
}

/** The persona a user means. @throws UserError when it is unknown, ambiguous, or its definition is broken. */
export function findPersona(
  input: string,
  ctx: CliContext,
  catalogue: Catalogue = loadCatalogue(personaPlaces(ctx)),
): Persona {
  const resolution = resolveInCatalogue(input, catalogue);
  switch (resolution.kind) {
    case "found":
      return resolution.persona;
    case "broken":
      throw new UserError({
        reason: "broken-persona",
        message: problemLine(resolution.problem),
        hint: resolution.problem.hint,
      });
    case "ambiguous":
      throw new UserError({
        reason: "ambiguous-persona",
        message: `${quote(input)} could be ${anyOf(resolution.candidates)}.`,
        hint: "Type more of the name. See: tta-persona list",
      });
    case "unknown":
      throw new UserError({
        reason: "unknown-persona",
        message: `There is no persona ${quote(input)}.`,
        hint: hintWith(resolution.suggestions, "See: tta-persona list"),
      });
  }
}

/** `file:line:column: what is wrong` */
export function problemLine(
  problem: Pick<DefinitionProblem, "file" | "line" | "column" | "message">,
): string {
  const place = problem.line === undefined ? "" : `:${problem.line}:${problem.column ?? 1}`;
  return `${problem.file}${place}: ${problem.message}`;
}
