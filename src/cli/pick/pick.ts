import { envValue } from "../../core/environment.ts";
import { UserError } from "../../core/errors.ts";
import { loadCatalogue } from "../../persona/catalogue.ts";
import type { Persona } from "../../persona/persona.ts";
import { openTerminal } from "../ask.ts";
import { budgetText, numberText } from "../budget-text.ts";
import type { CliContext } from "../context.ts";
import { personaPlaces } from "../find-persona.ts";
import { personaInForce, previousOf, readStanding } from "../persona-in-force.ts";
import { printable } from "../printable.ts";
import { type Choice, orderChoices } from "./frame.ts";

/** A person left without choosing, as Ctrl-C does it: 128 + SIGINT, so that `pick && deploy` goes no further. */
export const LEFT = 130;

export type Picked =
  | { readonly kind: "chosen"; readonly persona: string }
  | { readonly kind: "left" }
  /** Nobody is there to be asked, or nobody wants to be. */
  | { readonly kind: "nobody" };

/**
 * Lets a person at a terminal choose a persona.
 *
 * @param isWanted false with `--no-interactive`; `TTA_PERSONA_INTERACTIVE=0` says the same.
 */
export async function pickPersona(ctx: CliContext, isWanted: boolean): Promise<Picked> {
  if (!isWanted || ctx.flags.json || isSwitchedOff(ctx)) return { kind: "nobody" };
  const terminal = openTerminal();
  if (terminal === undefined) return { kind: "nobody" };
  try {
    const { choosePersona } = await import("./persona-picker.ts");
    const chosen = await choosePersona(await choicesOf(ctx), terminal, ctx.paint);
    return chosen === undefined ? { kind: "left" } : { kind: "chosen", persona: chosen.name };
  } finally {
    terminal.close();
  }
}

/** Not `envFlag`: left out, it means yes. */
function isSwitchedOff({ env }: CliContext): boolean {
  return ["0", "false", "no", "off"].includes(envValue(env, "TTA_PERSONA_INTERACTIVE")?.toLowerCase() ?? "");
}

async function choicesOf(ctx: CliContext): Promise<readonly Choice[]> {
  const standing = readStanding(ctx);
  const current = await personaInForce(ctx, standing);
  const previous = previousOf(standing);
  const { personas } = loadCatalogue(personaPlaces(ctx));
  return orderChoices(
    personas.map((persona) => ({
      name: persona.name,
      icon: printable(persona.icon),
      displayName: printable(persona.displayName),
      isCurrent: persona.name === current?.persona,
      isPrevious: persona.name === previous?.persona,
      preview: previewOf(persona),
    })),
  );
}

function previewOf({ description, tokenBudget, budget, allowedServers }: Persona): readonly string[] {
  const budgets = [
    budget === undefined ? [] : budgetText(budget),
    tokenBudget === undefined ? [] : `prompts of about ${numberText(tokenBudget)} tokens`,
  ].flat();
  return [
    ...(description === undefined ? [] : [description]),
    ...(budgets.length === 0 ? [] : [`Budget: ${budgets.join("; ")}`]),
    ...(allowedServers === undefined ? [] : [`Servers: ${allowedServers.join(", ") || "none"}`]),
  ].map(printable);
}

export function noTerminal(): UserError {
  return new UserError({
    reason: "no-terminal",
    message:
      "There is nobody to ask: standard input and output are not both a terminal, or asking is switched off.",
    hint: "Name a persona. See: tta-persona list",
  });
}
