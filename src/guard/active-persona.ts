import { trustOf } from "../config/trust.ts";
import { type Environment, envValue } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import { randomHex } from "../core/random.ts";
import { placeFromEnvironment } from "../llm/call-place.ts";
import { isChatmodeName } from "../persona/chatmode.ts";
import type { PersonaPlaces } from "../persona/places.ts";
import { findCountingProject, type Project, readProjectPersona } from "../persona/project-persona.ts";
import { DEFAULT_CHATMODE, GLOBAL_SCOPE, NO_PERSONA, viewSession } from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import { shellScope } from "../projection/shell-scope.ts";
import type { ActivePersona } from "./guard.ts";
import { readRules, untrustedNow } from "./rules.ts";

/**
 * The persona in force where a request comes from: that of the environment, the shell, a trusted project, or the
 * global one, as `current` finds it. A project whose file is not what was trusted any more is not passed over: nobody
 * knows then who is active.
 *
 * @returns `none`; undefined where the full program has to decide.
 */
export function findActive(
  cwd: string,
  home: Home,
  env: Environment,
  now: number,
): ActivePersona | "none" | undefined {
  const places: Places = { cwd, userDir: home.personas, trustOf: (file) => trustOf(home, env, file) };
  const found = findSession(places, home, env, now);
  if (found === undefined || found === "none" || "rules" in found) return found;
  const rules = readRules(found.persona, places, home);
  return rules && { ...found, rules };
}

type Found = Omit<ActivePersona, "rules">;
type Places = Required<Pick<PersonaPlaces, "cwd" | "userDir" | "trustOf">>;

function findSession(
  places: Places,
  home: Home,
  env: Environment,
  now: number,
): Found | ActivePersona | "none" | undefined {
  const named = envValue(env, "TTA_PERSONA");
  if (named !== undefined) return placeFromEnvironment(env) ?? fromEnvironment(named, env);
  const { state } = openSession(home);
  const viewOf = (scope: string | undefined): Found | undefined => {
    const view = scope === undefined ? undefined : viewSession(state, scope, now);
    return scope === undefined || view === undefined ? undefined : { ...view, scope };
  };
  const shell = viewOf(shellScope(env));
  if (shell !== undefined) return shell;
  const counting = findCountingProject(places);
  if (counting === undefined) return viewOf(GLOBAL_SCOPE) ?? "none";
  const { project, isTrusted } = counting;
  const view = viewOf(project.scope);
  if (!isTrusted) return unknownActive(project, view, untrustedNow(project.file));
  const persona = readProjectPersona(project);
  if (!persona.ok) return undefined;
  const chatmode = view?.persona === persona.value ? view.chatmode : DEFAULT_CHATMODE;
  return { persona: persona.value, chatmode, scope: project.scope };
}

/**
 * Where nobody knows who is active.
 *
 * @param view of the scope's session, where there is one.
 * @param reason why it is not known, for a person.
 */
export function unknownActive(
  { scope }: Pick<Project, "scope">,
  view: Pick<ActivePersona, "persona" | "chatmode"> | undefined,
  reason: string,
): ActivePersona {
  const { persona = NO_PERSONA, chatmode = DEFAULT_CHATMODE } = view ?? {};
  return { persona, chatmode, scope, rules: { kind: "unknown", reason } };
}

function fromEnvironment(persona: string, env: Environment): Found {
  const asked = envValue(env, "TTA_CHATMODE");
  const chatmode = asked !== undefined && isChatmodeName(asked) ? asked : DEFAULT_CHATMODE;
  return { persona, chatmode, scope: `run:${randomHex(4)}/environment` };
}
