import { applyCurrent } from "../apply/apply.ts";
import { detectTargets, hypertoolClients } from "../apply/detect.ts";
import { IN_HOOK, runHooks } from "../apply/hooks.ts";
import { editsOf, planAll, type TargetPlan } from "../apply/plan.ts";
import { isUnapplied, resultsOf } from "../apply/result.ts";
import { HOOK_CLIENT, notRecordedText, unappliedLines } from "../apply/result-text.ts";
import type { AppliedPersona, Target } from "../apply/target.ts";
import { targetsNamed } from "../apply/targets.ts";
import { writeUserSetting } from "../config/config-store.ts";
import { envFlag, envValue } from "../core/environment.ts";
import { ExitCode, UserError } from "../core/errors.ts";
import { createMasker } from "../core/mask.ts";
import type { SwitchOutcome } from "../persona/switch-persona.ts";
import { DEFAULT_CHATMODE, NO_PERSONA } from "../projection/session.ts";
import { applyContext, type ChosenTargets, clientPlaces } from "./apply-context.ts";
import type { AppliedJson } from "./apply-shapes.ts";
import { appliedJson } from "./apply-text.ts";
import type { CliContext } from "./context.ts";
import { maskingOf } from "./masking.ts";

/**
 * At the first switch of an installation: finds the agent tools that start Hypertool already, and remembers them. Not
 * in CI, where a checkout would be changed that nobody looks after.
 */
export async function detectAtFirst(ctx: CliContext, dryRun: boolean): Promise<readonly Target[]> {
  const { settings, env, output } = ctx;
  if (!settings.apply.isUnset || settings.problems.length > 0 || envFlag(env, "CI")) return [];
  const found = hypertoolClients(detectTargets(clientPlaces(ctx)));
  if (found.length === 0 || dryRun) return targetsNamed(found);
  try {
    await writeUserSetting(ctx.home, "apply.targets", found.join(","));
    output.note(`found Hypertool; switches are applied to ${found.join(", ")} from now on (apply.targets)`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    output.note(`found Hypertool for ${found.join(", ")}, which could not be remembered: ${error.message}`);
  }
  return targetsNamed(found);
}

/**
 * Refuses a switch that could not be applied, before it is made.
 *
 * @throws UserError for the first file that cannot be edited; the others are told before.
 */
export function assertApplicable(targets: readonly Target[], persona: AppliedPersona, ctx: CliContext): void {
  const refused = planAll(targets, persona, clientPlaces(ctx)).flatMap(({ target, files }) =>
    files.flatMap((plan) => (plan.kind === "refused" ? [{ client: target.client, ...plan.failure }] : [])),
  );
  const [first, ...others] = refused;
  if (first === undefined) return;
  for (const { message } of others) ctx.output.note(message);
  const leave = `leave ${first.client} out of apply.targets`;
  const hint = first.hint === undefined ? leave : `${first.hint} Or ${leave}.`;
  throw new UserError({ ...first, hint }, ExitCode.failed);
}

/** What a switch would change, with the lines. */
export async function foreseeApplying(
  targets: readonly Target[],
  persona: AppliedPersona,
  ctx: CliContext,
): Promise<readonly AppliedJson[]> {
  const plans = planAll(targets, persona, clientPlaces(ctx));
  const diffs = await diffsOf(plans, ctx);
  return resultsOf(plans, "would-change").map((result) =>
    appliedJson(result, result.outcome === "would-change" ? (diffs.get(result.file ?? "") ?? null) : null),
  );
}

async function diffsOf(plans: readonly TargetPlan[], ctx: CliContext): Promise<ReadonlyMap<string, string>> {
  const edits = editsOf(plans);
  if (edits.length === 0) return new Map();
  const { unifiedDiff } = await import("../apply/diff.ts");
  const masker = createMasker(maskingOf(ctx));
  const byPath = new Map(edits.map((edit) => [edit.path, masker.text(unifiedDiff(edit))]));
  return new Map(
    plans.flatMap(({ files }) =>
      files.flatMap((plan): [string, string][] => {
        const diff = plan.kind === "change" ? byPath.get(plan.edit.path) : undefined;
        return plan.kind === "change" && diff !== undefined ? [[plan.file, diff]] : [];
      }),
    ),
  );
}

export interface Applied {
  readonly results: readonly AppliedJson[];
  readonly exitCode: ExitCode;
}

/** Makes a switch that is in the journal real, and says on stderr what could not be. */
export async function applySwitch(chosen: ChosenTargets, ctx: CliContext): Promise<Applied> {
  if (chosen.targets.length === 0) return { results: [], exitCode: ExitCode.done };
  const report = await applyCurrent(applyContext(ctx), chosen.targets);
  if (report.notRecorded !== undefined) ctx.output.note(notRecordedText(report.notRecorded));
  return judge(
    report.results.map((result) => appliedJson(result)),
    chosen.wereAskedFor,
    ctx,
  );
}

export function judge(results: readonly AppliedJson[], wereAskedFor: boolean, ctx: CliContext): Applied {
  const unapplied = results.filter((result) => isUnapplied(result, wereAskedFor));
  if (unapplied.length > 0) ctx.output.complain(unappliedLines(unapplied));
  return { results, exitCode: unapplied.length === 0 ? ExitCode.done : ExitCode.failed };
}

/** The user's commands that a switch would run. */
export function foreseeHooks(outcome: SwitchOutcome, ctx: CliContext): readonly AppliedJson[] {
  return hooksFor(outcome, ctx).map(([program = ""]) => ({
    client: HOOK_CLIENT,
    file: program,
    outcome: "would-change",
    reason: null,
    message: null,
    hint: null,
    reload: null,
    diff: null,
  }));
}

function hooksFor(outcome: SwitchOutcome, { env, settings }: CliContext): readonly (readonly string[])[] {
  // What a hook switches itself would run it again and again.
  return outcome.kind === "switched" && envValue(env, IN_HOOK) === undefined ? settings.apply.onSwitch : [];
}

/** Runs the user's commands after a switch that was one. */
export async function runSwitchHooks(outcome: SwitchOutcome, ctx: CliContext): Promise<Applied> {
  const commands = hooksFor(outcome, ctx);
  if (commands.length === 0) return { results: [], exitCode: ExitCode.done };
  const news = {
    persona: outcome.persona,
    chatmode: outcome.chatmode,
    previousPersona: outcome.from ?? NO_PERSONA,
    previousChatmode: outcome.fromChatmode ?? DEFAULT_CHATMODE,
  };
  const done = await runHooks(commands, news, {
    env: ctx.env,
    cwd: ctx.cwd(),
    timeoutMs: ctx.settings.apply.hookTimeoutMs,
  });
  const masker = createMasker(maskingOf(ctx));
  const results = done.map(({ program, failure }): AppliedJson => {
    const about = { client: HOOK_CLIENT, file: program, reload: null, diff: null };
    if (failure === undefined)
      return { ...about, outcome: "changed", reason: null, message: null, hint: null };
    const { reason, message, hint = null } = failure;
    return { ...about, outcome: "failed", reason, message: `${program}: ${masker.text(message)}`, hint };
  });
  return judge(results, false, ctx);
}
