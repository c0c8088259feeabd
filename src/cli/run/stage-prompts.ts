import { err, ok, type Result } from "../../core/result.ts";
import type { WorkError } from "../../workflow/do-work.ts";
import type { PromptMessage, PromptSource } from "../../workflow/model-call.ts";
import type { CliContext } from "../context.ts";

/** Langfuse's prompts for the stages of a run, with the copies that are kept of them. Loaded with the first one. */
export function stagePrompts(ctx: CliContext): PromptSource {
  return {
    async get(name, which) {
      const { promptSource } = await import("../langfuse-context.ts");
      const found = await promptSource(ctx).get(name, which);
      if (!found.ok) {
        const { reason, message, hint = "" } = found.error;
        return err({ type: reason.replaceAll("-", "_"), message: `${message} ${hint}`.trim() });
      }
      const prompt = found.value;
      if (prompt.type === "text") {
        return ok({ version: prompt.version, messages: [{ role: "user", content: prompt.text }] });
      }
      const messages = messagesOf(name, prompt.messages);
      return messages.ok ? ok({ version: prompt.version, messages: messages.value }) : messages;
    },
  };
}

const ROLES: readonly string[] = ["system", "user", "assistant"];

/** A placeholder, or a role that a call has no place for, makes a prompt that a stage cannot use as it is. */
function messagesOf(
  name: string,
  messages: readonly (
    | { readonly role: string; readonly content: string }
    | { readonly placeholder: string }
  )[],
): Result<readonly PromptMessage[], WorkError> {
  const usable: PromptMessage[] = [];
  for (const message of messages) {
    if (!("role" in message) || !ROLES.includes(message.role)) {
      const what = "role" in message ? `a message of the role ${message.role}` : "a placeholder";
      return err({
        type: "unusable_prompt",
        message: `the prompt ${name} holds ${what}, which a stage cannot fill`,
      });
    }
    usable.push({ role: message.role as PromptMessage["role"], content: message.content });
  }
  return ok(usable);
}
