import { err, ok, type Result } from "../core/result.ts";
import type { Undelivered } from "./classify-error.ts";
import { askAgain } from "./langfuse-again.ts";
import { askLangfuse, type LangfuseProject } from "./langfuse-http.ts";
import { asRecord, readPages, senseless, textsOf } from "./langfuse-pages.ts";

/**
 * Prompts of a Langfuse project (https://langfuse.com/docs/prompt-management). By `fetch` and not by the npm package
 * `langfuse`: that one takes 401 for a prompt, knows nothing of Retry-After, prints its errors on the console, and
 * reads variables that are not ours.
 */

export type PromptContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "chat"; readonly messages: readonly PromptMessage[] };

/** A placeholder stands for messages that whoever uses the prompt puts there. */
export type PromptMessage =
  | { readonly role: string; readonly content: string }
  | { readonly placeholder: string };

export interface LangfusePrompt {
  readonly name: string;
  readonly version: number;
  readonly labels: readonly string[];
  readonly content: PromptContent;
}

export interface ListedPrompt {
  readonly name: string;
  readonly versions: readonly number[];
  readonly labels: readonly string[];
  /** ISO 8601; absent where the server does not tell. */
  readonly updatedAt?: string;
}

/** One of them at most; Langfuse takes the label `production` when there is none. */
export interface PromptChoice {
  readonly label?: string;
  readonly version?: number;
}

/** One version of a prompt. An unknown one is `http_404`. */
export async function getPrompt(
  project: LangfuseProject,
  name: string,
  { label, version }: PromptChoice,
  signal: AbortSignal,
): Promise<Result<LangfusePrompt, Undelivered>> {
  const query: Record<string, string> = {};
  if (version !== undefined) query.version = String(version);
  else if (label !== undefined) query.label = label;
  const answer = await askLangfuse(project, { path: promptPath(name), query }, signal);
  return answer.ok ? readPrompt(answer.value) : answer;
}

export async function listPrompts(
  project: LangfuseProject,
  signal: AbortSignal,
): Promise<Result<readonly ListedPrompt[], Undelivered>> {
  const records = await readPages(project, { path: "/v2/prompts" }, signal);
  if (!records.ok) return records;
  return ok(
    records.value.flatMap(({ name, versions, labels, lastUpdatedAt }) => {
      if (typeof name !== "string") return [];
      const numbers = Array.isArray(versions) ? versions.filter((one) => Number.isInteger(one)) : [];
      const updated = typeof lastUpdatedAt === "string" ? { updatedAt: lastUpdatedAt } : {};
      return [{ name, versions: numbers as readonly number[], labels: textsOf(labels), ...updated }];
    }),
  );
}

export interface NewPrompt {
  readonly name: string;
  readonly content: PromptContent;
  readonly labels: readonly string[];
  /** Why, for whoever looks at the versions. */
  readonly message?: string;
}

/** Makes the next version of a prompt, the first one where there is none. Asked once: twice would make two. */
export async function createPrompt(
  project: LangfuseProject,
  { name, content, labels, message }: NewPrompt,
  signal: AbortSignal,
): Promise<Result<LangfusePrompt, Undelivered>> {
  const body = {
    name,
    type: content.type,
    prompt: content.type === "text" ? content.text : content.messages.map(wireMessage),
    labels,
    ...(message === undefined ? {} : { commitMessage: message }),
  };
  const answer = await askLangfuse(project, { method: "POST", path: "/v2/prompts", body }, signal);
  return answer.ok ? readPrompt(answer.value) : answer;
}

/** Gives labels to a version; other versions that have them lose them. */
export async function labelPrompt(
  project: LangfuseProject,
  name: string,
  version: number,
  labels: readonly string[],
  signal: AbortSignal,
): Promise<Result<LangfusePrompt, Undelivered>> {
  const path = `${promptPath(name)}/versions/${version}`;
  const body = { newLabels: labels };
  const answer = await askAgain(project, { method: "PATCH", path, body }, signal);
  return answer.ok ? readPrompt(answer.value) : answer;
}

/** Prompts lie in folders: the slash is part of the name. */
function promptPath(name: string): string {
  return `/v2/prompts/${encodeURIComponent(name)}`;
}

function wireMessage(message: PromptMessage): object {
  if ("placeholder" in message) return { type: "placeholder", name: message.placeholder };
  return { role: message.role, content: message.content };
}

function readPrompt(value: unknown): Result<LangfusePrompt, Undelivered> {
  const { name, version, labels, type, prompt } = asRecord(value);
  const content = contentOf(type, prompt);
  if (typeof name !== "string" || !isVersion(version) || content === undefined) return err(senseless);
  return ok({ name, version, labels: textsOf(labels), content });
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function contentOf(type: unknown, prompt: unknown): PromptContent | undefined {
  if (typeof prompt === "string" && type !== "chat") return { type: "text", text: prompt };
  const messages = Array.isArray(prompt) ? readMessages(prompt) : undefined;
  return messages === undefined ? undefined : { type: "chat", messages };
}

/** Messages as Langfuse writes them; undefined when one of them is none. */
export function readMessages(values: readonly unknown[]): readonly PromptMessage[] | undefined {
  const messages = values.map((value): PromptMessage | undefined => {
    const { type, name, role, content } = asRecord(value);
    if (type === "placeholder" && typeof name === "string") return { placeholder: name };
    return typeof role === "string" && typeof content === "string" ? { role, content } : undefined;
  });
  return messages.every((message) => message !== undefined) ? messages : undefined;
}
