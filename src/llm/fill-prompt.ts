import type { PromptContent } from "../backend/langfuse-prompts.ts";
import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Message } from "./message.ts";

/** `{{name}}`, blanks allowed, as Langfuse has them. Anything else between braces is text. */
const VARIABLE = /\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}/g;

export type Variables = Readonly<Record<string, string>>;

/** The variables that a text has, in order, each once. */
function variablesOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map(([, name = ""]) => name))];
}

/** The messages of a prompt with its variables in them; a prompt of text is one of the user's. Failure `unsupported-prompt`. */
export function messagesOf(content: PromptContent): Result<readonly Message[], Failure> {
  if (content.type === "text") return ok([{ role: "user", content: content.text }]);
  const messages: Message[] = [];
  for (const message of content.messages) {
    if ("placeholder" in message) return err(unsupported(`the placeholder "${message.placeholder}"`));
    const role = ROLES.get(message.role.toLowerCase());
    if (role === undefined) return err(unsupported(`the role "${message.role}"`));
    messages.push({ role, content: message.content });
  }
  return ok(messages);
}

/** The messages that a prompt makes. Failures: those of `messagesOf`, and `missing-variables`, which names all of them. */
export function fillPrompt(
  content: PromptContent,
  variables: Variables,
): Result<readonly Message[], Failure> {
  const messages = messagesOf(content);
  if (!messages.ok) return messages;
  const missing = missingOf(
    messages.value.map((message) => message.content),
    variables,
  );
  if (missing.length > 0) return err(missingVariables(missing));
  return ok(messages.value.map((one) => ({ ...one, content: replace(one.content, variables) })));
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

const ROLES: ReadonlyMap<string, Message["role"]> = new Map([
  ["system", "system"],
  ["developer", "system"],
  ["user", "user"],
  ["assistant", "assistant"],
]);

function missingOf(texts: readonly string[], variables: Variables): readonly string[] {
  const used = [...new Set(texts.flatMap(variablesOf))];
  return used.filter((name) => !Object.hasOwn(variables, name));
}

/** In one pass: what is in a value is data, and braces in it mean nothing. */
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
