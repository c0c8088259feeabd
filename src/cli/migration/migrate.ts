import { loadCatalogue, resolveInCatalogue } from "../../persona/catalogue.ts";
import { switchPersona } from "../../persona/switch-persona.ts";
import { openLedger } from "../../projection/ledger-store.ts";
import { DEFAULT_CHATMODE, GLOBAL_SCOPE, viewSession } from "../../projection/session.ts";
import { openSession } from "../../projection/session-store.ts";
import { type CliContext, switchContext } from "../context.ts";
import { personaPlaces } from "../find-persona.ts";
import type { MigrateJson } from "../migration-shapes.ts";
import { anyOf, quote } from "../printable.ts";
import { findOldInstallation, type OldInstallation, type OldSettings } from "./old-installation.ts";

export type Step = MigrateJson["steps"][number];

/**
 * Takes over what an old installation says. The only thing that is ever written is a switch; files of others are left
 * as they are, and what is to be done about them is told.
 */
export function migrate(ctx: CliContext, dryRun: boolean): readonly Step[] {
  const places = personaPlaces(ctx);
  const old = findOldInstallation({ env: ctx.env, ...places });
  return [
    ...(old.settings === undefined
      ? []
      : [personaStep(old.settings, ctx, dryRun), settingsStep(old.settings)]),
    ...definitionSteps(old, ctx),
    ...old.scripts.map(scriptStep),
  ];
}

function personaStep({ file, personas }: OldSettings, ctx: CliContext, dryRun: boolean): Step {
  const step = (outcome: Step["outcome"], text: string): Step => ({
    what: "persona",
    outcome,
    path: file,
    text,
  });
  const [named = "", ...others] = personas;
  if (others.length > 0) {
    return step(
      "to-do",
      `The servers there start as ${anyOf(personas.map(quote))}. Choose one: tta-persona switch`,
    );
  }
  const resolution = resolveInCatalogue(named, loadCatalogue(personaPlaces(ctx)));
  if (resolution.kind !== "found") {
    return step(
      "to-do",
      `There is no persona ${quote(named)}, which is named there. Choose one: tta-persona switch`,
    );
  }
  const { name } = resolution.persona;
  // Opening the session might renew its snapshot; a dry run writes nothing.
  const state = dryRun ? openLedger(ctx.home).state.session : openSession(ctx.home).state;
  const active = viewSession(state, GLOBAL_SCOPE, ctx.clock.now())?.persona;
  if (active === name) return step("already", `${name}, which is named there, is active.`);
  if (active !== undefined) {
    return step(
      "left",
      `${active} is active and stays so; ${name} is named there. To change: tta-persona switch ${name}`,
    );
  }
  if (dryRun) return step("would", `Would make ${name}, which is named there, the active persona.`);
  switchPersona(switchContext(ctx), openSession(ctx.home), GLOBAL_SCOPE, name, DEFAULT_CHATMODE);
  return step("done", `${name}, which is named there, is the active persona now.`);
}

function settingsStep({ file }: OldSettings): Step {
  const text =
    "Not changed. From now on a switch keeps this file in step, if you let it: tta-persona apply detect";
  return { what: "settings", outcome: "left", path: file, text };
}

function definitionSteps({ personas }: OldInstallation, ctx: CliContext): readonly Step[] {
  if (personas === undefined) return [];
  const { directory, count } = personas;
  const catalogue = loadCatalogue(personaPlaces(ctx));
  const here = catalogue.personas.filter(
    ({ origin }) => origin.kind !== "built-in" && origin.file.startsWith(`${directory}/`),
  );
  const broken = catalogue.problems.filter(({ file }) => file.startsWith(directory)).length;
  const complaint = broken === 0 ? "" : ` Not all of them can be used: tta-persona validate`;
  const read: Step = {
    what: "definitions",
    outcome: broken === 0 ? "already" : "to-do",
    path: directory,
    text: `${count === 1 ? "The definition is" : `The ${count} definitions are`} read where they lie, and need not be copied.${complaint}`,
  };
  const hints = here.filter(({ tokenBudget, budget }) => tokenBudget !== undefined && budget === undefined);
  if (hints.length === 0) return [read];
  const names = hints.map(({ name }) => name);
  const text =
    `The tokenBudget of ${names.join(", ")} stays what it was, the size that a prompt should have. ` +
    `What may be used per day is set apart: tta-persona budget set ${names[0]} 2M`;
  return [read, { what: "budgets", outcome: "left", path: directory, text }];
}

function scriptStep({ file, shadows }: OldInstallation["scripts"][number]): Step {
  const order = shadows
    ? "It stands before this program in PATH, so that it is still the one that is called. "
    : "";
  return {
    what: "script",
    outcome: "to-do",
    path: file,
    text: `The old script. ${order}Nothing is deleted here; when you are done with it: rm ${shellWord(file)}`,
  };
}

function shellWord(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
