import { errorCode, type Failure } from "../core/errors.ts";
import { NO_PERSONA } from "../projection/session.ts";
import { type RecordContext, recordApplied } from "./applied-fact.ts";
import { type AppliedSwitch, backUp, cleanUp } from "./backups.ts";
import { withApplyLock } from "./lock.ts";
import { type ClientEdit, editsOf, type PlannedFrom, planAll, type TargetPlan } from "./plan.ts";
import { type ReplaceFailure, replaceFiles } from "./replace-files.ts";
import { resultsOf, type TargetResult } from "./result.ts";
import type { AppliedPersona, Target } from "./target.ts";

/** What applying needs from outside. */
export interface ApplyContext extends RecordContext {
  readonly places: PlannedFrom;
  /** Reads the session anew: who is active by the journal as it is now. */
  readonly readCurrent: () => CurrentPersona | undefined;
}

export interface CurrentPersona extends AppliedPersona {
  readonly previous: string | null;
  /** Of the switch that made it the active one, where it is known. */
  readonly switchId?: string | undefined;
}

export interface ApplyReport {
  /** Whom the files were brought to; null where nobody is active. */
  readonly persona: string | null;
  readonly results: readonly TargetResult[];
  /** Why it could not be recorded: the system's error code. */
  readonly notRecorded?: string;
}

/** How often a plan is made anew because somebody else wrote a file in between. */
const ATTEMPTS = 3;

/**
 * Brings the files of all targets to the persona that is active by the journal, or leaves all as they are. Whoever
 * asked for another one by now is overtaken: the order of the journal counts, so that of many who switch at once the
 * last one to apply writes what the journal says.
 */
export async function applyCurrent(context: ApplyContext, targets: readonly Target[]): Promise<ApplyReport> {
  const unapplied = (failure: Failure): ApplyReport => {
    const current = context.readCurrent();
    if (current === undefined) return { persona: null, results: [] };
    return { persona: current.name, results: resultsOf(planAll(targets, current, context.places), failure) };
  };
  try {
    const locked = await withApplyLock(context.home, () => applyLocked(context, targets));
    if ("done" in locked) return locked.done;
    const holder = locked.heldBy === undefined ? "another process" : `process ${locked.heldBy.pid}`;
    return unapplied({
      reason: "apply-busy",
      message: `not changed, since ${holder} has been applying a switch all the time`,
      hint: "When it has ended: tta-persona apply",
    });
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return unapplied({
      reason: "no-lock",
      message: `not changed, since ${context.home.state} cannot be written (${code})`,
      hint: "Free some space or check its permissions, then: tta-persona apply",
    });
  }
}

/** Under the apply lock. */
export function applyLocked(context: ApplyContext, targets: readonly Target[]): ApplyReport {
  cleanUp(context.home);
  for (let attempt = 1; ; attempt++) {
    const current = context.readCurrent();
    if (current === undefined) return { persona: null, results: [] };
    const plans = planAll(targets, current, context.places);
    if (isRefused(plans)) return recorded(context, current.name, resultsOf(plans, notTouched));
    const { name: persona, previous, switchId } = current;
    const failure = writeEdits(context, { persona, previous, switchId }, editsOf(plans));
    if (failure?.reason === "changed-meanwhile" && attempt < ATTEMPTS) continue;
    return recorded(context, current.name, resultsOf(plans, failure ?? "changed"));
  }
}

function isRefused(plans: readonly TargetPlan[]): boolean {
  return plans.some(({ files }) => files.some(({ kind }) => kind === "refused"));
}

const notTouched: Failure = {
  reason: "nothing-written",
  message: "not changed, since another file could not be",
  hint: "See to the other one, then: tta-persona apply",
};

/** Keeps a way back, then replaces all files or none. @returns why it could not be done. */
export function writeEdits(
  { home }: ApplyContext,
  about: AppliedSwitch,
  edits: readonly ClientEdit[],
): Failure | undefined {
  if (edits.length === 0) return undefined;
  try {
    const written = replaceFiles(backUp(home, about, edits));
    return written.ok ? undefined : failureOf(written.error);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return {
      reason: "no-backup",
      message: `not changed, since ${home.backups} cannot be written (${code})`,
      hint: "Free some space or check its permissions, then: tta-persona apply",
    };
  }
}

function failureOf({ reason, path, code }: ReplaceFailure): Failure {
  const again = "tta-persona apply";
  switch (reason) {
    case "changed":
      return {
        reason: "changed-meanwhile",
        message: `not changed, since another program keeps writing ${path}`,
        hint: `Once it has stopped: ${again}`,
      };
    case "not-written":
      return {
        reason: "not-written",
        message: `not changed, since ${path} cannot be written (${code ?? "unknown error"})`,
        hint: `Free some space or check its permissions, then: ${again}`,
      };
    case "not-restored":
      return {
        reason: "not-restored",
        message: `not all files could be written, and ${path} could not be given its old content back`,
        hint: `What they held before is kept in the newest directory of backups/; then: ${again}`,
      };
  }
}

/**
 * Records what was done, where anything was to be done. By now it is, so that it cannot be recorded is told, and
 * changes nothing.
 */
export function recorded(
  context: ApplyContext,
  persona: string | null,
  results: readonly TargetResult[],
): ApplyReport {
  if (results.every(({ outcome }) => outcome === "already" || outcome === "skipped"))
    return { persona, results };
  try {
    recordApplied(context, persona ?? NO_PERSONA, results);
    return { persona, results };
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return { persona, results, notRecorded: code };
  }
}
