import * as z from "zod";
import { document, lines, problem } from "./json-document.ts";

/** The documents of the `workflow` commands. */

const origin = z
  .object({ kind: z.enum(["built-in", "user", "project"]), file: z.string().describe("absolute path") })
  .describe("where it was found");

const problems = z.array(problem);

const workflowListShape = document("workflow-list", {
  workflows: z.array(
    z.object({
      name: z.string(),
      description: z.string().nullable(),
      origin,
      shadowsBuiltIn: z.boolean().describe("it takes the place of the built-in workflow of its name"),
      parameters: lines,
      stages: lines.describe("ids, in the order of the file"),
    }),
  ),
  problems: problems.describe("definitions that cannot be used"),
});

const work = z.object({
  kind: z.enum(["run", "agent", "manual", "llm"]),
  script: z.string().optional().describe("of `run`: its text"),
  file: z.string().optional().describe("of `run`: the script's absolute path, in place of its text"),
  shell: z.string().optional(),
  prompt: z.string().optional().describe("of `agent` and `llm`"),
  promptFile: z.string().optional().describe("of `llm`: the prompt's absolute path, in place of its text"),
  langfusePrompt: z
    .object({ name: z.string(), label: z.string().optional(), version: z.int().optional() })
    .optional()
    .describe("of `llm`: a prompt of Langfuse, in place of a text"),
  model: z.string().nullable().optional().describe("of `llm`; null: the setting llm.model"),
  system: z.string().optional().describe("of `llm`"),
  temperature: z.number().optional().describe("of `llm`"),
  maxTokens: z.int().optional().describe("of `llm`"),
  schema: z.unknown().optional().describe("of `llm`: the JSON Schema, or the absolute path of its file"),
  taskType: z.string().optional().describe("of `llm`"),
  checklist: lines.optional().describe("of `manual`"),
});

const workflowShowShape = document("workflow-show", {
  name: z.string(),
  description: z.string().nullable(),
  origin,
  shadowsBuiltIn: z.boolean(),
  parameters: z.array(
    z.object({
      name: z.string(),
      type: z.enum(["string", "semver", "boolean", "enum", "path"]),
      required: z.boolean(),
      default: z.string().nullable(),
      values: lines.describe("of an enum"),
      description: z.string().nullable(),
      flags: z.string().describe("its option on the command line of `run`"),
    }),
  ),
  stages: z
    .array(
      z.object({
        id: z.string(),
        level: z.int().describe("stages of one level can run in parallel; from 1"),
        persona: z.string(),
        chatmode: z.string(),
        needs: lines,
        work: work.describe("what is done"),
        fallback: work.nullable().describe("what is done when that has failed"),
        environment: z.record(z.string(), z.string()),
        workingDirectory: z.string().nullable(),
        timeoutSeconds: z.number().nullable().describe("of one attempt"),
        attempts: z.int(),
        when: lines.describe("conditions, as text"),
        gates: z.array(z.object({ name: z.string(), check: z.string().describe("as text") })),
        outputs: lines,
      }),
    )
    .describe("in the order of the file"),
});

const workflowValidateShape = document("workflow-validate", {
  valid: z.boolean(),
  workflows: z.array(z.object({ name: z.string(), file: z.string() })).describe("those that are good"),
  problems,
});

const workflowInitShape = document("workflow-init", {
  name: z.string(),
  file: z.string(),
  shadowsBuiltIn: z.boolean(),
});

export type WorkflowListJson = z.infer<typeof workflowListShape>;
export type WorkflowShowJson = z.infer<typeof workflowShowShape>;
export type WorkflowValidateJson = z.infer<typeof workflowValidateShape>;
export type WorkflowInitJson = z.infer<typeof workflowInitShape>;
