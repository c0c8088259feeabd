import { ExitCode, UserError } from "../core/errors.ts";
import type { PersonaInForce } from "./persona-in-force.ts";
import type { CurrentJson } from "./session-shapes.ts";

export function noPersona(): UserError {
  return new UserError(
    {
      reason: "no-persona",
      message: "No persona is active.",
      hint: "Choose one: tta-persona list, then tta-persona switch <persona>",
    },
    ExitCode.noPersona,
  );
}

export function sessionJson({
  persona,
  chatmode,
  source,
  scope,
  view,
}: PersonaInForce): Omit<CurrentJson, "schema" | "previous" | "explanation"> {
  return {
    persona,
    chatmode,
    source,
    scope,
    since: view === undefined ? null : new Date(view.since).toISOString(),
    durationSeconds: view === undefined ? null : view.durationMs / 1000,
    idle: view?.idle === true,
  };
}
