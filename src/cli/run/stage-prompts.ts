import type { PromptSource } from "../../workflow/model-call.ts";
import type { CliContext } from "../context.ts";

/** Langfuse's prompts for the stages of a run. All that they take is loaded with the first one. */
export function lazyStagePrompts(ctx: CliContext): PromptSource {
  return {
    async get(name, which, signal) {
      const { stagePrompts } = await import("../langfuse-context.ts");
      return stagePrompts(ctx).get(name, which, signal);
    },
  };
}
