import type { PromptContent } from "../backend/langfuse-prompts.ts";
import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Message } from "./message.ts";

/** `{{name}}`, blanks allowed, as Langfuse has them. Anything else between braces is text. */
const VARIABLE = /\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}/g;

export type Variables = Readonly<Record<string, string>>;

/** The variables that a text has, in order, each once. */
export function variablesOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map(([, name = ""]) => name))];
}

/** Puts values in the place of variables. What is in a value is data: braces in it mean nothing. Failure `missing-variables`. */
export function fillText(text: string, variables: Variables): Result<string, Failure> {
  const missing = missingOf([text], variables);
  return missing.length > 0 ? err(missingVariables(missing)) : ok(replace(text, variables));
}

/**
 * The messages that a prompt makes; one of text is the user's. Failures: `missing-variables`, which names all of
 * them, and `unsupported-prompt` for placeholders and roles that no model here takes.
 */
export function fillPrompt(
  content: PromptContent,
  variables: Variables,
): Result<readonly Message[], Failure> {
  if (content.type === "text") {
    const text = fillText(content.text, variables);
    return text.ok ? ok([{ role: "user", content: text.value }]) : text;
  }
  const messages: Message[] = [];
  for (const message of content.messages) {
    if ("placeholder" in message) return err(unsupported(`the placeholder "${message.placeholder}"`));
    const role = ROLES[message.role.toLowerCase()];
    if (role === undefined) return err(unsupported(`the role "${message.role}"`));
    messages.push({ role, content: message.content });
  }
  const missing = missingOf(
    messages.map((message) => message.content),
    variables,
  );
  if (missing.length > 0) return err(missingVariables(missing));
  return ok(messages.map((message) => ({ ...message, content: replace(message.content, variables) })));
}

/** Of those given, the ones that a prompt does not use. */
export function unusedVariables(content: PromptContent, variables: Variables): readonly string[] {
  const texts =
    content.type === "text"
      ? [content.text]
      : content.messages.flatMap((message) => ("content" in message ? [message.content] : []));
  const used = new Set(texts.flatMap(variablesOf));
  return Object.keys(variables).filter((name) => !used.has(name));
}

const ROLES: Readonly<Record<string, Message["role"] | undefined>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
};

function missingOf(texts: readonly string[], variables: Variables): readonly string[] {
  const used = [...new Set(texts.flatMap(variablesOf))];
  return used.filter((name) => !Object.hasOwn(variables, name));
}

/** In one pass, so that a value is never looked into. */
function replace(text: string, variables: Variables): string {
  return text.replace(VARIABLE, (_, name: string) => variables[name] ?? "");
}

function missingVariables(names: readonly string[]): Failure {
  const plural = names.length === 1 ? "a variable" : "variables";
  return {
    reason: "missing-variables",
    message: `The prompt has ${plural} without a value: ${names.join(", ")}.`,
    hint: `Give ${names.map((name) => `--var ${name}=…`).join(" ")}`,
  };
}

function unsupported(what: string): Failure {
  return {
    reason: "unsupported-prompt",
    message: `The prompt has ${what}, which cannot be sent.`,
    hint: "Use system, user and assistant messages with {{variables}}.",
  };
}
