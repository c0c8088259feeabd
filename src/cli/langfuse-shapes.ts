import { z } from "zod";
import { document, time } from "./json-document.ts";

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

export type PromptGetJson = z.infer<typeof promptGetShape>;
export type PromptListJson = z.infer<typeof promptListShape>;
export type PromptCreateJson = z.infer<typeof promptCreateShape>;
export type PromptLabelJson = z.infer<typeof promptLabelShape>;
