import type { WorkflowEntry } from "../workflow/catalogue.ts";
import type { ModelWork, PromptOrigin, Stage, Work, WorkflowOrigin } from "../workflow/definition.ts";
import { scriptPath } from "../workflow/definition-file.ts";
import { parameterFlags } from "../workflow/parameters.ts";
import { stageLevels } from "../workflow/plan.ts";
import type { WorkflowShowJson } from "./workflow-shapes.ts";
import { conditionText, gateText } from "./workflow-text.ts";

/** All that a workflow says, as `workflow show` prints it. */
export function workflowJson({ workflow, shadows }: WorkflowEntry): WorkflowShowJson {
  const { name, description, origin, parameters, stages } = workflow;
  const levels = stageLevels(stages);
  return {
    schema: "tta-persona/workflow-show/1",
    name,
    description: description ?? null,
    origin,
    shadowsBuiltIn: shadows !== undefined,
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      type: parameter.type,
      required: parameter.required,
      default: parameter.default ?? null,
      values: [...parameter.values],
      description: parameter.description ?? null,
      flags: parameterFlags(parameter).flags,
    })),
    stages: stages.map((stage) =>
      stageJson(
        stage,
        levels.findIndex((level) => level.includes(stage)),
        origin,
      ),
    ),
  };
}

function stageJson(stage: Stage, level: number, origin: WorkflowOrigin): WorkflowShowJson["stages"][number] {
  return {
    id: stage.id,
    level: level + 1,
    persona: stage.persona,
    chatmode: stage.chatmode,
    needs: [...stage.needs],
    work: workJson(stage.work, origin),
    fallback: stage.fallback === undefined ? null : workJson(stage.fallback, origin),
    environment: stage.env,
    workingDirectory: stage.workingDirectory ?? null,
    timeoutSeconds: stage.timeoutMs === undefined ? null : stage.timeoutMs / 1000,
    attempts: stage.retry.attempts,
    when: stage.when.map(conditionText),
    gates: stage.gates.map((gate) => ({ name: gate.name, check: gateText(gate) })),
    outputs: [...stage.outputs],
  };
}

function workJson(work: Work, origin: WorkflowOrigin): WorkflowShowJson["stages"][number]["work"] {
  switch (work.kind) {
    case "run": {
      const { script, shell } = work;
      const what = "file" in script ? { file: scriptPath(origin, script.file) } : { script: script.text };
      return { kind: work.kind, ...what, shell };
    }
    case "agent":
      return { kind: work.kind, prompt: work.prompt };
    case "manual":
      return { kind: work.kind, checklist: [...work.checklist] };
    case "llm":
      return modelJson(work, origin);
  }
}

function modelJson(work: ModelWork, origin: WorkflowOrigin): WorkflowShowJson["stages"][number]["work"] {
  const { model, prompt, system, temperature, maxTokens, schema, taskType } = work;
  return {
    kind: "llm",
    model: model ?? null,
    ...promptJson(prompt, origin),
    ...(system === undefined ? {} : { system }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(schema === undefined
      ? {}
      : { schema: "inline" in schema ? schema.inline : scriptPath(origin, schema.file) }),
    ...(taskType === undefined ? {} : { taskType }),
  };
}

function promptJson(prompt: PromptOrigin, origin: WorkflowOrigin) {
  if (prompt.from === "text") return { prompt: prompt.text };
  if (prompt.from === "file") return { promptFile: scriptPath(origin, prompt.file) };
  const { name, label, version } = prompt;
  const which = { ...(label === undefined ? {} : { label }), ...(version === undefined ? {} : { version }) };
  return { langfusePrompt: { name, ...which } };
}
