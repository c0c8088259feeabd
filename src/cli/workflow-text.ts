import type { Paint } from "../core/output.ts";
import type { WorkflowEntry } from "../workflow/catalogue.ts";
import type {
  Bounds,
  Condition,
  Gate,
  PromptOrigin,
  Stage,
  TextSource,
  ValueSource,
  Work,
} from "../workflow/definition.ts";
import { parameterFlags } from "../workflow/parameters.ts";
import { stageLevels } from "../workflow/plan.ts";
import { printable, table } from "./printable.ts";

/** A workflow for people: what it takes, and its stages by when they can begin. */
export function workflowText({ workflow, shadows }: WorkflowEntry, paint: Paint): string {
  const { name, description, origin, parameters, stages } = workflow;
  const instead = shadows === undefined ? "" : `, in place of the built-in one`;
  const parts = [
    `${paint.bold(name)}\n`,
    description === undefined ? "" : `${description.trimEnd().split("\n").map(printable).join("\n")}\n`,
    paint.dim(`${origin.kind}${instead}: ${printable(origin.file)}\n`),
  ];
  if (parameters.length > 0) {
    const rows = parameters.map(parameterFlags).map(({ flags, doc }) => [`  ${flags}`, printable(doc)]);
    parts.push(`\nParameters:\n${table(rows)}`);
  }
  parts.push("\nStages:\n");
  for (const [index, level] of stageLevels(stages).entries()) {
    for (const stage of level) parts.push(stageText(stage, index + 1, paint));
  }
  return parts.join("");
}

function stageText(stage: Stage, level: number, paint: Paint): string {
  const rows: [string, string][] = [
    ["persona", stage.persona],
    ["needs", stage.needs.join(", ")],
    ["work", workText(stage.work)],
    ["fallback", stage.fallback === undefined ? "" : workText(stage.fallback)],
    ["when", stage.when.map(conditionText).join(" and ")],
    ...stage.gates.map((gate): [string, string] => ["gate", `${gate.name}: ${gateText(gate)}`]),
    ["outputs", stage.outputs.join(", ")],
  ];
  const told = rows
    .filter(([, value]) => value !== "")
    .map(([label, value]) => [`     ${label}`, printable(value)]);
  return `${String(level).padStart(3)}. ${paint.bold(stage.id)}\n${table(told)}`;
}

function workText(work: Work): string {
  switch (work.kind) {
    case "run":
      return "file" in work.script ? `run ${work.script.file}` : `run ${firstLine(work.script.text)}`;
    case "agent":
      return `agent ${firstLine(work.prompt)}`;
    case "manual":
      return `manual, ${work.checklist.length} to confirm`;
    case "llm":
      return `llm ${modelText(work)}: ${promptText(work.prompt)}`;
  }
}

/** Where nobody says, it is the user's to say. */
export function modelText({ model }: { readonly model: string | undefined }): string {
  return model ?? "the model of llm.model";
}

function promptText(prompt: PromptOrigin): string {
  switch (prompt.from) {
    case "text":
      return firstLine(prompt.text);
    case "file":
      return prompt.file;
    case "langfuse":
      return langfusePromptText(prompt);
  }
}

export function langfusePromptText({
  name,
  label,
  version,
}: Extract<PromptOrigin, { readonly from: "langfuse" }>): string {
  return `${name}${version === undefined ? `@${label ?? "production"}` : ` version ${version}`} of Langfuse`;
}

export function textSourceText(source: TextSource): string {
  switch (source.from) {
    case "file":
      return source.file;
    case "log":
      return "the log";
    case "output":
      return `output ${source.key}`;
  }
}

export function conditionText(condition: Condition): string {
  if (condition.kind === "run") return `run ${firstLine(condition.script)}`;
  const { ref, negated, equals } = condition;
  const name = "parameter" in ref ? `--${ref.parameter}` : `${ref.output.stage}.${ref.output.key}`;
  return `${name} is ${negated ? "not " : ""}${JSON.stringify(equals)}`;
}

export function gateText(gate: Gate): string {
  switch (gate.kind) {
    case "run":
      return `run ${firstLine(gate.script)}`;
    case "value":
      return `${sourceText(gate.source)} ${boundsText(gate.bounds)}${gate.optional ? ", where there is one" : ""}`;
    case "promql":
      return `${firstLine(gate.query)} ${boundsText(gate.bounds)}`;
    case "score":
      return `${textSourceText(gate.source)} judged by ${modelText(gate)} ≥ ${gate.min}: ${firstLine(gate.criteria)}`;
  }
}

function sourceText(source: ValueSource): string {
  switch (source.from) {
    case "json":
      return `${source.path} of ${source.file}`;
    case "file":
      return `/${source.pattern}/ in ${source.file}`;
    case "log":
      return `/${source.pattern}/ in the log`;
    case "output":
      return `output ${source.key}`;
  }
}

function boundsText({ min, max, equals }: Bounds): string {
  const parts = [
    ...(min === undefined ? [] : [`≥ ${min}`]),
    ...(max === undefined ? [] : [`≤ ${max}`]),
    ...(equals === undefined ? [] : [`= ${JSON.stringify(equals)}`]),
  ];
  return parts.join(" and ");
}

function firstLine(text: string): string {
  const [first = "", ...more] = text.trim().split("\n");
  const short = first.length > MAX_SHOWN ? first.slice(0, MAX_SHOWN) : first;
  return short.length < first.length || more.length > 0 ? `${short} …` : short;
}

const MAX_SHOWN = 60;
