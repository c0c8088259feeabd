import { UserError } from "../core/errors.ts";
import type { Persona } from "../persona/persona.ts";
import { DEFAULT_CHATMODE, type ScopeState } from "../projection/session.ts";
import type { CliContext } from "./context.ts";
import { findPersona } from "./find-persona.ts";
import { findPrevious } from "./previous-persona.ts";

export interface SwitchTarget {
  readonly persona: Persona;
  readonly chatmode: string;
}

/**
 * What a switch is to.
 *
 * @param input a name, or `-` for the scope's previous persona.
 * @throws UserError as `findPersona`, and where there is no previous one any more.
 */
export function findTarget(
  input: string,
  chatmode: string | undefined,
  scope: ScopeState | undefined,
  ctx: CliContext,
): SwitchTarget {
  if (input !== "-") return { persona: findPersona(input, ctx), chatmode: chatmode ?? DEFAULT_CHATMODE };
  const previous = scope?.previous ?? null;
  if (previous === null) {
    throw new UserError({
      reason: "no-previous-persona",
      message: "There is no previous persona to go back to.",
      hint: "Name one. See: tta-persona list",
    });
  }
  return { persona: findPrevious(previous.persona, ctx), chatmode: chatmode ?? previous.chatmode };
}
