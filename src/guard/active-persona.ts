import { isTrusted } from "../config/trust.ts";
import { type Environment, envValue } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import { randomHex } from "../core/random.ts";
import { placeFromEnvironment } from "../llm/call-place.ts";
import { isChatmodeName } from "../persona/chatmode.ts";
import { findProject, readProjectPersona } from "../persona/project-persona.ts";
import { DEFAULT_CHATMODE, GLOBAL_SCOPE, viewSession } from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import { shellScope } from "../projection/shell-scope.ts";
import type { ActivePersona } from "./guard.ts";
import { readRules } from "./rules.ts";

/**
 * The persona in force where a request comes from: that of the environment, the shell, a trusted project, or the
 * global one, as `current` finds it.
 *
 * @returns `none`; undefined where the full program has to decide.
 */
export function findActive(
  cwd: string,
  home: Home,
  env: Environment,
  now: number,
): ActivePersona | "none" | undefined {
  const found = findSession(cwd, home, env, now);
  if (found === undefined || found === "none") return found;
  const rules = readRules(found.persona, cwd, home);
  return rules && { ...found, rules };
}

type Found = Omit<ActivePersona, "rules">;

function findSession(cwd: string, home: Home, env: Environment, now: number): Found | "none" | undefined {
  const named = envValue(env, "TTA_PERSONA");
  if (named !== undefined) return placeFromEnvironment(env) ?? fromEnvironment(named, env);
  const { state } = openSession(home);
  const viewOf = (scope: string | undefined): Found | undefined => {
    const view = scope === undefined ? undefined : viewSession(state, scope, now);
    return scope === undefined || view === undefined ? undefined : { ...view, scope };
  };
  const shell = viewOf(shellScope(env));
  if (shell !== undefined) return shell;
  const project = findProject({ cwd, userDir: home.personas });
  if (project !== undefined && isTrusted(home, env, project.file)) {
    const persona = readProjectPersona(project);
    if (!persona.ok) return undefined;
    const view = viewOf(project.scope);
    const chatmode = view?.persona === persona.value ? view.chatmode : DEFAULT_CHATMODE;
    return { persona: persona.value, chatmode, scope: project.scope };
  }
  return viewOf(GLOBAL_SCOPE) ?? "none";
}

function fromEnvironment(persona: string, env: Environment): Found {
  const asked = envValue(env, "TTA_CHATMODE");
  const chatmode = asked !== undefined && isChatmodeName(asked) ? asked : DEFAULT_CHATMODE;
  return { persona, chatmode, scope: `run:${randomHex(4)}/environment` };
}
