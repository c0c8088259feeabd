import fs from "node:fs";
import { dirname } from "node:path";
import type { ValuePath } from "../core/json-scan.ts";
import { type CheckProblem, problem, unknown } from "./check-problem.ts";
import type { ModelWork, Stage, Work, Workflow } from "./definition.ts";
import { absolute } from "./gate-value.ts";
import { ancestorsOf } from "./graph.ts";
import { compileJsonSchema } from "./json-schema.ts";
import { outputKeyOf } from "./model-answer.ts";
import { ANSWER } from "./names.ts";
import { type Variable, variablesIn } from "./prompt-text.ts";

/** What is wrong with what a stage asks a model, as far as the workflow's file tells. */
export function checkModelWork(stage: Stage, workflow: Workflow, at: ValuePath): readonly CheckProblem[] {
  const { work, fallback, retry } = stage;
  return [
    ...checkWork(work, stage, workflow, [...at, "llm"]),
    ...checkWork(fallback, stage, workflow, [...at, "fallback", "llm"]),
    ...(work.kind === "llm" && retry.exitCodes.length > 0
      ? [problem([...at, "retry", "exitCodes"], "a model has no exit codes", "Remove them.")]
      : []),
  ];
}

function checkWork(
  work: Work | undefined,
  stage: Stage,
  workflow: Workflow,
  at: ValuePath,
): readonly CheckProblem[] {
  if (work?.kind !== "llm") return [];
  return [
    ...textsOf(work).flatMap(({ text, path }) =>
      variablesIn(text).flatMap((variable) => {
        const wrong = variableProblem(variable, stage, workflow, [...at, ...path]);
        return wrong === undefined ? [] : [wrong];
      }),
    ),
    ...(work.schema !== undefined && "inline" in work.schema
      ? checkSchema(work.schema.inline, [...at, "schema"])
      : []),
  ];
}

function textsOf({
  prompt,
  system,
}: ModelWork): readonly { readonly text: string; readonly path: ValuePath }[] {
  const own = system === undefined ? [] : [{ text: system, path: ["system"] }];
  if (prompt.from === "text") return [{ text: prompt.text, path: ["prompt"] }, ...own];
  if (prompt.from === "file") return own;
  const variables = Object.entries(prompt.variables).map(([name, text]) => ({
    text,
    path: ["langfusePrompt", "variables", name],
  }));
  return [...variables, ...own];
}

function checkSchema(schema: unknown, path: ValuePath): readonly CheckProblem[] {
  const check = compileJsonSchema(schema);
  return check.ok ? [] : [problem(path, check.error, SCHEMA_HINT)];
}

const SCHEMA_HINT =
  "It takes type, enum, const, properties, required, additionalProperties, items, anyOf, pattern, and bounds.";

/** Why a variable of a prompt cannot have a value; undefined where it can. */
function variableProblem(
  { name, ref }: Variable,
  { id }: Stage,
  { stages, parameters }: Workflow,
  path: ValuePath,
): CheckProblem | undefined {
  if (ref === undefined) {
    return problem(path, `no variable ${name}`, "Write {{parameters.<name>}} or {{outputs.<stage>.<key>}}.");
  }
  if ("parameter" in ref) {
    const known = parameters.map((parameter) => parameter.name);
    return known.includes(ref.parameter) ? undefined : unknown(path, "parameter", ref.parameter, known);
  }
  const { stage, key } = ref.output;
  const before = [...ancestorsOf(stages, id)].filter((other) => other !== id);
  if (!before.includes(stage)) {
    return stages.some((other) => other.id === stage)
      ? problem(path, `${stage} is not done before ${id}`, `Add ${stage} to its needs.`)
      : unknown(path, "stage", stage, before);
  }
  const keys = keysOf(stages.find((other) => other.id === stage));
  return keys === undefined || keys.includes(key)
    ? undefined
    : unknown(path, `output of ${stage}`, key, keys);
}

/** What a stage hands on, where that is certain: a script may hand on whatever it likes. */
function keysOf(stage: Stage | undefined): readonly string[] | undefined {
  if (stage?.work.kind !== "llm" || stage.fallback !== undefined) return undefined;
  const { schema } = stage.work;
  if (schema === undefined) return [ANSWER];
  if (!("inline" in schema)) return undefined;
  const { properties } = schema.inline as { readonly properties?: unknown };
  if (typeof properties !== "object" || properties === null) return undefined;
  return [ANSWER, ...Object.keys(properties).map(outputKeyOf)];
}

/** Files of prompts and schemas that cannot be read, or have something wrong in them. */
export function checkModelFiles(workflow: Workflow): readonly CheckProblem[] {
  return workflow.stages.flatMap((stage, index) => [
    ...checkFiles(stage.work, stage, workflow, ["stages", index, "llm"]),
    ...checkFiles(stage.fallback, stage, workflow, ["stages", index, "fallback", "llm"]),
  ]);
}

function checkFiles(
  work: Work | undefined,
  stage: Stage,
  workflow: Workflow,
  at: ValuePath,
): readonly CheckProblem[] {
  if (work?.kind !== "llm") return [];
  const { prompt, schema } = work;
  const problems: CheckProblem[] = [];
  if (prompt.from === "file") {
    const path = [...at, "promptFile"];
    const text = readBeside(prompt.file, workflow);
    if (text === undefined)
      problems.push(problem(path, `${prompt.file} is no file that can be read`, RELATIVE));
    for (const variable of variablesIn(text ?? "")) {
      const wrong = variableProblem(variable, stage, workflow, path);
      if (wrong === undefined) continue;
      const line = (text ?? "").slice(0, variable.index).split("\n").length;
      problems.push({ ...wrong, message: `${wrong.message} (line ${line} of ${prompt.file})` });
    }
  }
  if (schema !== undefined && "file" in schema) {
    const path = [...at, "schema"];
    const text = readBeside(schema.file, workflow);
    if (text === undefined)
      problems.push(problem(path, `${schema.file} is no file that can be read`, RELATIVE));
    else problems.push(...checkSchemaText(text, schema.file, path));
  }
  return problems;
}

const RELATIVE = "The path is relative to the workflow's file.";

function checkSchemaText(text: string, file: string, path: ValuePath): readonly CheckProblem[] {
  try {
    return checkSchema(JSON.parse(text), path);
  } catch {
    return [problem(path, `${file} is not JSON`, "Correct it.")];
  }
}

function readBeside(file: string, { origin }: Workflow): string | undefined {
  try {
    return fs.readFileSync(absolute(file, dirname(origin.file)), "utf8");
  } catch {
    return undefined;
  }
}
