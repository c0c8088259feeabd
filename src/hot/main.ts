import { hasClientFile } from "../apply/places.ts";
import { readSettings, type Settings } from "../config/settings.ts";
import { systemClock } from "../core/clock.ts";
import { type Environment, envFlag, envValue, readEnvironment } from "../core/environment.ts";
import { ExitCode } from "../core/errors.ts";
import { type Home, resolveHome } from "../core/home.ts";
import { ansiPaint, plainPaint, wantsColor, writeText } from "../core/output.ts";
import { version } from "../core/version.ts";
import { NOT_STARTED, readNotice } from "../delivery/notice.ts";
import { ensureDeliverer } from "../delivery/spawn-deliverer.ts";
import { readPersonaHeads } from "../persona/heads.ts";
import { resolvePersonaName } from "../persona/names.ts";
import type { PersonaHead } from "../persona/persona.ts";
import { currentText, switchText } from "../persona/session-text.ts";
import { switchPersona } from "../persona/switch-persona.ts";
import { DEFAULT_CHATMODE, GLOBAL_SCOPE, viewSession } from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import { parseHotForm } from "./forms.ts";

/**
 * Runs the forms that people and prompts use all day, with `node:fs` and our own few modules alone.
 *
 * @param startedAt when the process began, milliseconds since the epoch.
 * @param programDir where the bundles lie.
 * @returns the exit code, or undefined when the full program has to decide: an unknown name, an option, a
 *   foreground delivery, anything unusual. Nothing is printed then; at most the switch's fact is written,
 *   and doing it once more changes nothing.
 */
export function runHot(argv: readonly string[], startedAt: number, programDir: string): ExitCode | undefined {
  const form = parseHotForm(argv);
  if (form === undefined) return undefined;
  try {
    const env = readEnvironment();
    const home = resolveHome(env, process.platform);
    if (!home.ok) return undefined;
    const settings = readSettings(home.value.configFile, env);
    if (settings.problems.length > 0) return undefined;
    const session = () => openSession(home.value);

    if (form.command !== "switch") {
      const view = viewSession(session().state, GLOBAL_SCOPE, systemClock.now());
      if (form.command === "prompt") {
        if (view !== undefined) writeText(1, currentText(view));
        return ExitCode.done;
      }
      if (view === undefined) return undefined;
      writeText(1, currentText(view));
      return ExitCode.done;
    }

    if (settings.apply.isOn || (settings.anySink && settings.deliveryMode === "foreground")) return undefined;
    const heads = readPersonaHeads({ cwd: process.cwd(), userDir: home.value.personas });
    if (heads === undefined) return undefined;
    const reader = session();
    const scope = reader.state.scopes[GLOBAL_SCOPE];
    if (scope === undefined && mayHaveTargets(settings, env)) return undefined;
    const previous = scope?.previous;
    const target =
      form.persona === "-"
        ? { head: heads.find(({ name }) => name === previous?.persona), chatmode: previous?.chatmode }
        : { head: findHead(form.persona, heads), chatmode: DEFAULT_CHATMODE };
    if (target.head === undefined || target.chatmode === undefined) return undefined;

    const outcome = switchPersona(
      {
        home: home.value,
        env,
        clock: systemClock,
        version,
        startedAt,
        segmentBytes: settings.segmentBytes,
        idleTimeoutMs: settings.idleTimeoutMs,
      },
      reader,
      target.head.name,
      target.chatmode,
    );
    const paint = wantsColor(env, 1) ? ansiPaint : plainPaint;
    writeText(1, switchText(outcome, target.head, paint));
    if (settings.anySink && settings.deliveryMode === "background") {
      deliverInBackground(home.value, env, settings.deliveryHash(), programDir);
    }
    return ExitCode.done;
  } catch {
    return undefined;
  }
}

/** Before the first switch of all: whether the full program should look for agent tools to apply it to. */
function mayHaveTargets(settings: Settings, env: Environment): boolean {
  if (!settings.apply.isUnset || envFlag(env, "CI")) return false;
  return hasClientFile({ cwd: process.cwd(), userHome: envValue(env, "HOME") });
}

/** The success is printed by now: what fails here must not run the command once more. */
function deliverInBackground(home: Home, env: Environment, deliveryHash: string, programDir: string): void {
  const note = (text: string) => writeText(2, `tta-persona: ${text}\n`);
  try {
    const notice = readNotice(home);
    if (notice !== undefined) note(notice);
    ensureDeliverer(home, env, { path: `${programDir}/deliver.mjs`, version, deliveryHash });
  } catch {
    note(NOT_STARTED);
  }
}

function findHead(input: string, heads: readonly PersonaHead[]): PersonaHead | undefined {
  const resolved = resolvePersonaName(input, heads);
  return resolved.kind === "found" ? resolved.persona : undefined;
}
