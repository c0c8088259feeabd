import fs from "node:fs";
import path from "node:path";
import { readDefinitionText } from "../core/definition-text.ts";
import { type DefinitionProblem, guessNames } from "../core/definitions.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import type { ValuePath } from "../core/json-scan.ts";
import type { Position } from "../core/position.ts";
import { err, ok, type Result } from "../core/result.ts";
import { schemaProblems } from "../core/schema-problem.ts";
import { parseSource } from "../core/source.ts";
import { checkWorkflow } from "./check.ts";
import { checkModelFiles } from "./check-model-work.ts";
import type { CheckProblem } from "./check-problem.ts";
import type { Work, Workflow, WorkflowOrigin } from "./definition.ts";
import { workflowOf } from "./from-file.ts";
import { isWorkflowName } from "./names.ts";
import { workflowFileSchema } from "./schema.ts";

/** A workflow that still knows where its parts stand in its file. */
export interface LocatedWorkflow {
  readonly workflow: Workflow;
  /** The value at this path of the file, or the innermost one around it where there is none. */
  readonly locate: (path: ValuePath) => Position;
}

/** Reads one file; the problems of a broken one are in document order, and there is at least one. */
export function readWorkflow(
  origin: WorkflowOrigin,
): Result<LocatedWorkflow, readonly [DefinitionProblem, ...DefinitionProblem[]]> {
  const { file } = origin;
  const text = readDefinitionText(file);
  if (!text.ok) return err([{ file, ...text.error, names: guessNames(file, "", toName) }]);

  const source = parseSource(text.value, "yaml");
  if (!source.ok) {
    const names = guessNames(file, text.value, toName);
    return err([{ file, ...source.error, hint: "Correct the YAML there.", code: "broken", names }]);
  }

  const { value, locate } = source.value;
  const parsed = workflowFileSchema.safeParse(value);
  if (!parsed.success) {
    const stated = toName((value as { name?: unknown } | null)?.name);
    const names = stated === undefined ? guessNames(file, "", toName) : [stated];
    const [first, ...rest] = schemaProblems(parsed.error.issues, source.value, hintFor);
    return err([{ file, ...first, names }, ...rest.map((problem) => ({ file, ...problem, names }))]);
  }
  const located = { workflow: workflowOf(parsed.data, source.value, origin), locate };
  const [first, ...rest] = place(checkWorkflow(located.workflow), located);
  return first === undefined ? ok(located) : err([first, ...rest]);
}

/**
 * Stages under a persona that there is not.
 *
 * @param known plain names of all personas
 */
export function checkPersonas(
  located: LocatedWorkflow,
  known: readonly string[],
): readonly DefinitionProblem[] {
  const problems = located.workflow.stages.flatMap(({ id, persona }, index): readonly CheckProblem[] => {
    if (known.includes(persona)) return [];
    const meant = didYouMean(persona, known);
    const hint = meant.length > 0 ? `Did you mean ${meant.join(" or ")}?` : "See: tta-persona list";
    const message = `there is no persona ${persona} for the stage ${id}`;
    return [{ path: ["stages", index, "persona"], message, hint }];
  });
  return place(problems, located);
}

/** Script files that cannot be read. */
export function checkScripts(located: LocatedWorkflow): readonly DefinitionProblem[] {
  const { workflow } = located;
  const problems = workflow.stages.flatMap(({ work, fallback }, index) => [
    ...checkScript(work, ["stages", index, "run", "file"], workflow.origin),
    ...checkScript(fallback, ["stages", index, "fallback", "run", "file"], workflow.origin),
  ]);
  return place(problems, located);
}

/** Files of prompts and schemas that cannot be used. */
export function checkPromptFiles(located: LocatedWorkflow): readonly DefinitionProblem[] {
  return place(checkModelFiles(located.workflow), located);
}

/** Where a script file of this workflow is: absolute. */
export function scriptPath({ file }: WorkflowOrigin, script: string): string {
  return path.resolve(path.dirname(file), script);
}

function checkScript(work: Work | undefined, at: ValuePath, origin: WorkflowOrigin): readonly CheckProblem[] {
  if (work?.kind !== "run" || !("file" in work.script)) return [];
  const script = scriptPath(origin, work.script.file);
  try {
    fs.accessSync(script, fs.constants.R_OK);
    if (fs.statSync(script).isFile()) return [];
  } catch {
    // Said below, whatever it is.
  }
  const hint = "The path is relative to the workflow's file.";
  return [{ path: at, message: `the script ${script} is no file that can be read`, hint }];
}

function place(
  problems: readonly CheckProblem[],
  { workflow, locate }: LocatedWorkflow,
): readonly DefinitionProblem[] {
  return problems
    .map(({ path: at, message, hint }) => ({
      file: workflow.origin.file,
      ...locate(at),
      message,
      hint,
      names: [workflow.name],
    }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

function hintFor(at: ValuePath): string {
  const last = at.findLast((step) => typeof step === "string");
  if (last === undefined) return "Write a mapping with a name and stages. See: tta-persona workflow init";
  return HINTS.get(last) ?? "Correct the value, or remove the field. See: tta-persona workflow init";
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ["name", "Write a name there."],
  ["stages", "Write a list of at least one stage. See: tta-persona workflow init"],
  ["id", "Write a snake_case name, such as version_bump."],
  ["persona", "Write the full name of a persona. See: tta-persona list"],
  ["type", "Write string, semver, boolean, enum or path."],
  ["env", 'Write variables with texts or numbers, such as LOG_LEVEL: "debug".'],
  ["equals", "Write a text or a number, in quotation marks where YAML would take it for something else."],
]);

function toName(guess: unknown): string | undefined {
  return typeof guess === "string" && isWorkflowName(guess) ? guess : undefined;
}
