import { isTrusted } from "../config/trust.ts";
import type { DefinitionProblem } from "../core/definitions.ts";
import { UserError } from "../core/errors.ts";
import { createMasker } from "../core/mask.ts";
import {
  loadWorkflows,
  resolveWorkflow,
  type WorkflowCatalogue,
  type WorkflowEntry,
  type WorkflowPlaces,
} from "../workflow/catalogue.ts";
import { checkPromptFiles, checkScripts } from "../workflow/definition-file.ts";
import type { CliContext } from "./context.ts";
import { problemLine } from "./find-persona.ts";
import { maskingOf } from "./masking.ts";
import { quote } from "./printable.ts";
import { hintWith } from "./usage-error.ts";

export function workflowPlaces(ctx: CliContext): WorkflowPlaces {
  const builtInDir = `${ctx.programDir.slice(0, ctx.programDir.lastIndexOf("/"))}/workflows`;
  return { cwd: ctx.cwd(), userDir: ctx.home.workflows, builtInDir };
}

/** The workflow of this name. @throws UserError when there is none, or its definition is broken. */
export function findWorkflow(
  name: string,
  ctx: CliContext,
  catalogue: WorkflowCatalogue = loadWorkflows(workflowPlaces(ctx)),
): WorkflowEntry {
  const resolution = resolveWorkflow(name, catalogue);
  switch (resolution.kind) {
    case "found":
      return resolution.entry;
    case "broken":
      throw new UserError({
        reason: "broken-workflow",
        message: problemLine(resolution.problem),
        hint: `${resolution.problem.hint} All that is wrong: tta-persona workflow validate`,
      });
    case "unknown":
      throw new UserError({
        reason: "unknown-workflow",
        message: `There is no workflow ${quote(name)}.`,
        hint: hintWith(resolution.suggestions, "See: tta-persona workflow list"),
      });
  }
}

/** The workflow to run. @throws UserError as above, and when it would replace a built-in one without being trusted. */
export function findRunnableWorkflow(name: string, ctx: CliContext): WorkflowEntry {
  const entry = findWorkflow(name, ctx);
  const { workflow, shadows } = entry;
  const { kind, file } = workflow.origin;
  if (kind !== "project" || shadows === undefined || isTrusted(ctx.home, ctx.env, file)) return entry;
  throw new UserError({
    reason: "untrusted-workflow",
    message: `${file} would replace the built-in workflow ${workflow.name}.`,
    hint: `Read it, then: tta-persona trust ${file}`,
  });
}

/** @throws UserError for a script, a prompt or a schema that cannot be used: before anything has begun, not behind half of the work. */
export function assertFiles(entry: WorkflowEntry, ctx: CliContext): void {
  assertNone("unreadable-script", checkScripts(entry), ctx);
  assertNone("broken-prompt", checkPromptFiles(entry), ctx);
}

function assertNone(reason: string, [problem]: readonly DefinitionProblem[], ctx: CliContext): void {
  if (problem === undefined) return;
  const { text } = createMasker(maskingOf(ctx));
  throw new UserError({
    reason,
    message: text(problemLine(problem)),
    hint: problem.hint,
  });
}
