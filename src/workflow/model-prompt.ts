import fs from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { own } from "./conditions.ts";
import type { ModelWork, PromptOrigin, Stage } from "./definition.ts";
import type { WorkError } from "./do-work.ts";
import type { EngineContext, Run } from "./engine-context.ts";
import { absolute } from "./gate-value.ts";
import { compileJsonSchema, type JsonCheck } from "./json-schema.ts";
import { jsonInstructions } from "./model-answer.ts";
import type { PromptMessage, StageCall } from "./model-call.ts";
import { fillPrompt, refOf } from "./prompt-text.ts";

/** What a model is asked, with all values in it, and what its answer has to fit. */
export interface ModelPrompt {
  readonly messages: readonly PromptMessage[];
  readonly prompt: StageCall["prompt"];
  readonly check: JsonCheck | undefined;
}

type Filler = (text: string) => Result<string, WorkError>;

/** Puts together what a stage asks: the persona's instructions, the stage's own, and the prompt. */
export async function modelPrompt(
  work: ModelWork,
  stage: Stage,
  run: Run,
  signal: AbortSignal,
  context: Pick<EngineContext, "persona" | "prompts">,
): Promise<Result<ModelPrompt, WorkError>> {
  const schema = readSchema(work.schema, run);
  if (!schema.ok) return schema;
  const fill: Filler = (text) => fillPrompt(text, (name) => variableValue(name, run));
  const system = work.system === undefined ? ok("") : fill(work.system);
  if (!system.ok) return system;
  const asked = await promptMessages(work.prompt, fill, run, signal, context);
  if (!asked.ok) return asked;
  const instructions = [
    context.persona(stage.persona).instructions,
    system.value,
    ...(schema.value === undefined ? [] : [jsonInstructions(schema.value.schema)]),
  ].filter((text) => text !== "");
  const first: PromptMessage[] =
    instructions.length === 0 ? [] : [{ role: "system", content: instructions.join("\n\n") }];
  const { messages, prompt } = asked.value;
  return ok({ messages: [...first, ...messages], prompt, check: schema.value?.check });
}

type Asked = Pick<ModelPrompt, "messages" | "prompt">;

async function promptMessages(
  origin: PromptOrigin,
  fill: Filler,
  run: Run,
  signal: AbortSignal,
  { prompts }: Pick<EngineContext, "prompts">,
): Promise<Result<Asked, WorkError>> {
  if (origin.from === "langfuse") {
    const { name, label, version, variables } = origin;
    const which = {
      ...(label === undefined ? {} : { label }),
      ...(version === undefined ? {} : { version }),
    };
    const fetched = await prompts.get(name, which, signal);
    if (!fetched.ok) return fetched;
    const valueIn = (text: string) =>
      fillPrompt(text, (variable) => {
        const value = own(variables, variable);
        return value === undefined ? variableValue(variable, run) : fill(value);
      });
    const messages: PromptMessage[] = [];
    for (const { role, content } of fetched.value.messages) {
      const text = valueIn(content);
      if (!text.ok) return text;
      messages.push({ role, content: text.value });
    }
    const link = { name, version: fetched.value.version, ...(label === undefined ? {} : { label }) };
    return ok({ messages, prompt: link });
  }
  const text = origin.from === "text" ? ok(origin.text) : readBeside(origin.file, "the prompt", run);
  if (!text.ok) return text;
  const content = fill(text.value.trim());
  return content.ok
    ? ok({ messages: [{ role: "user", content: content.value }], prompt: undefined })
    : content;
}

/** What was not given, and what a stage that was skipped would have handed on, is empty. */
function variableValue(name: string, { workflow, parameters, outputs }: Run): Result<string, WorkError> {
  const ref = refOf(name);
  if (ref === undefined)
    return unknownVariable(name, "it is neither parameters.<name> nor outputs.<stage>.<key>");
  if ("parameter" in ref) {
    const isKnown = workflow.parameters.some((parameter) => parameter.name === ref.parameter);
    return isKnown
      ? ok(own(parameters, ref.parameter) ?? "")
      : unknownVariable(name, "there is no such parameter");
  }
  const { stage, key } = ref.output;
  if (!workflow.stages.some(({ id }) => id === stage)) return unknownVariable(name, "there is no such stage");
  const handedOn = outputs.get(stage);
  if (handedOn === undefined) return ok("");
  const value = own(handedOn, key);
  return value === undefined ? unknownVariable(name, `${stage} handed on no ${key}`) : ok(value);
}

function unknownVariable(name: string, why: string): Result<never, WorkError> {
  return err({ type: "unknown_variable", message: `the prompt's variable ${name} has no value: ${why}` });
}

function readSchema(
  schema: ModelWork["schema"],
  run: Run,
): Result<{ readonly schema: unknown; readonly check: JsonCheck } | undefined, WorkError> {
  if (schema === undefined) return ok(undefined);
  const read = "inline" in schema ? ok(schema.inline) : readJsonBeside(schema.file, run);
  if (!read.ok) return read;
  const check = compileJsonSchema(read.value);
  if (!check.ok) return err({ type: "bad_schema", message: `the answer's schema: ${check.error}` });
  return ok({ schema: read.value, check: check.value });
}

function readJsonBeside(file: string, run: Run): Result<unknown, WorkError> {
  const text = readBeside(file, "the schema", run);
  if (!text.ok) return text;
  try {
    return ok(JSON.parse(text.value) as unknown);
  } catch {
    return err({ type: "bad_schema", message: `the schema ${file} is not JSON` });
  }
}

/** A file that a workflow names, relative to its own. */
function readBeside(file: string, what: string, { workflow }: Run): Result<string, WorkError> {
  try {
    return ok(fs.readFileSync(absolute(file, dirname(workflow.origin.file)), "utf8"));
  } catch (error) {
    const code = errorCode(error) ?? "unreadable";
    return err({ type: code, message: `${what} ${file} cannot be read (${code})` });
  }
}
