import { ExitCode, UserError } from "../core/errors.ts";
import { fillPrompt, unusedVariables } from "../llm/fill-prompt.ts";
import type { Message } from "../llm/message.ts";
import { DEFAULT_LABEL, type FoundPrompt } from "../llm/prompt-source.ts";
import { type Command, type Invocation, optionText } from "./command.ts";
import type { CliContext } from "./context.ts";
import { langfuseError, pickLabel, promptSource } from "./langfuse-context.ts";
import type { PromptGetJson } from "./langfuse-shapes.ts";
import { optionPairs } from "./option-values.ts";
import { parsePromptVersion } from "./prompt-version.ts";

export const getCommand: Command = {
  name: "get",
  summary: "Print a prompt of Langfuse, with values for its variables",
  description:
    "What was fetched is kept, so that without a network the last version is there; one line on stderr says so. With " +
    "--ab one of the labels is chosen: for all of a run or trace the same, else at random.",
  arguments: [{ name: "name", doc: "of the prompt", complete: "prompts" }],
  options: [
    { flags: "--label <label>", doc: `the version that has it (default: ${DEFAULT_LABEL})` },
    { flags: "--version <n>", doc: "this version, in place of a label" },
    { flags: "--ab <labels>", doc: "choose between labels, as in --ab control,short" },
    { flags: "--var <pairs...>", doc: "name=value for {{name}} in the prompt" },
  ],
  examples: [
    { command: "tta-persona prompt get review --var language=Go", doc: "in production" },
    { command: "tta-persona prompt get review --ab control,short --json", doc: "says which label it was" },
  ],
  exitCodes: {
    1: "Langfuse cannot be reached, and no copy is kept",
    2: "no keys or wrong ones, an unknown prompt, or a variable without a value",
  },
  json: "tta-persona/prompt-get/1",
  async run(invocation, ctx) {
    const [name = ""] = invocation.args;
    const found = await promptSource(ctx).get(name, choiceOf(invocation, ctx));
    if (!found.ok) throw langfuseError(found.error);
    const prompt = found.value;
    const messages = fillFound(prompt, invocation, ctx);
    const document: PromptGetJson = {
      schema: "tta-persona/prompt-get/1",
      name: prompt.name,
      version: prompt.version,
      label: prompt.label ?? null,
      labels: [...prompt.labels],
      type: prompt.type,
      messages: messages.map((message) => ({ ...message })),
      cachedAt: prompt.keptAt === undefined ? null : new Date(prompt.keptAt).toISOString(),
    };
    ctx.output.content(document, textOf(messages, prompt.type));
    return ExitCode.done;
  },
};

/** The messages of a prompt with the values of `--var`. @throws UserError `missing-variables`, `unsupported-prompt`. */
export function fillFound(
  prompt: FoundPrompt,
  invocation: Invocation,
  { output }: CliContext,
): readonly Message[] {
  const variables = optionPairs(invocation, "var") ?? {};
  const messages = fillPrompt(prompt, variables);
  if (!messages.ok) throw new UserError(messages.error);
  const unused = unusedVariables(prompt, variables);
  if (unused.length > 0) output.note(`the prompt has no ${unused.map((name) => `{{${name}}}`).join(", ")}`);
  return messages.value;
}

function choiceOf(invocation: Invocation, ctx: CliContext) {
  const version = optionText(invocation, "version");
  const label = optionText(invocation, "label");
  const ab = optionText(invocation, "ab");
  if ([version, label, ab].filter((one) => one !== undefined).length > 1) {
    throw new UserError({
      reason: "conflicting-options",
      message: "--label, --version and --ab are three ways to choose one version.",
      hint: "Give one of them.",
    });
  }
  if (version !== undefined) return { version: parsePromptVersion(version) };
  if (ab !== undefined) return { label: pickLabel(ab, ctx) };
  return label === undefined ? {} : { label };
}

function textOf(messages: readonly Message[], type: FoundPrompt["type"]): string {
  const text =
    type === "text"
      ? messages.map(({ content }) => content).join("")
      : messages.map(({ role, content }) => `[${role}]\n${content}`).join("\n\n");
  return text.endsWith("\n") ? text : `${text}\n`;
}
