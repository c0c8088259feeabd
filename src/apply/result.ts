import type { Failure } from "../core/errors.ts";
import type { TargetPlan } from "./plan.ts";
import type { FilePlan, Target } from "./target.ts";

/** What became of one file of one target. */
export interface TargetResult {
  readonly client: string;
  /** As it was found, links not resolved; null where there is none. */
  readonly file: string | null;
  readonly outcome: Outcome;
  /** Stable, kebab-case: why it was skipped, refused or failed. */
  readonly reason: string | null;
  readonly message: string | null;
  /** What to do about a refusal or a failure. */
  readonly hint: string | null;
  /** How the tool takes the change in; null where nothing has changed. */
  readonly reload: string | null;
}

export type Outcome =
  /** It names the persona now; this was read back. */
  | "changed"
  /** Nothing was written: a dry run, or another target could not be. */
  | "would-change"
  | "already"
  | "skipped"
  /** It cannot be edited as it is. */
  | "refused"
  /** It could have been, and was not; it is as it was before. */
  | "failed";

/** A plan as results. `changed` says what has become of the changes. */
export function resultsOf(
  plans: readonly TargetPlan[],
  changed: "changed" | "would-change" | Failure,
): readonly TargetResult[] {
  return plans.flatMap(({ target, files }) => files.map((plan) => resultOf(target, plan, changed)));
}

const nothing = { reason: null, message: null, hint: null, reload: null };

function resultOf(
  { client, reload }: Target,
  plan: FilePlan,
  changed: "changed" | "would-change" | Failure,
): TargetResult {
  const about = { client, file: plan.file, ...nothing };
  switch (plan.kind) {
    case "already":
      return { ...about, outcome: "already" };
    case "skipped":
      return { ...about, outcome: "skipped", reason: plan.reason, message: plan.message };
    case "refused":
      return { ...about, outcome: "refused", ...told(plan.failure) };
    case "change":
      return typeof changed === "string"
        ? { ...about, outcome: changed, reload }
        : { ...about, outcome: "failed", ...told(changed) };
  }
}

function told({ reason, message, hint }: Failure) {
  return { reason, message, hint: hint ?? null };
}

/**
 * Whether a target was not applied that should have been. One that is merely not here counts when it was asked for by
 * its name.
 */
export function isUnapplied({ outcome }: TargetResult, wasAskedFor: boolean): boolean {
  return outcome === "refused" || outcome === "failed" || (wasAskedFor && outcome === "skipped");
}
