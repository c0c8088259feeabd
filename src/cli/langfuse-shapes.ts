import * as z from "zod";
import { CALL_OUTCOMES } from "../projection/llm-facts.ts";
import { document, seconds, time } from "./json-document.ts";

/** The documents of the commands that ask Langfuse. */

const version = z.int();
const labels = z.array(z.string());

const promptGetShape = document("prompt-get", {
  name: z.string(),
  version,
  label: z.string().nullable().describe("by which it was chosen; null where that was a version"),
  labels,
  type: z.enum(["text", "chat"]),
  messages: z
    .array(z.object({ role: z.string(), content: z.string() }))
    .describe("with the variables' values in their places; a prompt of text is one of the user's"),
  cachedAt: time.nullable().describe("when it was fetched, where Langfuse cannot be asked now; else null"),
});

const promptListShape = document("prompt-list", {
  prompts: z.array(
    z.object({
      name: z.string(),
      versions: z.array(version),
      labels,
      updatedAt: z.string().nullable(),
    }),
  ),
});

const promptCreateShape = document("prompt-create", { name: z.string(), version, labels });
const promptLabelShape = document("prompt-label", { name: z.string(), version, labels });

const datasetCreateShape = document("dataset-create", { id: z.string(), name: z.string() });
const datasetAddShape = document("dataset-add", { dataset: z.string(), items: z.int() });

const datasetListShape = document("dataset-list", {
  datasets: z.array(z.object({ id: z.string(), name: z.string(), description: z.string().nullable() })),
  items: z
    .array(
      z.object({
        id: z.string(),
        input: z.unknown().describe("any JSON"),
        expectedOutput: z.unknown(),
        metadata: z.unknown(),
      }),
    )
    .nullable()
    .describe("of the one dataset that was asked for; else null"),
});

const experiment = z.object({
  name: z.string(),
  at: time.describe("when it began"),
  model: z.string(),
  persona: z.string(),
  prompt: z.object({ name: z.string(), version, label: z.string().nullable() }).nullable(),
  judge: z.string().nullable(),
  items: z.int(),
  failed: z.int(),
  scored: z.int(),
  meanScore: z.number().nullable(),
  costUsd: z.number().describe("of the items' calls with a known price; judging is not in it"),
  unpricedCalls: z.int(),
  meanLatencySeconds: seconds.nullable(),
});

const datasetRunShape = document("dataset-run", {
  dataset: z.string(),
  experimentId: z.string().describe("in Langfuse"),
  run: experiment,
  before: experiment.nullable().describe("the run before on this machine"),
  items: z.array(
    z.object({
      id: z.string(),
      outcome: z.enum(CALL_OUTCOMES),
      output: z.string(),
      durationSeconds: seconds,
      costUsd: z.number().nullable().describe("null: the price is unknown"),
      error: z.string().nullable(),
      score: z.number().nullable(),
      comment: z.string().nullable().describe("the judge's, or why there is no score"),
    }),
  ),
});

const langfuseExportShape = document("langfuse-export", {
  from: time,
  to: time,
  figures: z.array(
    z.object({
      model: z.string(),
      persona: z.string().describe("`none` for calls of other programs"),
      calls: z.number(),
      costUsd: z.number(),
      tokens: z.number(),
      latencySeconds: seconds.describe("mean, in seconds"),
    }),
  ),
});

export type PromptGetJson = z.infer<typeof promptGetShape>;
export type PromptListJson = z.infer<typeof promptListShape>;
export type PromptCreateJson = z.infer<typeof promptCreateShape>;
export type PromptLabelJson = z.infer<typeof promptLabelShape>;
export type DatasetCreateJson = z.infer<typeof datasetCreateShape>;
export type DatasetAddJson = z.infer<typeof datasetAddShape>;
export type DatasetListJson = z.infer<typeof datasetListShape>;
export type DatasetRunJson = z.infer<typeof datasetRunShape>;
export type LangfuseExportJson = z.infer<typeof langfuseExportShape>;
