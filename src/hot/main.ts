import { hasClientFile, userHomeOf } from "../apply/places.ts";
import { readSettings, type Settings } from "../config/settings.ts";
import { systemClock } from "../core/clock.ts";
import { type Environment, envFlag, envValue, readEnvironment } from "../core/environment.ts";
import { ExitCode } from "../core/errors.ts";
import { resolveHome } from "../core/home.ts";
import { ansiPaint, plainPaint, wantsColor, writeText } from "../core/output.ts";
import { projectFolders } from "../core/project-directories.ts";
import { OWN_FOLDER, projectPersonaFile } from "../persona/places.ts";
import { currentText, switchText } from "../persona/session-text.ts";
import { switchPersona } from "../persona/switch-persona.ts";
import { GLOBAL_SCOPE, NO_PERSONA, viewSession } from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import { shellScope } from "../projection/shell-scope.ts";
import { deliverInBackground, findSwitch, hotContext } from "./find-switch.ts";
import { parseHotForm } from "./forms.ts";

let isTypical = false;

/**
 * Whether what ran is what runs each time, so that its compiled code is worth keeping: a first switch compiles more
 * than any later one needs, and one to what is active already less.
 */
export function wasTypical(): boolean {
  return isTypical;
}

/**
 * Runs the forms that people and prompts use all day, with `node:fs` and our own few modules alone.
 *
 * @param startedAt when the process began, milliseconds since the epoch.
 * @param programDir where the bundles lie.
 * @returns the exit code; `apply` when there are agent tools to apply a switch to, see `apply-main.ts`; undefined
 *   when the full program has to decide: an unknown name, an option, a foreground delivery, anything unusual. Nothing
 *   is printed then; at most the switch's fact is written, and doing it once more changes nothing.
 */
export function runHot(
  argv: readonly string[],
  startedAt: number,
  programDir: string,
): ExitCode | "apply" | undefined {
  const form = parseHotForm(argv);
  if (form === undefined) return undefined;
  try {
    const env = readEnvironment();
    // What it goes before, and what an unknown name there means, is for the full program to tell.
    if (envValue(env, "TTA_PERSONA") !== undefined) return undefined;
    const home = resolveHome(env, process.platform);
    if (!home.ok) return undefined;
    const settings = readSettings(home.value.configFile, env);
    if (settings.problems.length > 0) return undefined;
    if (form.command !== "switch") {
      const { state } = openSession(home.value);
      const shell = shellScope(env);
      const own = shell === undefined ? undefined : viewSession(state, shell, systemClock.now());
      // Whether its project's word counts takes a hash of the file.
      const folders = own === undefined ? projectFolders(process.cwd(), [OWN_FOLDER]) : [];
      if (projectPersonaFile(folders, home.value.personas) !== undefined) return undefined;
      const view = own ?? viewSession(state, GLOBAL_SCOPE, systemClock.now());
      if (form.command === "prompt") {
        if (view !== undefined) writeText(1, currentText(view));
        isTypical = view !== undefined;
        return ExitCode.done;
      }
      if (view === undefined) return undefined;
      writeText(1, currentText(view));
      isTypical = true;
      return ExitCode.done;
    }

    if (settings.anySink && settings.deliveryMode === "foreground") return undefined;
    if (settings.apply.isOn) return "apply";
    const found = findSwitch(form.persona, process.cwd(), home.value, env);
    if (found === undefined) return undefined;
    if (found.isFirst && mayHaveTargets(settings, env)) return undefined;
    const outcome = switchPersona(
      hotContext(home.value, env, settings, startedAt),
      found.session,
      found.scope,
      found.head.name,
      found.chatmode,
    );
    const paint = wantsColor(env, 1) ? ansiPaint : plainPaint;
    writeText(1, switchText(outcome, found.head, paint));
    deliverInBackground(home.value, env, settings, programDir);
    isTypical = outcome.kind === "switched" && outcome.from !== NO_PERSONA;
    return ExitCode.done;
  } catch {
    return undefined;
  }
}

/** Before the first switch of all: whether the full program should look for agent tools to apply it to. */
function mayHaveTargets(settings: Settings, env: Environment): boolean {
  if (!settings.apply.isUnset || envFlag(env, "CI")) return false;
  return hasClientFile({ cwd: process.cwd(), userHome: userHomeOf(env) });
}
