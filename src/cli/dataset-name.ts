import { getDataset, type LangfuseDataset } from "../backend/langfuse-datasets.ts";
import type { LangfuseProject } from "../backend/langfuse-http.ts";
import { UserError } from "../core/errors.ts";
import { isPromptName } from "../llm/prompt-source.ts";
import type { Invocation } from "./command.ts";
import { answered, LANGFUSE_TIMEOUT_MS } from "./langfuse-context.ts";
import { quote } from "./printable.ts";

/** Names are parts of paths, as those of prompts. @throws UserError `invalid-dataset`. */
export function datasetName({ args: [name = ""] }: Invocation): string {
  if (isPromptName(name)) return name;
  throw new UserError({
    reason: "invalid-dataset",
    message: `${quote(name)} is no name of a dataset.`,
    hint: "Name it for instance reviews.",
  });
}

/** @throws UserError `unknown-dataset`, and why Langfuse cannot tell. */
export async function findDataset(project: LangfuseProject, name: string): Promise<LangfuseDataset> {
  const found = await getDataset(project, name, AbortSignal.timeout(LANGFUSE_TIMEOUT_MS));
  if (!found.ok && found.error.reason === "http_404") {
    throw new UserError({
      reason: "unknown-dataset",
      message: `Langfuse has no dataset ${quote(name)}.`,
      hint: "See tta-persona dataset list, or create it: tta-persona dataset create <name>",
    });
  }
  return answered(found);
}
