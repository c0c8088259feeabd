import { UserError } from "../core/errors.ts";
import type { Message } from "../llm/message.ts";
import type { FoundPrompt } from "../llm/prompt-source.ts";
import type { LlmCalled } from "../projection/llm-facts.ts";
import { type Invocation, optionText } from "./command.ts";
import type { CliContext } from "./context.ts";

export interface NamedPrompt {
  readonly messages: readonly Message[];
  /** What the recorded call says of it. */
  readonly link: NonNullable<LlmCalled["prompt"]>;
}

/** The prompt that `--prompt name@label` means, filled with `--var`; undefined without it. @throws UserError. */
export async function namedPrompt(invocation: Invocation, ctx: CliContext): Promise<NamedPrompt | undefined> {
  const name = optionText(invocation, "prompt");
  if (name === undefined) {
    if (invocation.options.var === undefined) return undefined;
    throw new UserError({
      reason: "conflicting-options",
      message: "--var is for the variables of a --prompt.",
      hint: "Name the prompt, or leave --var out.",
    });
  }
  const { fillFound } = await import("./prompt-get.ts");
  const found = await findPrompt(name, ctx);
  return { messages: fillFound(found, invocation, ctx), link: promptLink(found) };
}

/** The prompt of `name`, `name@label` or `name@labelA,labelB`. @throws UserError. */
export async function findPrompt(text: string, ctx: CliContext): Promise<FoundPrompt> {
  const { langfuseError, pickLabel, promptSource } = await import("./langfuse-context.ts");
  const at = text.lastIndexOf("@");
  const name = at === -1 ? text : text.slice(0, at);
  const choice = at === -1 ? {} : { label: pickLabel(text.slice(at + 1), ctx) };
  const found = await promptSource(ctx).get(name, choice);
  if (found.ok) return found.value;
  throw langfuseError(found.error);
}

export function promptLink({ name, version, label }: FoundPrompt): NonNullable<LlmCalled["prompt"]> {
  return { name, version, ...(label === undefined ? {} : { label }) };
}

/** Puts a text behind the last message where that is the user's, else as a message of its own. */
export function withText(messages: readonly Message[], text: string): readonly Message[] {
  if (text === "") return messages;
  const last = messages.at(-1);
  if (last?.role !== "user") return [...messages, { role: "user", content: text }];
  return [...messages.slice(0, -1), { role: "user", content: `${last.content}\n\n${text}` }];
}
