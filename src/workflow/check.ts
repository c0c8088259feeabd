import type { ValuePath } from "../core/json-scan.ts";
import { checkModelWork } from "./check-model-work.ts";
import { type CheckProblem, problem, unknown } from "./check-problem.ts";
import type { Parameter, Stage, ValueRef, Workflow } from "./definition.ts";
import { ancestorsOf, findCycle } from "./graph.ts";
import { outputVariable } from "./names.ts";
import { parameterProblem } from "./parameter-value.ts";

/** What is wrong with a workflow whose parts are all well formed: references, the graph, values. */
export function checkWorkflow(workflow: Workflow): readonly CheckProblem[] {
  return [
    ...workflow.parameters.flatMap(checkParameter),
    ...checkSize(workflow.stages),
    ...checkGraph(workflow.stages),
    ...checkStages(workflow),
  ];
}

function checkParameter(parameter: Parameter): readonly CheckProblem[] {
  const { name, type, required, values } = parameter;
  const at = (...rest: string[]): ValuePath => ["parameters", name, ...rest];
  if (type === "enum" && values.length === 0) {
    return [problem(at(), "an enum without values", "Write for instance values: [latest, next].")];
  }
  if (type !== "enum" && values.length > 0) {
    return [problem(at("values"), `a ${type} has no values`, "Make it an enum, or remove them.")];
  }
  if (required && type === "boolean") {
    return [problem(at("required"), "a boolean is false when it is not given", "Remove it.")];
  }
  if (required && parameter.default !== undefined) {
    return [problem(at("default"), "what is required needs no default", "Remove one of the two.")];
  }
  const wrong = parameter.default === undefined ? undefined : parameterProblem(parameter, parameter.default);
  return wrong === undefined ? [] : [problem(at("default"), wrong.message, wrong.hint)];
}

/** The fact of a run's beginning names them all, and has room for 256 KiB. */
const MAX_STAGES = 500;
const MAX_NEEDS_AND_GATES = 1500;

function checkSize(stages: readonly Stage[]): readonly CheckProblem[] {
  const count = stages.reduce((sum, { needs, gates }) => sum + needs.length + gates.length, 0);
  const hint = "Split the workflow in two.";
  return [
    ...(stages.length > MAX_STAGES ? [problem(["stages"], `more than ${MAX_STAGES} stages`, hint)] : []),
    ...(count > MAX_NEEDS_AND_GATES
      ? [problem(["stages"], `more than ${MAX_NEEDS_AND_GATES} needs and gates in all`, hint)]
      : []),
  ];
}

function checkGraph(stages: readonly Stage[]): readonly CheckProblem[] {
  const ids = stages.map(({ id }) => id);
  const problems = stages.flatMap(({ id, needs }, index): readonly CheckProblem[] => {
    const at = (...rest: (string | number)[]): ValuePath => ["stages", index, ...rest];
    const twice = ids.indexOf(id) < index;
    return [
      ...(twice ? [problem(at("id"), `there is a stage ${id} already`, "Rename one of them.")] : []),
      ...needs.flatMap((need, position) => {
        const path = at("needs", position);
        if (need === id) return [problem(path, "a stage cannot need itself", "Remove it.")];
        if (!ids.includes(need)) return [unknown(path, "stage", need, ids)];
        return needs.indexOf(need) < position ? [problem(path, `${need} is there twice`, "Remove one.")] : [];
      }),
    ];
  });
  // Of stages with one name, or that need themselves, a cycle would say nothing new.
  if (problems.length > 0) return problems;
  const cycle = findCycle(stages);
  if (cycle === undefined) return [];
  const path: ValuePath = ["stages", ids.indexOf(cycle[0] ?? ""), "needs"];
  return [problem(path, `stages wait for each other: ${cycle.join(" → ")}`, "Remove one of these needs.")];
}

function checkStages(workflow: Workflow): readonly CheckProblem[] {
  const { stages } = workflow;
  const handedOn = new Map<string, string>();
  return stages.flatMap((stage, index) => {
    const at = (...rest: (string | number)[]): ValuePath => ["stages", index, ...rest];
    return [
      ...stage.when.flatMap((condition, position) => {
        if (condition.kind !== "value") return [];
        return checkCondition(condition, stage, workflow, at("when", position));
      }),
      ...checkModelWork(stage, workflow, at()),
      ...checkGates(stage, workflow, at("gates")),
      ...stage.outputs.flatMap((key, position) => {
        const variable = outputVariable(stage.id, key);
        const other = handedOn.get(variable);
        handedOn.set(variable, stage.id);
        if (other === undefined) return [];
        const message =
          other === stage.id ? `${key} is there twice` : `${variable} is what ${other} hands on already`;
        return [problem(at("outputs", position), message, "Rename or remove one of them.")];
      }),
    ];
  });
}

function checkCondition(
  { ref, equals }: { readonly ref: ValueRef; readonly equals: string },
  { id }: Stage,
  { stages, parameters }: Workflow,
  path: ValuePath,
): readonly CheckProblem[] {
  if ("parameter" in ref) {
    const parameter = parameters.find(({ name }) => name === ref.parameter);
    if (parameter === undefined) {
      const names = parameters.map(({ name }) => name);
      return [unknown([...path, "parameter"], "parameter", ref.parameter, names)];
    }
    // Whatever else it is compared with, it could never be that.
    if (parameter.type !== "boolean" && parameter.type !== "enum") return [];
    const wrong = parameterProblem(parameter, equals);
    if (wrong === undefined) return [];
    return [problem(path, `${parameter.name} is never "${equals}", which ${wrong.message}`, wrong.hint)];
  }
  const { stage } = ref.output;
  const before = [...ancestorsOf(stages, id)];
  if (before.includes(stage) && stage !== id) return [];
  const at = [...path, "output"];
  if (!stages.some((other) => other.id === stage)) return [unknown(at, "stage", stage, before)];
  return [problem(at, `${stage} is not done before ${id}`, `Add ${stage} to its needs.`)];
}

function checkGates({ gates }: Stage, { parameters }: Workflow, path: ValuePath): readonly CheckProblem[] {
  const names = gates.map(({ name }) => name);
  return gates.flatMap((gate, index): readonly CheckProblem[] => {
    const at = (...rest: string[]): ValuePath => [...path, index, ...rest];
    if (names.indexOf(gate.name) < index) {
      return [problem(at("name"), `there is a gate ${gate.name} already`, "Rename one of them.")];
    }
    if (gate.kind !== "promql") return [];
    if (gate.forMs > gate.deadlineMs) {
      return [
        problem(at("promql"), "for is longer than deadline, so that it never passes", "Exchange them."),
      ];
    }
    const { url } = gate;
    if (url === undefined || !("parameter" in url)) return [];
    const known = parameters.map(({ name }) => name);
    if (known.includes(url.parameter)) return [];
    return [unknown(at("promql", "urlParameter"), "parameter", url.parameter, known)];
  });
}
