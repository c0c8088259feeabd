import { isTrusted } from "../config/trust.ts";
import { CAPTURES, type Capture } from "../core/capture.ts";
import { steadyClock } from "../core/clock.ts";
import { errorCode, UserError } from "../core/errors.ts";
import { type CallPlace, placeFromEnvironment } from "../llm/call-place.ts";
import { createTextKeeper } from "../llm/keep-texts.ts";
import { readPriceFile } from "../llm/price-file.ts";
import type { RecordContext } from "../llm/record-call.ts";
import { defaultBudget, tryReadDefaultBudgets } from "../persona/budgets.ts";
import { switchPersona } from "../persona/switch-persona.ts";
import type { Budget } from "../projection/llm-facts.ts";
import { DEFAULT_CHATMODE, GLOBAL_SCOPE } from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import { type CliContext, switchContext } from "./context.ts";
import { maskingOf } from "./masking.ts";
import { personaInForce, tryPersonaInForce } from "./persona-in-force.ts";
import { headsOf, placesOf } from "./persona-name.ts";
import { noPersona } from "./session-view.ts";

/** What recording calls takes of the command's world. @throws UserError `broken-prices`. */
export async function recordContext(ctx: CliContext): Promise<RecordContext> {
  const { env, clock, version, home, settings } = ctx;
  const prices = await readPriceFile(home.prices);
  if (!prices.ok) throw new UserError(prices.error);
  return {
    env,
    clock: steadyClock(clock),
    version,
    home,
    segmentBytes: settings.segmentBytes,
    prices: prices.value,
    texts: createTextKeeper(maskingOf(ctx)),
    captureOf: (persona) => captureOf(persona, ctx),
    onTextLost: (error) => ctx.output.note(`a long text of a call is not kept (${errorCode(error)})`),
  };
}

/**
 * Under whom and where a call is made: what a stage or `exec` handed to this process, else the persona in force. A
 * project whose session has not begun yet begins it.
 *
 * @param persona a plain name that goes before both.
 * @throws UserError when no persona is active.
 */
export async function callPlace(ctx: CliContext, persona?: string): Promise<CallPlace> {
  if (persona !== undefined) {
    const handed = placeFromEnvironment(ctx.env);
    if (handed !== undefined && persona === handed.persona) return handed;
    const inForce = await tryPersonaInForce(ctx);
    if (handed !== undefined || inForce?.persona !== persona) {
      const scope = inForce?.scope ?? GLOBAL_SCOPE;
      return { scope, ...handed, persona, chatmode: DEFAULT_CHATMODE };
    }
  }
  const inForce = await personaInForce(ctx);
  if (inForce === undefined) throw noPersona();
  if (inForce.handed !== undefined) return inForce.handed;
  const { source, chatmode, scope, view } = inForce;
  if (source === "project" && view === undefined) {
    switchPersona(switchContext(ctx), openSession(ctx.home), scope, inForce.persona, chatmode);
  }
  return { persona: inForce.persona, chatmode, scope };
}

/** What the persona's definition lets it use; undefined: as much as it takes, or there is no such definition. */
export async function definedBudget(persona: string, ctx: CliContext): Promise<Budget | undefined> {
  const places = placesOf(ctx);
  if (places === undefined) return undefined;
  // Where there is YAML, only the catalogue knows all of them.
  const budgets = tryReadDefaultBudgets(places);
  if (budgets !== undefined) return budgets.get(persona);
  const { loadCatalogue } = await import("../persona/catalogue.ts");
  const found = loadCatalogue(places).personas.find(({ name }) => name === persona);
  return found === undefined ? undefined : defaultBudget(found);
}

/**
 * The persona's own word goes before the setting. A project's file may only ask for less to be kept, unless it is
 * trusted: a repository that was cloned does not decide that secrets are written down. Where settings of privacy
 * cannot be read, nothing is kept.
 */
async function captureOf(persona: string, ctx: CliContext): Promise<Capture> {
  const { capture, isPrivacyKnown } = ctx.settings;
  if (!isPrivacyKnown) return "none";
  const head = headsOf(ctx)?.find(({ name }) => name === persona);
  // The built-in ones say nothing about it. Reading all definitions would take longer than all else.
  if (head?.origin.kind === "built-in") return capture;
  const places = placesOf(ctx);
  if (places === undefined) return capture;
  const { loadCatalogue } = await import("../persona/catalogue.ts");
  const { personas, broken } = loadCatalogue(places);
  // What a broken file asks for is not known, so nothing is kept.
  if (broken.has(persona)) return "none";
  const found = personas.find(({ name }) => name === persona);
  if (found?.capture === undefined) return capture;
  const { origin } = found;
  const isForeign = origin.kind === "project" && !isTrusted(ctx.home, ctx.env, origin.file);
  return isForeign ? stricter(found.capture, capture) : found.capture;
}

function stricter(a: Capture, b: Capture): Capture {
  return CAPTURES.indexOf(a) > CAPTURES.indexOf(b) ? a : b;
}
