import type { ClientPlaces } from "./places.ts";
import { readEditable } from "./read-file.ts";
import type { AppliedPersona, FileEdit, FilePlan, PlanContext, Target } from "./target.ts";

export interface TargetPlan {
  readonly target: Target;
  readonly files: readonly FilePlan[];
}

export type PlannedFrom = ClientPlaces & Pick<PlanContext, "serverNames">;

/** What all targets together need. Two that lead to one file by a link are planned one upon the other. */
export function planAll(
  targets: readonly Target[],
  persona: AppliedPersona,
  places: PlannedFrom,
): readonly TargetPlan[] {
  const planned = new Map<string, Buffer>();
  const context: PlanContext = {
    ...places,
    read(file) {
      const content = readEditable(file);
      if (content.kind !== "file") return content;
      return { ...content, bytes: planned.get(content.path) ?? content.bytes };
    },
  };
  return targets.map((target) => {
    const files = target.plan(persona, context);
    for (const plan of files) {
      if (plan.kind === "change" && plan.edit.after !== undefined)
        planned.set(plan.edit.path, plan.edit.after);
    }
    return { target, files };
  });
}

/** What is to be written, and for which client. */
export interface ClientEdit extends FileEdit {
  readonly client: string;
}

/** Each file once. */
export function editsOf(plans: readonly TargetPlan[]): readonly ClientEdit[] {
  const edits = new Map<string, ClientEdit>();
  for (const { target, files } of plans) {
    for (const plan of files) {
      if (plan.kind !== "change") continue;
      const { client, before } = edits.get(plan.edit.path) ?? {
        client: target.client,
        before: plan.edit.before,
      };
      edits.set(plan.edit.path, { ...plan.edit, client, before });
    }
  }
  return [...edits.values()];
}
