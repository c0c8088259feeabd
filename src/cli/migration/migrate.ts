import { hasUserSetting } from "../../config/config-store.ts";
import { loadCatalogue, resolveInCatalogue } from "../../persona/catalogue.ts";
import { switchPersona } from "../../persona/switch-persona.ts";
import { openLedger } from "../../projection/ledger-store.ts";
import { DEFAULT_CHATMODE, GLOBAL_SCOPE, viewSession } from "../../projection/session.ts";
import { openSession } from "../../projection/session-store.ts";
import { detectAtFirst } from "../apply-switch.ts";
import { type CliContext, switchContext } from "../context.ts";
import { personaPlaces } from "../find-persona.ts";
import type { MigrateJson } from "../migration-shapes.ts";
import { anyOf, quote } from "../printable.ts";
import { quoteForShell } from "../shells.ts";
import { findOldInstallation, type OldInstallation, type OldSettings } from "./old-installation.ts";

export type Step = MigrateJson["steps"][number];

/**
 * Takes over what an old installation says: the persona, and which files switches are applied to from now on. Files of
 * others are left as they are, and what is to be done about them is told.
 */
export async function migrate(ctx: CliContext, dryRun: boolean): Promise<readonly Step[]> {
  const places = personaPlaces(ctx);
  const old = findOldInstallation({ env: ctx.env, serverNames: ctx.settings.apply.servers, ...places });
  return [
    ...(old.settings === undefined
      ? []
      : [personaStep(old.settings, ctx, dryRun), await settingsStep(old.settings, ctx, dryRun)]),
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

/** What the first switch of an installation does: after this one there is no first any more. */
async function settingsStep({ file }: OldSettings, ctx: CliContext, dryRun: boolean): Promise<Step> {
  const step = (outcome: Step["outcome"], text: string): Step => ({
    what: "settings",
    outcome,
    path: file,
    text,
  });
  const found = await detectAtFirst(ctx, dryRun);
  if (found.length > 0 && dryRun) return step("would", "Switches would keep it in step.");
  if (found.length > 0 && hasUserSetting(ctx.home, "apply.targets")) {
    return step("done", "Switches keep it in step from now on, and change nothing in it but the persona.");
  }
  if (ctx.settings.apply.targets.includes("generic")) return step("already", "Switches keep it in step.");
  return step("left", "Not changed. A switch keeps it in step if you let it: tta-persona apply detect");
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
  return /^[\w./~-]+$/.test(path) ? path : quoteForShell(path);
}
