import type { Paint } from "../../core/output.ts";
import type { Condition, Gate, ModelWork, Stage, ValueRef, Work } from "../../workflow/definition.ts";
import { topologicalOrder } from "../../workflow/plan.ts";
import { printable } from "../printable.ts";
import type { RunJson } from "../run-shapes.ts";
import { langfusePromptText, modelText, textSourceText } from "../workflow-text.ts";
import type { PreparedRun } from "./prepare.ts";
import { shortDuration } from "./stage-lines.ts";

/** What a run would do, in the order in which it would. Values of parameters are not shown: they may be secret. */
export function planText({ workflow, parameters, reused }: PreparedRun, paint: Paint): string {
  const names = workflow.parameters
    .filter(
      ({ name, default: byDefault }) => parameters[name] !== undefined && parameters[name] !== byDefault,
    )
    .map(({ name }) => name);
  const head = `Would run ${paint.bold(workflow.name)}${names.length === 0 ? "" : ` with ${names.map((name) => `--${name}`).join(" ")}`}\n`;
  return `${head}${topologicalOrder(workflow.stages)
    .map((stage) => stageText(stage, reused.has(stage.id), paint))
    .join("")}`;
}

function stageText(stage: Stage, isReused: boolean, paint: Paint): string {
  const needs = stage.needs.length === 0 ? "" : paint.dim(`  after ${stage.needs.join(", ")}`);
  const head = `\n${paint.bold(stage.id)}  ${stage.persona} [${stage.chatmode}]${needs}`;
  if (isReused) return `${head}${paint.dim("  done before")}\n`;
  const lines = [
    ...stage.when.map((condition) => `only when ${conditionText(condition)}`),
    ...workLines(stage.work),
    ...(stage.timeoutMs === undefined
      ? []
      : [`at most ${shortDuration(stage.timeoutMs).replace(/\.0s$/, "s")}`]),
    ...(stage.retry.attempts > 1 ? [`up to ${stage.retry.attempts} attempts`] : []),
    ...(stage.fallback === undefined ? [] : ["if that fails:", ...workLines(stage.fallback).map(indent)]),
    ...stage.gates.map((gate) => `gate ${gate.name}: ${gateText(gate)}`),
    ...(stage.outputs.length === 0 ? [] : [`hands on ${stage.outputs.join(", ")}`]),
  ];
  return `${head}\n${lines.map((line) => `${indent(printable(line))}\n`).join("")}`;
}

const indent = (line: string) => `  ${line}`;

function workLines(work: Work): readonly string[] {
  switch (work.kind) {
    case "run":
      return "file" in work.script
        ? [`runs ${work.script.file} with ${work.shell}`]
        : [`runs with ${work.shell}:`, ...work.script.text.trimEnd().split("\n").map(indent)];
    case "agent":
      return ["asks the agent:", ...work.prompt.trimEnd().split("\n").map(indent)];
    case "manual":
      return ["asks you to confirm:", ...work.checklist.map((item) => `  - ${item}`)];
    case "llm":
      return modelLines(work);
  }
}

function modelLines({ model, prompt, schema, maxTokens }: ModelWork): readonly string[] {
  const asked = modelText({ model });
  const bounds = [
    ...(schema === undefined ? [] : ["for JSON that fits its schema"]),
    ...(maxTokens === undefined ? [] : [`at most ${maxTokens} tokens`]),
  ];
  switch (prompt.from) {
    case "text":
      return [`asks ${asked}:`, ...prompt.text.trimEnd().split("\n").map(indent), ...bounds];
    case "file":
      return [`asks ${asked} what ${prompt.file} says`, ...bounds];
    case "langfuse":
      return [`asks ${asked} by the prompt ${langfusePromptText(prompt)}`, ...bounds];
  }
}

function conditionText(condition: Condition): string {
  if (condition.kind === "run") return `this succeeds: ${condition.script.trim()}`;
  return `${refText(condition.ref)} is ${condition.negated ? "not " : ""}${condition.equals}`;
}

function refText(ref: ValueRef): string {
  return "parameter" in ref ? `--${ref.parameter}` : `${ref.output.stage}.${ref.output.key}`;
}

function gateText(gate: Gate): string {
  if (gate.kind === "run") return gate.script.trim().split("\n").join("; ");
  if (gate.kind === "score") {
    const criteria = gate.criteria.trim().split("\n").join("; ");
    return `${modelText(gate)} gives ${textSourceText(gate.source)} ≥ ${gate.min} for: ${criteria}`;
  }
  const { min, max, equals } = gate.bounds;
  const bounds = [
    min === undefined ? [] : `≥ ${min}`,
    max === undefined ? [] : `≤ ${max}`,
    equals === undefined ? [] : `= ${equals}`,
  ].flat();
  if (gate.kind === "promql") return `${gate.query.trim()} ${bounds.join(", ")}`;
  const { source } = gate;
  const where = {
    json: () => (source.from === "json" ? `${source.path} in ${source.file}` : ""),
    file: () => (source.from === "file" ? `${source.pattern} in ${source.file}` : ""),
    log: () => (source.from === "log" ? `${source.pattern} in the log` : ""),
    output: () => (source.from === "output" ? `output ${source.key}` : ""),
  }[source.from]();
  return `${where} ${bounds.join(", ")}${gate.optional ? ", where there is one" : ""}`;
}

/** The document of `run --dry-run --json`. */
export function planJson({ workflow, reused }: PreparedRun): RunJson {
  return {
    schema: "tta-persona/run/1",
    runId: null,
    workflow: workflow.name,
    result: null,
    dryRun: true,
    resumes: null,
    traceId: null,
    durationSeconds: 0,
    stages: topologicalOrder(workflow.stages).map((stage) => ({
      id: stage.id,
      persona: stage.persona,
      chatmode: stage.chatmode,
      needs: [...stage.needs],
      result: null,
      reused: reused.has(stage.id),
      attempts: 0,
      durationSeconds: 0,
      outputs: [...stage.outputs],
      gates: [],
      error: null,
    })),
  };
}
