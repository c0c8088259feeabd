import { createHash } from "node:crypto";
import fs from "node:fs";
import type { LangfuseProject } from "../backend/langfuse-http.ts";
import type { LangfusePrompt, PromptChoice } from "../backend/langfuse-prompts.ts";
import { readMessages } from "../backend/langfuse-prompts.ts";
import { replaceFile } from "../core/atomic-file.ts";
import { errorCode } from "../core/errors.ts";
import { namesIn } from "../core/filesystem.ts";
import { ensureDirectory, type Home } from "../core/home.ts";

export interface KeptPrompt {
  /** When it was fetched, milliseconds since the epoch. */
  readonly at: number;
  readonly prompt: LangfusePrompt;
}

/** Keeps a prompt under what it was asked by, and under its version. A full disk changes nothing but that. */
export function keepPrompt(
  home: Home,
  project: LangfuseProject,
  choice: PromptChoice,
  prompt: LangfusePrompt,
  at: number,
): void {
  const text = JSON.stringify({ at, prompt } satisfies KeptPrompt);
  const paths = [choice, { version: prompt.version }].map((one) => pathOf(home, project, prompt.name, one));
  try {
    ensureDirectory(home.prompts);
    for (const path of new Set(paths)) replaceFile(path, text, false);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

/** What was kept last; undefined where there is none, or a file that makes no sense. */
export function readKeptPrompt(
  home: Home,
  project: LangfuseProject,
  name: string,
  choice: PromptChoice,
): KeptPrompt | undefined {
  return readKept(pathOf(home, project, name, choice));
}

function readKept(path: string): KeptPrompt | undefined {
  try {
    const kept = JSON.parse(fs.readFileSync(path, "utf8")) as KeptPrompt;
    return isKept(kept) ? kept : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** The names of the prompts that are kept of a project, each once, in order. */
export function keptPromptNames(home: Home, project: LangfuseProject): readonly string[] {
  const names = namesIn(home.prompts).flatMap((file) => {
    const { prompt } = readKept(`${home.prompts}/${file}`) ?? {};
    if (prompt === undefined) return [];
    const { name, version } = prompt;
    // Each lies there under its version, and the file's name says whose it is.
    return pathOf(home, project, name, { version }) === `${home.prompts}/${file}` ? [name] : [];
  });
  return [...new Set(names)].sort();
}

/** Projects and prompts of any name lie side by side, and no name is a path. */
function pathOf(
  home: Home,
  project: LangfuseProject,
  name: string,
  { label, version }: PromptChoice,
): string {
  const which = version === undefined ? ["label", label] : ["version", version];
  const key = JSON.stringify([project.host, project.publicKey, name, ...which]);
  return `${home.prompts}/${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`;
}

function isKept(value: unknown): value is KeptPrompt {
  const { at, prompt } = (value ?? {}) as {
    readonly at?: unknown;
    readonly prompt?: Partial<LangfusePrompt>;
  };
  const content = prompt?.content as Partial<Record<"type" | "text" | "messages", unknown>> | undefined;
  const hasContent =
    content?.type === "text"
      ? typeof content.text === "string"
      : content?.type === "chat" && Array.isArray(content.messages) && hasMessages(content.messages);
  return (
    typeof at === "number" &&
    typeof prompt?.name === "string" &&
    Number.isSafeInteger(prompt.version) &&
    Array.isArray(prompt.labels) &&
    hasContent
  );
}

function hasMessages(messages: readonly unknown[]): boolean {
  return messages.every(
    (message) =>
      typeof (message as { placeholder?: unknown } | null)?.placeholder === "string" ||
      readMessages([message]) !== undefined,
  );
}
