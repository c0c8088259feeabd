import { steadyClock } from "../core/clock.ts";
import type { DeliveryContext } from "../delivery/context.ts";
import { maintainWhenDue } from "../delivery/maintain.ts";
import { builtInHeads } from "../persona/built-in.ts";
import { readPersonaHeads } from "../persona/heads.ts";
import { type Ledger, openLedger } from "../projection/ledger-store.ts";
import type { CliContext } from "./context.ts";

/** What delivery takes of the command's world. */
export function deliveryContext(ctx: CliContext): DeliveryContext {
  const { home, env, settings, version } = ctx;
  return { home, env, settings, clock: steadyClock(ctx.clock), version, personas: () => personaNames(ctx) };
}

function personaNames({ cwd, home }: CliContext): readonly string[] {
  try {
    const heads = readPersonaHeads({ cwd: cwd(), userDir: home.personas }) ?? builtInHeads;
    return heads.map(({ name }) => name);
  } catch {
    // The working directory is gone.
    return builtInHeads.map(({ name }) => name);
  }
}

/** The metric totals as they are now, kept on disk when reading them took long. */
export function currentLedger(ctx: CliContext): Ledger {
  const ledger = openLedger(ctx.home);
  maintainWhenDue(deliveryContext(ctx), ledger);
  return ledger;
}
