import { errorCode, UserError } from "../core/errors.ts";
import { readPersonaHeads } from "../persona/heads.ts";
import type { PersonaPlaces } from "../persona/places.ts";
import type { CliContext } from "./context.ts";

/** The plain name of the persona that a user means. @throws UserError as `findPersona`. */
export async function personaName(input: string, ctx: CliContext): Promise<string> {
  const isExact = headsOf(ctx)?.some(({ name }) => name === input) === true;
  if (isExact) return input;
  const { findPersona } = await import("./find-persona.ts");
  return findPersona(input, ctx).name;
}

/** The personas that there are, where they can be told without the libraries that definitions in YAML take. */
export function headsOf(ctx: CliContext) {
  const places = placesOf(ctx);
  return places === undefined ? undefined : readPersonaHeads(places);
}

/** Undefined where the working directory is gone. */
export function placesOf({ cwd, home }: CliContext): PersonaPlaces | undefined {
  try {
    return { cwd: cwd(), userDir: home.personas };
  } catch (error) {
    if (error instanceof UserError || errorCode(error) !== undefined) return undefined;
    throw error;
  }
}
