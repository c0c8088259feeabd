import type { Settings } from "../config/settings.ts";
import { systemClock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import { writeText } from "../core/output.ts";
import { version } from "../core/version.ts";
import { NOT_STARTED, readNotice } from "../delivery/notice.ts";
import { ensureDeliverer } from "../delivery/spawn-deliverer.ts";
import { readPersonaHeads } from "../persona/heads.ts";
import { resolvePersonaName } from "../persona/names.ts";
import type { PersonaHead } from "../persona/persona.ts";
import { findProjectFolders, projectPersonaFile } from "../persona/places.ts";
import type { SwitchContext } from "../persona/switch-persona.ts";
import { DEFAULT_CHATMODE, GLOBAL_SCOPE } from "../projection/session.ts";
import { openSession, type SessionReader } from "../projection/session-store.ts";
import { shellScope } from "../projection/shell-scope.ts";

/** What both hot bundles do before and after a switch. */

export interface FoundSwitch {
  /** That of the shell where it has a persona of its own, else the global one. */
  readonly scope: string;
  readonly head: PersonaHead;
  readonly chatmode: string;
  readonly session: SessionReader;
  /** Nobody has ever switched in this home. */
  readonly isFirst: boolean;
}

/**
 * Whom a switch means, and where.
 *
 * @param input as it was typed.
 * @returns undefined where the full program has to decide.
 */
export function findSwitch(
  input: string,
  cwd: string,
  home: Home,
  env: Environment,
): FoundSwitch | undefined {
  const folders = findProjectFolders(cwd);
  const heads = readPersonaHeads({ cwd, userDir: home.personas, folders });
  if (heads === undefined) return undefined;
  const session = openSession(home);
  const { scopes } = session.state;
  const shell = shellScope(env);
  const hasOwn = shell !== undefined && scopes[shell]?.active != null;
  // A project that names a persona may go before the global one, which has to be told.
  if (!hasOwn && projectPersonaFile(folders, home.personas) !== undefined) return undefined;
  const scope = hasOwn ? shell : GLOBAL_SCOPE;
  const previous = scopes[scope]?.previous;
  const head = input === "-" ? heads.find(({ name }) => name === previous?.persona) : findHead(input, heads);
  const chatmode = input === "-" ? previous?.chatmode : DEFAULT_CHATMODE;
  return head === undefined || chatmode === undefined
    ? undefined
    : { scope, head, chatmode, session, isFirst: scopes[scope] === undefined };
}

function findHead(input: string, heads: readonly PersonaHead[]): PersonaHead | undefined {
  const resolved = resolvePersonaName(input, heads);
  return resolved.kind === "found" ? resolved.persona : undefined;
}

export function hotContext(
  home: Home,
  env: Environment,
  settings: Settings,
  startedAt: number,
): SwitchContext {
  const { segmentBytes, idleTimeoutMs } = settings;
  return { home, env, clock: systemClock, version, startedAt, segmentBytes, idleTimeoutMs };
}

/** The success is printed by now: what fails here must not run the command once more. */
export function deliverInBackground(
  home: Home,
  env: Environment,
  settings: Settings,
  programDir: string,
): void {
  if (!settings.anySink || settings.deliveryMode !== "background") return;
  const note = (text: string) => writeText(2, `tta-persona: ${text}\n`);
  try {
    const notice = readNotice(home);
    if (notice !== undefined) note(notice);
    ensureDeliverer(home, env, {
      path: `${programDir}/deliver.cjs`,
      version,
      deliveryHash: settings.deliveryHash(),
    });
  } catch {
    note(NOT_STARTED);
  }
}
