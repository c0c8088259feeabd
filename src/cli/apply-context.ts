import type { ApplyContext, CurrentPersona } from "../apply/apply.ts";
import { userHomeOf } from "../apply/places.ts";
import type { AppliedPersona, Target } from "../apply/target.ts";
import { targetsNamed } from "../apply/targets.ts";
import { APPLY_CLIENTS } from "../config/keys.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { UserError } from "../core/errors.ts";
import { trimSlashes } from "../core/project-directories.ts";
import { ok } from "../core/result.ts";
import { loadCatalogue } from "../persona/catalogue.ts";
import { personaFormats } from "../persona/formats/formats.ts";
import type { Persona } from "../persona/persona.ts";
import { GLOBAL_SCOPE } from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import { type Invocation, type OptionSpec, optionList } from "./command.ts";
import type { CliContext } from "./context.ts";
import { personaPlaces } from "./find-persona.ts";
import { anyOf, quote } from "./printable.ts";
import { hintWith } from "./usage-error.ts";

export const clientOption: OptionSpec = {
  flags: "--client <name>",
  doc: "apply to this agent tool only, whatever the settings say; may be given more than once",
  repeatable: true,
  complete: APPLY_CLIENTS,
};

/** What a switch is applied to, and whether the user has named it in this very command. */
export interface ChosenTargets {
  readonly targets: readonly Target[];
  readonly wereAskedFor: boolean;
}

/** @throws UserError for a client that there is not. */
export function chosenTargets(invocation: Invocation, ctx: CliContext): ChosenTargets {
  const named = optionList(invocation, "client").flatMap((value) => value.split(","));
  const known: readonly string[] = APPLY_CLIENTS;
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError({
      reason: "unknown-client",
      message: `There is no client ${quote(unknown)}, but ${anyOf(known)}.`,
      hint: hintWith(didYouMean(unknown, known), "See: tta-persona apply detect"),
    });
  }
  return named.length > 0
    ? { targets: targetsNamed(named), wereAskedFor: true }
    : { targets: targetsNamed(ctx.settings.apply.targets), wereAskedFor: false };
}

export function applyContext(ctx: CliContext): ApplyContext {
  const { home, env, clock, version, settings } = ctx;
  return {
    home,
    env,
    clock,
    version,
    segmentBytes: settings.segmentBytes,
    scope: GLOBAL_SCOPE,
    places: clientPlaces(ctx),
    readCurrent: () => readCurrent(ctx),
  };
}

export function clientPlaces({ env, settings, cwd }: CliContext): ApplyContext["places"] {
  return { cwd: trimSlashes(cwd()), userHome: userHomeOf(env), serverNames: settings.apply.servers };
}

export function readCurrent(ctx: CliContext): CurrentPersona | undefined {
  const scope = openSession(ctx.home).state.scopes[GLOBAL_SCOPE];
  if (scope?.active == null) return undefined;
  const { persona: name, chatmode, switchId } = scope.active;
  const { personas, broken } = loadCatalogue(personaPlaces(ctx));
  const persona = broken.has(name) ? undefined : personas.find((one) => one.name === name);
  return { ...appliedPersona(name, chatmode, persona), previous: scope.previous?.persona ?? null, switchId };
}

/** @param persona its definition, where there is one here. */
export function appliedPersona(name: string, chatmode: string, persona: Persona | undefined): AppliedPersona {
  if (persona === undefined) return { name, chatmode, writeAgent: undefined };
  return {
    name,
    chatmode,
    writeAgent(id) {
      const format = personaFormats.find((one) => one.id === id);
      if (format === undefined) throw new Error(`no format ${id}`);
      const written = format.write(persona);
      return written.ok ? ok(written.value.text) : written;
    },
  };
}
