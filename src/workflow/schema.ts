import * as z from "zod";
import { withHint } from "../core/schema-problem.ts";
import { mapping } from "./mapping.ts";
import { llmWork, scoreGate } from "./model-schema.ts";
import {
  isFreeFlag,
  KEBAB_CASE,
  MAX_NAME_LENGTH,
  OUTPUT_KEY,
  PARAMETER_NAME,
  RESERVED_NAME,
  SNAKE_CASE,
} from "./names.ts";
import { compilePattern } from "./pattern.ts";
import { duration, named, oneLine, scalar, text } from "./schema-text.ts";

const workflowName = named(KEBAB_CASE, "kebab-case name", "package-release").refine(
  (name) => name !== RESERVED_NAME,
  withHint('must not be "other"', "Choose another name."),
);
const stageId = named(SNAKE_CASE, "snake_case name", "version_bump").refine(
  (id) => id !== RESERVED_NAME,
  withHint('must not be "other"', "Choose another name."),
);
const personaName = named(KEBAB_CASE, "persona's full name in kebab-case", "backend-engineer");
const chatmode = named(KEBAB_CASE, "kebab-case name", "package-release");
const parameterName = named(PARAMETER_NAME, "kebab-case name", "dry-publish");
const gateName = named(/^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$/, "name of a-z, 0-9, _ and -", "coverage");
const outputKey = named(OUTPUT_KEY, "name of a-z, 0-9 and _", "artifact_path");
const outputOfStage = named(
  /^[a-z0-9_]+\.[a-z0-9_]+$/,
  "<stage>.<key>",
  "version_bump.kind",
  2 * MAX_NAME_LENGTH,
);
const variableName = named(/^[A-Za-z_][A-Za-z0-9_]*$/, "name of a variable", "LOG_LEVEL", 256).refine(
  (name) => !/^TTA_(?:PARAM_|OUTPUT)/.test(name),
  withHint("is set by tta-persona itself", "Choose another name."),
);

const PARAMETER_TYPES = ["string", "semver", "boolean", "enum", "path"] as const;

const parameter = mapping({
  type: z.enum(PARAMETER_TYPES).describe("what its value may be"),
  required: z.boolean().exactOptional().describe("whether it has to be given; false by default"),
  default: scalar.exactOptional().describe("its value when it is not given; false for a boolean"),
  values: z.array(scalar).min(1).exactOptional().describe("what an enum may be"),
  description: oneLine.exactOptional().describe("shown by help"),
});

const freeParameterName = parameterName.refine(
  isFreeFlag,
  withHint("is a flag of run itself, or begins with no-", "Choose another name."),
);

const shell = z.enum(["bash", "sh"]).exactOptional().describe("bash by default");

const work = {
  run: z
    .union([
      text,
      mapping(
        {
          script: text.exactOptional().describe("the script's text"),
          file: oneLine.exactOptional().describe("a script, relative to this file"),
          shell,
        },
        { oneOf: ["script", "file"] },
      ),
    ])
    .exactOptional()
    .describe("a shell script; parameters and outputs reach it as environment variables, never as its text"),
  agent: mapping({ prompt: text.describe("the prompt's text") })
    .exactOptional()
    .describe("a prompt for the agent CLI of the user's settings"),
  manual: mapping({ checklist: z.array(oneLine).min(1).describe("what is to be confirmed") })
    .exactOptional()
    .describe("a person confirms each item"),
  llm: llmWork
    .exactOptional()
    .describe("a model is asked, under the persona's instructions; what it answers is the output answer"),
};
const KINDS_OF_WORK = Object.keys(work);

const condition = mapping(
  {
    parameter: parameterName.exactOptional().describe("its value is compared"),
    output: outputOfStage.exactOptional().describe("what a stage before handed on, as <stage>.<key>"),
    run: text.exactOptional().describe("holds when this script exits with 0"),
    equals: scalar.exactOptional().describe("holds when the value is this"),
    not: scalar.exactOptional().describe("holds when the value is another, or there is none"),
  },
  {
    oneOf: ["parameter", "output", "run"],
    belongsTo: { equals: ["parameter", "output"], not: ["parameter", "output"] },
  },
).refine(
  (value) => value.run !== undefined || (value.equals === undefined) !== (value.not === undefined),
  withHint("expected one of equals, not", 'Write for instance equals: "true".'),
);

const min = z.number().exactOptional().describe("the least that passes");
const max = z.number().exactOptional().describe("the most that passes");
const inOrder = (value: { min?: number; max?: number }): boolean =>
  value.min === undefined || value.max === undefined || value.min <= value.max;
const OUT_OF_ORDER = withHint("min is above max, so that nothing passes", "Exchange them.");

const valueGate = mapping(
  {
    json: oneLine.exactOptional().describe("a JSON file, relative to the stage's directory"),
    path: named(/^[^.]+(?:\.[^.]+)*$/, "dotted path", "total.lines.pct", 1024)
      .exactOptional()
      .describe("where the value stands in the JSON file"),
    file: oneLine.exactOptional().describe("a text file, relative to the stage's directory"),
    log: z.literal(true).exactOptional().describe("what the stage printed"),
    pattern: text
      .refine(
        (value) => compilePattern(value) !== undefined,
        withHint("expected a regular expression", "Correct it; it is JavaScript's kind."),
      )
      .exactOptional()
      .describe(
        "a regular expression; the first group of its last match is the value, or else all of the match",
      ),
    output: outputKey.exactOptional().describe("what the stage itself handed on"),
    min,
    max,
    equals: scalar.exactOptional().describe("what alone passes"),
    optional: z.boolean().exactOptional().describe("whether it passes when there is no such value"),
  },
  {
    oneOf: ["json", "file", "log", "output"],
    wants: { json: "path", file: "pattern", log: "pattern" },
    belongsTo: { path: ["json"], pattern: ["file", "log"] },
    anyOf: ["min", "max", "equals"],
  },
).refine(inOrder, OUT_OF_ORDER);

const promqlGate = mapping(
  {
    query: text.describe("in PromQL; its result is one value, or one for each series"),
    url: z
      .url({
        protocol: /^https?$/,
        error: withHint("expected an http or https URL", "Write http://host:9090."),
      })
      .exactOptional()
      .describe(
        "of the Prometheus; the parameter of urlParameter goes before it, and PROMETHEUS_URL comes after",
      ),
    urlParameter: parameterName.exactOptional().describe("the parameter that holds the URL"),
    min,
    max,
    for: duration("0s").exactOptional().describe("how long it has to hold without a break; 0s by default"),
    deadline: duration("1ms").exactOptional().describe("when it fails unless it has passed; 1m by default"),
    interval: duration("1ms").exactOptional().describe("between two queries; 5s by default"),
  },
  { anyOf: ["min", "max"] },
).refine(inOrder, OUT_OF_ORDER);

const gate = mapping(
  {
    name: gateName.describe("unique in its stage"),
    value: valueGate.exactOptional().describe("a value, and what it has to be"),
    run: text.exactOptional().describe("a script; passes when it exits with 0"),
    score: scoreGate.exactOptional().describe("a model judges a text, and what it has to find"),
    timeout: duration("1ms").exactOptional().describe("of the script, or of the judge (2m by default)"),
    promql: promqlGate.exactOptional().describe("a query to a Prometheus, and what its value has to be"),
  },
  { oneOf: ["value", "run", "promql", "score"], belongsTo: { timeout: ["run", "score"] } },
);

const stage = mapping(
  {
    id: stageId.describe("snake_case, unique in the workflow"),
    persona: personaName.describe("the persona that it is done under, by its full name"),
    chatmode: chatmode.exactOptional().describe("the workflow's name by default"),
    needs: z
      .array(stageId)
      .exactOptional()
      .describe("stages that have to be done before; the previous one by default, and none when it is empty"),
    ...work,
    fallback: mapping(work, { oneOf: KINDS_OF_WORK })
      .exactOptional()
      .describe("done when the work has failed after all attempts"),
    env: z
      .record(variableName, scalar)
      .exactOptional()
      .describe("variables of its processes; nothing in them is expanded"),
    workingDirectory: oneLine.exactOptional().describe("relative to where the workflow is run"),
    timeout: duration("1ms").exactOptional().describe("of one attempt"),
    retry: mapping({
      attempts: z.int().min(1).max(100).exactOptional().describe("in all; 1 by default"),
      delay: duration("0s").exactOptional().describe("before the second attempt; 1s by default"),
      backoff: z
        .enum(["constant", "exponential"])
        .exactOptional()
        .describe("exponential doubles the delay each time; constant by default"),
      exitCodes: z
        .array(z.int().min(1).max(255))
        .min(1)
        .exactOptional()
        .describe("only after these; any by default"),
    })
      .exactOptional()
      .describe("how often its work is tried"),
    when: z
      .union([condition, z.array(condition)])
      .exactOptional()
      .describe("conditions that all have to hold, or the stage is skipped"),
    gates: z.array(gate).exactOptional().describe("what has to hold after the work"),
    outputs: z
      .array(outputKey)
      .exactOptional()
      .describe("keys that it has to write to $TTA_OUTPUT; it may write 1,000, of 64 characters each"),
  },
  { oneOf: KINDS_OF_WORK },
);

/** A workflow file. What no schema can say of it (references, cycles, defaults) is in `check.ts`. */
export const workflowFileSchema = mapping({
  name: workflowName.describe("kebab-case; what tta-persona run is called with"),
  description: text.exactOptional().describe("for people; help and lists show its first line"),
  parameters: z
    .record(freeParameterName, parameter)
    .exactOptional()
    .describe("by name; each becomes the flag --<name> and the variable TTA_PARAM_<NAME>"),
  stages: z
    .array(stage)
    .min(1)
    .describe(
      "one after the other, unless one says what it needs; at most 500, with 1,500 needs and gates in all",
    ),
}).meta({ title: "tta-persona workflow" });

export type WorkflowFile = z.infer<typeof workflowFileSchema>;
export type StageFile = WorkflowFile["stages"][number];
export type WorkFile = Pick<StageFile, "run" | "agent" | "manual" | "llm">;
export type GateFile = NonNullable<StageFile["gates"]>[number];
export type ConditionFile = z.infer<typeof condition>;

/** The published JSON Schema of a workflow file. */
export function workflowJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(workflowFileSchema, { io: "input" }), null, 2)}\n`;
}
