import { applyCurrent, type CurrentPersona } from "../apply/apply.ts";
import { userHomeOf } from "../apply/places.ts";
import { planAll } from "../apply/plan.ts";
import { isUnapplied } from "../apply/result.ts";
import { notRecordedText, resultsText, unappliedLines } from "../apply/result-text.ts";
import { targetsNamed } from "../apply/targets.ts";
import { readSettings } from "../config/settings.ts";
import { readEnvironment } from "../core/environment.ts";
import { ExitCode } from "../core/errors.ts";
import { type Home, resolveHome } from "../core/home.ts";
import { ansiPaint, plainPaint, wantsColor, writeText } from "../core/output.ts";
import { printable } from "../core/printable.ts";
import { trimSlashes } from "../core/project-directories.ts";
import { switchText } from "../persona/session-text.ts";
import { switchPersona } from "../persona/switch-persona.ts";
import { GLOBAL_SCOPE } from "../projection/session.ts";
import { openSession } from "../projection/session-store.ts";
import { deliverInBackground, findSwitch, hotContext } from "./find-switch.ts";
import { parseHotForm } from "./forms.ts";

/**
 * A switch in its hot form, and what it changes in MCP configurations: the second bundle, which the launcher loads only
 * where something is to be applied. The full program takes five times as long to start.
 *
 * @returns the exit code, or undefined when the full program has to decide: hooks, agents that are written from whole
 *   definitions, a file that refuses the switch, anything unusual.
 */
export async function runApply(
  argv: readonly string[],
  startedAt: number,
  programDir: string,
): Promise<ExitCode | undefined> {
  const form = parseHotForm(argv);
  if (form?.command !== "switch") return undefined;
  try {
    const env = readEnvironment();
    const home = resolveHome(env, process.platform);
    if (!home.ok) return undefined;
    const settings = readSettings(home.value.configFile, env);
    const targets = targetsNamed(settings.apply.targets);
    if (settings.apply.onSwitch.length > 0 || targets.some(({ isHypertool }) => !isHypertool))
      return undefined;
    const cwd = process.cwd();
    const found = findSwitch(form.persona, cwd, home.value, env);
    if (found === undefined) return undefined;

    const { scope, head, chatmode, session } = found;
    const paint = wantsColor(env, 1) ? ansiPaint : plainPaint;
    const context = hotContext(home.value, env, settings, startedAt);
    if (scope !== GLOBAL_SCOPE) {
      // The files of agent tools are those of all terminals.
      writeText(1, switchText(switchPersona(context, session, scope, head.name, chatmode), head, paint));
      deliverInBackground(home.value, env, settings, programDir);
      return ExitCode.done;
    }
    const userHome = userHomeOf(env);
    const places = { cwd: trimSlashes(cwd), userHome, serverNames: settings.apply.servers };
    const plans = planAll(targets, { name: head.name, chatmode, writeAgent: undefined }, places);
    if (plans.some(({ files }) => files.some(({ kind }) => kind === "refused"))) return undefined;
    const outcome = switchPersona(context, session, scope, head.name, chatmode);
    const readCurrent = () => readActive(home.value);
    const report = await applyCurrent({ ...context, scope: GLOBAL_SCOPE, places, readCurrent }, targets);
    const unapplied = report.results.filter((one) => isUnapplied(one, false));
    complain([
      ...(report.notRecorded === undefined ? [] : [`tta-persona: ${notRecordedText(report.notRecorded)}`]),
      ...unappliedLines(unapplied),
    ]);
    writeText(1, switchText(outcome, head, paint) + resultsText(report.results, userHome));
    deliverInBackground(home.value, env, settings, programDir);
    return unapplied.length === 0 ? ExitCode.done : ExitCode.failed;
  } catch {
    return undefined;
  }
}

function complain(lines: readonly string[]): void {
  if (lines.length > 0) writeText(2, `${lines.map(printable).join("\n")}\n`);
}

function readActive(home: Home): CurrentPersona | undefined {
  const { active = null, previous = null } = openSession(home).state.scopes[GLOBAL_SCOPE] ?? {};
  if (active === null) return undefined;
  const { persona: name, chatmode, switchId } = active;
  return { name, chatmode, writeAgent: undefined, previous: previous?.persona ?? null, switchId };
}
