import { isTrusted } from "../config/trust.ts";
import { UserError } from "../core/errors.ts";
import { loadWorkflows, resolveWorkflow, type WorkflowPlaces } from "../workflow/catalogue.ts";
import type { Workflow } from "../workflow/definition.ts";
import type { CliContext } from "./context.ts";
import { problemLine } from "./find-persona.ts";
import { quote } from "./printable.ts";
import { hintWith } from "./usage-error.ts";

export function workflowPlaces(ctx: CliContext): WorkflowPlaces {
  return {
    cwd: ctx.cwd(),
    userDir: ctx.home.workflows,
    builtInDir: `${ctx.programDir}/../workflows`,
  };
}

/** The workflow to run. @throws UserError when it is unknown, broken, or replaces a built-in one without trust. */
export function findWorkflow(name: string, ctx: CliContext): Workflow {
  const resolution = resolveWorkflow(name, loadWorkflows(workflowPlaces(ctx)));
  switch (resolution.kind) {
    case "unknown":
      throw new UserError({
        reason: "unknown-workflow",
        message: `There is no workflow ${quote(name)}.`,
        hint: hintWith(resolution.suggestions, "See: tta-persona workflow list"),
      });
    case "broken":
      throw new UserError({
        reason: "broken-workflow",
        message: problemLine(resolution.problem),
        hint: resolution.problem.hint,
      });
    case "found": {
      const { workflow, shadows } = resolution.entry;
      const { kind, file } = workflow.origin;
      if (kind === "project" && shadows !== undefined && !isTrusted(ctx.home, ctx.env, file)) {
        throw new UserError({
          reason: "untrusted-workflow",
          message: `${file} would replace the built-in workflow ${workflow.name}.`,
          hint: `Read it, then: tta-persona trust ${file}`,
        });
      }
      return workflow;
    }
  }
}
