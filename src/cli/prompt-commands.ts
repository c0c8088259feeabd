import {
  createPrompt,
  labelPrompt,
  listPrompts,
  type PromptContent,
  readMessages,
} from "../backend/langfuse-prompts.ts";
import { ExitCode, UserError } from "../core/errors.ts";
import { isPromptName } from "../llm/prompt-source.ts";
import { type ArgumentSpec, type Command, type Invocation, optionList, optionText } from "./command.ts";
import type { CliContext } from "./context.ts";
import { answered, LANGFUSE_TIMEOUT_MS, requireLangfuse } from "./langfuse-context.ts";
import type { PromptCreateJson, PromptLabelJson, PromptListJson } from "./langfuse-shapes.ts";
import { quote, table } from "./printable.ts";
import { getCommand } from "./prompt-get.ts";
import { assertLabels, parsePromptVersion } from "./prompt-version.ts";
import { readTextFile } from "./read-text.ts";

const NAME: ArgumentSpec = {
  name: "name",
  doc: "of the prompt; folders end with a slash",
  complete: "prompts",
};

const exitCodes = {
  1: "Langfuse cannot be reached, or is busy",
  2: "no keys or wrong ones, an unknown prompt, or wrong usage",
};

const list: Command = {
  name: "list",
  summary: "List the prompts of the Langfuse project",
  examples: [{ command: "tta-persona prompt list", doc: "with their versions and labels" }],
  exitCodes,
  json: "tta-persona/prompt-list/1",
  async run(_, ctx) {
    const prompts = answered(await listPrompts(requireLangfuse(ctx), timeout()));
    const document: PromptListJson = {
      schema: "tta-persona/prompt-list/1",
      prompts: prompts.map(({ name, versions, labels, updatedAt }) => ({
        name,
        versions: [...versions],
        labels: [...labels],
        updatedAt: updatedAt ?? null,
      })),
    };
    const rows = document.prompts.map(({ name, versions, labels }) => [
      name,
      `${versions.length} version${versions.length === 1 ? "" : "s"}`,
      labels.join(", "),
    ]);
    ctx.output.answer(document, rows.length === 0 ? "There are no prompts yet.\n" : table(rows));
    return ExitCode.done;
  },
};

const create: Command = {
  name: "create",
  summary: "Create a prompt in Langfuse, or its next version",
  description:
    "A prompt of chat is a JSON array of messages with role and content. Without --label, only `latest` leads to it.",
  arguments: [NAME],
  options: [
    { flags: "--file <path>", doc: "the prompt; - reads standard input" },
    { flags: "--type <type>", doc: "text or chat (default: text)", complete: ["text", "chat"] },
    { flags: "--label <labels...>", doc: "labels that it takes over, such as production" },
    { flags: "--message <text>", doc: "what is new in it" },
  ],
  examples: [
    {
      command: "tta-persona prompt create review --file review.txt --label production",
      doc: "in force at once",
    },
  ],
  exitCodes,
  json: "tta-persona/prompt-create/1",
  async run(invocation, ctx) {
    const project = requireLangfuse(ctx);
    const name = promptName(invocation);
    const labels = optionList(invocation, "label");
    assertLabels(labels);
    const message = optionText(invocation, "message");
    const content = contentOf(
      await readPromptText(invocation, ctx),
      optionText(invocation, "type") ?? "text",
    );
    const prompt = { name, content, labels, ...(message === undefined ? {} : { message }) };
    const made = answered(await createPrompt(project, prompt, timeout()));
    const document: PromptCreateJson = {
      schema: "tta-persona/prompt-create/1",
      name: made.name,
      version: made.version,
      labels: [...made.labels],
    };
    ctx.output.done(
      document,
      `Created version ${made.version} of ${quote(name)}${labelsText(made.labels)}\n`,
    );
    return ExitCode.done;
  },
};

const label: Command = {
  name: "label",
  summary: "Give labels to a version of a prompt; other versions lose them",
  arguments: [
    NAME,
    { name: "version", doc: "its number" },
    { name: "labels", doc: "such as production", variadic: true },
  ],
  examples: [{ command: "tta-persona prompt label review 4 production", doc: "goes back to version 4" }],
  exitCodes,
  json: "tta-persona/prompt-label/1",
  async run(invocation, ctx) {
    const project = requireLangfuse(ctx);
    const name = promptName(invocation);
    const [, version = "", ...rest] = invocation.args;
    const labels = rest.filter((one) => one !== undefined);
    assertLabels(labels);
    const answer = await labelPrompt(project, name, parsePromptVersion(version), labels, timeout());
    if (!answer.ok && answer.error.reason === "http_404") {
      throw new UserError({
        reason: "unknown-prompt",
        message: `Langfuse has no version ${version} of ${quote(name)}.`,
        hint: "See which there are: tta-persona prompt list",
      });
    }
    const labelled = answered(answer);
    const document: PromptLabelJson = {
      schema: "tta-persona/prompt-label/1",
      name: labelled.name,
      version: labelled.version,
      labels: [...labelled.labels],
    };
    ctx.output.done(document, `Version ${version} of ${quote(name)}${labelsText(labelled.labels)}\n`);
    return ExitCode.done;
  },
};

export const promptCommands: readonly Command[] = [getCommand, list, create, label];

function timeout(): AbortSignal {
  return AbortSignal.timeout(LANGFUSE_TIMEOUT_MS);
}

function promptName({ args: [name = ""] }: Invocation): string {
  if (isPromptName(name)) return name;
  throw new UserError({
    reason: "invalid-prompt",
    message: `${quote(name)} is no name of a prompt.`,
    hint: "Name it for instance review, or team/review.",
  });
}

async function readPromptText(invocation: Invocation, ctx: CliContext): Promise<string> {
  const path = optionText(invocation, "file");
  const text = path === undefined ? "" : path === "-" ? await ctx.readStdin() : readTextFile(path);
  if (text.trim() !== "") return text;
  throw new UserError({
    reason: "no-prompt",
    message: path === undefined ? "Which prompt shall it be?" : "The prompt is empty.",
    hint: "Give --file with a file's path, or - for standard input.",
  });
}

function contentOf(text: string, type: string): PromptContent {
  if (type === "text") return { type, text };
  if (type !== "chat") {
    throw new UserError({
      reason: "invalid-type",
      message: `--type cannot be ${quote(type)}.`,
      hint: "It takes text or chat.",
    });
  }
  const messages = readJsonMessages(text);
  if (messages !== undefined && messages.length > 0) return { type, messages };
  throw new UserError({
    reason: "invalid-prompt",
    message: "A prompt of chat is a JSON array of messages, which this is not.",
    hint: 'Write for instance [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{question}}"}]',
  });
}

function readJsonMessages(text: string) {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? readMessages(value) : undefined;
  } catch {
    return undefined;
  }
}

function labelsText(labels: readonly string[]): string {
  return labels.length === 0 ? "" : `, labelled ${labels.join(", ")}`;
}
