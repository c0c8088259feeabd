import { ExitCode, UserError } from "../core/errors.ts";
import { GLOBAL_SCOPE, type SessionView, viewSession } from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import type { CliContext } from "./context.ts";
import type { CurrentJson, StatusJson } from "./json-shapes.ts";

/** The session of the commands' scope, as it stands now. */
export interface ScopeSession {
  readonly view: SessionView | undefined;
  readonly previous: StatusJson["previous"];
}

/** @throws UserError `newer-home`. */
export function readSession(ctx: CliContext): ScopeSession {
  const { state } = openSession(ctx.home);
  return {
    view: viewSession(state, GLOBAL_SCOPE, ctx.clock.now()),
    previous: state.scopes[GLOBAL_SCOPE]?.previous ?? null,
  };
}

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

export function sessionJson(view: SessionView): Omit<CurrentJson, "schema" | "previous"> {
  return {
    persona: view.persona,
    chatmode: view.chatmode,
    since: new Date(view.since).toISOString(),
    durationSeconds: view.durationMs / 1000,
    idle: view.idle,
  };
}
