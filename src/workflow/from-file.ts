import { parseDuration } from "../core/duration.ts";
import type { ValuePath } from "../core/json-scan.ts";
import type { Source } from "../core/source.ts";
import type {
  Bounds,
  Condition,
  Gate,
  GateCheck,
  Parameter,
  PromptOrigin,
  Retry,
  Stage,
  TextSource,
  ValueSource,
  Work,
  Workflow,
  WorkflowOrigin,
} from "./definition.ts";
import { ANSWER } from "./names.ts";
import type { ConditionFile, GateFile, StageFile, WorkFile, WorkflowFile } from "./schema.ts";

/** What a valid file means: defaults filled in, durations in milliseconds, scalars as they are written. */
export function workflowOf(file: WorkflowFile, source: Source, origin: WorkflowOrigin): Workflow {
  const textAt: TextAt = (value, ...path) =>
    value === undefined ? undefined : (source.written(path) ?? String(value));
  return {
    name: file.name,
    description: file.description,
    origin,
    parameters: Object.keys(file.parameters ?? {}).map((name) => parameterOf(file, name, textAt)),
    stages: file.stages.map((_, index) => stageOf(file, index, textAt)),
  };
}

type Scalar = string | number | boolean | undefined;

/** A scalar as it is written at this path. */
type TextAt = (value: Scalar, ...path: ValuePath) => string | undefined;

function parameterOf(file: WorkflowFile, name: string, textAt: TextAt): Parameter {
  const given = file.parameters?.[name];
  if (given === undefined) throw new Error(`parameter ${name} has vanished`);
  const { type, required = false, values = [], description } = given;
  const fallback = type === "boolean" && !required ? "false" : undefined;
  return {
    name,
    type,
    required,
    default: textAt(given.default, "parameters", name, "default") ?? fallback,
    values: values.map((value, index) => textAt(value, "parameters", name, "values", index) ?? ""),
    description,
  };
}

function stageOf(file: WorkflowFile, index: number, textAt: TextAt): Stage {
  const stage = file.stages[index];
  if (stage === undefined) throw new Error(`stage ${index} has vanished`);
  const previous = file.stages[index - 1];
  const here: TextAt = (value, ...path) => textAt(value, "stages", index, ...path);
  const env = Object.entries(stage.env ?? {});
  return {
    id: stage.id,
    persona: stage.persona.replace(/^tta-/, ""),
    chatmode: stage.chatmode ?? file.name,
    needs: stage.needs ?? (previous === undefined ? [] : [previous.id]),
    work: workOf(stage),
    fallback: stage.fallback && workOf(stage.fallback),
    env: Object.fromEntries(env.map(([name, value]) => [name, here(value, "env", name) ?? ""])),
    workingDirectory: stage.workingDirectory,
    timeoutMs: milliseconds(stage.timeout),
    retry: retryOf(stage),
    when: conditionsOf(stage, here),
    gates: (stage.gates ?? []).map((gate, at) =>
      gateOf(gate, stage, (value, ...path) => here(value, "gates", at, ...path)),
    ),
    outputs: stage.outputs ?? [],
  };
}

function workOf({ run, agent, manual, llm }: WorkFile): Work {
  if (llm !== undefined) return modelWorkOf(llm);
  if (agent !== undefined) return { kind: "agent", prompt: agent.prompt };
  if (manual !== undefined) return { kind: "manual", checklist: manual.checklist };
  if (typeof run === "string") return { kind: "run", script: { text: run }, shell: "bash" };
  const { script, file, shell = "bash" } = run ?? {};
  if (script !== undefined) return { kind: "run", script: { text: script }, shell };
  if (file !== undefined) return { kind: "run", script: { file }, shell };
  throw new Error("work of no kind");
}

function modelWorkOf(llm: NonNullable<WorkFile["llm"]>): Work {
  const { model, system, temperature, maxTokens, schema, taskType } = llm;
  return {
    kind: "llm",
    model,
    prompt: promptOf(llm),
    system,
    temperature,
    maxTokens,
    schema:
      schema === undefined ? undefined : typeof schema === "string" ? { file: schema } : { inline: schema },
    taskType,
  };
}

function promptOf({ prompt, promptFile, langfusePrompt }: NonNullable<WorkFile["llm"]>): PromptOrigin {
  if (prompt !== undefined) return { from: "text", text: prompt };
  if (promptFile !== undefined) return { from: "file", file: promptFile };
  if (langfusePrompt === undefined) throw new Error("a prompt of no kind");
  const { name, label, version, variables = {} } = langfusePrompt;
  return { from: "langfuse", name, label, version, variables };
}

function retryOf({ retry = {} }: StageFile): Retry {
  const { attempts = 1, delay = "1s", backoff = "constant", exitCodes = [] } = retry;
  return { attempts, delayMs: milliseconds(delay), backoff, exitCodes };
}

function conditionsOf({ when = [] }: StageFile, textAt: TextAt): readonly Condition[] {
  if (!Array.isArray(when)) return [conditionOf(when, (value, ...path) => textAt(value, "when", ...path))];
  return when.map((one, index) =>
    conditionOf(one, (value, ...path) => textAt(value, "when", index, ...path)),
  );
}

function conditionOf(condition: ConditionFile, textAt: TextAt): Condition {
  const { parameter, output = "", run } = condition;
  if (run !== undefined) return { kind: "run", script: run };
  const [stage = "", key = ""] = output.split(".");
  return {
    kind: "value",
    ref: parameter === undefined ? { output: { stage, key } } : { parameter },
    equals: textAt(condition.equals, "equals") ?? textAt(condition.not, "not") ?? "",
    negated: condition.not !== undefined,
  };
}

function gateOf(gate: GateFile, stage: StageFile, textAt: TextAt): Gate {
  return { name: gate.name, ...checkOf(gate, stage, textAt) };
}

function checkOf(
  { run, timeout, value, promql, score }: GateFile,
  stage: StageFile,
  textAt: TextAt,
): GateCheck {
  if (run !== undefined) return { kind: "run", script: run, timeoutMs: milliseconds(timeout) };
  if (value !== undefined) {
    const bounds = { min: value.min, max: value.max, equals: textAt(value.equals, "value", "equals") };
    return { kind: "value", source: sourceOf(value), bounds, optional: value.optional ?? false };
  }
  if (score !== undefined) {
    const { criteria, model, min = DEFAULT_SCORE } = score;
    const source = textSourceOf(score.source, stage);
    return { kind: "score", criteria, model, min, source, timeoutMs: milliseconds(timeout ?? "2m") };
  }
  if (promql === undefined) throw new Error("a gate of no kind");
  const { query, url, urlParameter, min, max } = promql;
  const bounds: Bounds = { min, max, equals: undefined };
  return {
    kind: "promql",
    query,
    url: urlParameter !== undefined ? { parameter: urlParameter } : url === undefined ? url : { text: url },
    bounds,
    forMs: milliseconds(promql.for ?? "0s"),
    deadlineMs: milliseconds(promql.deadline ?? "1m"),
    intervalMs: milliseconds(promql.interval ?? "5s"),
  };
}

function sourceOf(value: NonNullable<GateFile["value"]>): ValueSource {
  const { json, path = "", file, pattern = "", output } = value;
  if (json !== undefined) return { from: "json", file: json, path };
  if (file !== undefined) return { from: "file", file, pattern };
  return output !== undefined ? { from: "output", key: output } : { from: "log", pattern };
}

/** What a stage is about where nothing is said: a model's answer, or else all that was printed. */
function textSourceOf(source: NonNullable<GateFile["score"]>["source"], { llm }: StageFile): TextSource {
  if (source?.file !== undefined) return { from: "file", file: source.file };
  if (source?.output !== undefined) return { from: "output", key: source.output };
  const isLog = source?.log !== undefined || llm === undefined;
  return isLog ? { from: "log" } : { from: "output", key: ANSWER };
}

const DEFAULT_SCORE = 0.7;

function milliseconds(duration: string): number;
function milliseconds(duration: string | undefined): number | undefined;
function milliseconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration);
}
