import { type Trust, trustOf } from "../config/trust.ts";
import type { Environment } from "../core/environment.ts";
import { errorCode, UserError } from "../core/errors.ts";
import type { Home } from "../core/home.ts";
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
export function placesOf({
  cwd,
  home,
  env,
}: Pick<CliContext, "cwd" | "home" | "env">): PersonaPlaces | undefined {
  try {
    return { cwd: cwd(), userDir: home.personas, trustOf: (file) => fileTrust(file, home, env) };
  } catch (error) {
    if (error instanceof UserError || errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** What cannot be read cannot have been trusted as it is. */
export function fileTrust(file: string, home: Home, env: Environment): Trust {
  try {
    return trustOf(home, env, file);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return "changed";
  }
}
