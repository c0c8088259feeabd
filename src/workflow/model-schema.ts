import * as z from "zod";
import { withHint } from "../core/schema-problem.ts";
import { mapping } from "./mapping.ts";
import { OUTPUT_KEY } from "./names.ts";
import { named, oneLine, text } from "./schema-text.ts";

/** The parts of a workflow file that have to do with models. */

const model = named(
  /^[a-z]+\/[!-~\u00a1-\uffff]+$/,
  "model with its provider",
  "anthropic/claude-sonnet-4-5",
  200,
).describe("provider/model; the setting llm.model by default");

const langfusePrompt = mapping({
  name: oneLine.describe("as Langfuse has it"),
  label: oneLine.exactOptional().describe("production by default"),
  version: z.int().min(1).exactOptional().describe("this one, whatever its labels"),
  variables: z
    .record(z.string(), text)
    .exactOptional()
    .describe("by the names that it has for them; values may hold {{parameters.…}} and {{outputs.…}}"),
}).refine(
  ({ label, version }) => label === undefined || version === undefined,
  withHint("label and version exclude each other", "Keep one of them."),
);

export const llmWork = mapping(
  {
    model: model.exactOptional(),
    prompt: text
      .exactOptional()
      .describe(
        "the prompt's text; {{parameters.<name>}} and {{outputs.<stage>.<key>}} are replaced by values",
      ),
    promptFile: oneLine.exactOptional().describe("a file with it, relative to this file"),
    langfusePrompt: langfusePrompt.exactOptional().describe("a prompt that Langfuse manages"),
    system: text.exactOptional().describe("instructions, behind the persona's; variables as in the prompt"),
    temperature: z.number().min(0).exactOptional().describe("the model's own by default"),
    maxTokens: z.int().min(1).exactOptional().describe("the most that the answer may have"),
    schema: z
      .union([oneLine, z.record(z.string(), z.unknown())])
      .exactOptional()
      .describe(
        "a JSON Schema, or a file of one, that the answer has to fit; scalar fields of an object become outputs",
      ),
    taskType: oneLine.max(100).exactOptional().describe("what it is for, such as review"),
  },
  { oneOf: ["prompt", "promptFile", "langfusePrompt"] },
);

export const scoreGate = mapping({
  criteria: text.describe("what a good text is like, for the judge"),
  model: model.exactOptional(),
  min: z
    .number()
    .min(0)
    .max(1)
    .exactOptional()
    .describe("the least score that passes, from 0 to 1; 0.7 by default"),
  source: mapping(
    {
      file: oneLine.exactOptional().describe("a text file, relative to the stage's directory"),
      output: named(OUTPUT_KEY, "name of a-z, 0-9 and _", "answer")
        .exactOptional()
        .describe("what the stage itself handed on"),
      log: z.literal(true).exactOptional().describe("what the stage printed"),
    },
    { oneOf: ["file", "output", "log"] },
  )
    .exactOptional()
    .describe("what is judged; a model's answer, or else the log, by default"),
});
