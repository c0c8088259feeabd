import { steadyClock } from "../core/clock.ts";
import type { DeliveryContext } from "../delivery/context.ts";
import { maintainWhenDue } from "../delivery/maintain.ts";
import { readDefaultBudgets } from "../persona/budgets.ts";
import { builtInHeads } from "../persona/built-in.ts";
import { readPersonaHeads } from "../persona/heads.ts";
import type { PersonaPlaces } from "../persona/places.ts";
import { type Ledger, openLedger } from "../projection/ledger-store.ts";
import type { CliContext } from "./context.ts";
import { fileTrust } from "./persona-name.ts";

/** What reading the totals and delivering them takes. */
export type DeliveringContext = Pick<CliContext, "home" | "env" | "settings" | "clock" | "version" | "cwd">;

/** What delivery takes of the command's world. */
export function deliveryContext(ctx: DeliveringContext): DeliveryContext {
  const { home, env, settings, version } = ctx;
  return {
    home,
    env,
    settings,
    clock: steadyClock(ctx.clock),
    version,
    personas: () => personaNames(ctx),
    defaultBudgets: () => readDefaultBudgets(places(ctx)),
  };
}

function personaNames(ctx: DeliveringContext): readonly string[] {
  return (readPersonaHeads(places(ctx)) ?? builtInHeads).map(({ name }) => name);
}

function places({ cwd, home, env }: DeliveringContext): PersonaPlaces {
  try {
    return { cwd: cwd(), userDir: home.personas, trustOf: (file) => fileTrust(file, home, env) };
  } catch {
    // The working directory is gone: the user's own are left.
    return { cwd: home.data, userDir: home.personas };
  }
}

/** The metric totals as they are now, kept on disk when reading them took long. */
export function currentLedger(ctx: DeliveringContext): Ledger {
  const ledger = openLedger(ctx.home);
  maintainWhenDue(deliveryContext(ctx), ledger);
  return ledger;
}
