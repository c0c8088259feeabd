import type { Undelivered } from "../backend/classify-error.ts";
import { langfuseFailure } from "../backend/langfuse-failure.ts";
import type { LangfuseProject } from "../backend/langfuse-http.ts";
import type { PromptChoice } from "../backend/langfuse-prompts.ts";
import { envValue } from "../core/environment.ts";
import { ExitCode, type Failure, UserError } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { parentFromEnvironment } from "../core/trace-context.ts";
import { langfuseProject } from "../delivery/langfuse-project.ts";
import { messagesOf } from "../llm/fill-prompt.ts";
import type { Message } from "../llm/message.ts";
import { chooseLabel, createPromptSource, noLangfuse, type PromptSource } from "../llm/prompt-source.ts";
import type { CliContext } from "./context.ts";
import { assertLabels } from "./prompt-version.ts";

/** For one request, retries included. */
export const LANGFUSE_TIMEOUT_MS = 30_000;

/** The project that is configured. @throws UserError `no-langfuse`. */
export function requireLangfuse({ settings, version }: CliContext): LangfuseProject {
  if (settings.langfuse === undefined) throw new UserError(noLangfuse);
  return langfuseProject(settings.langfuse, version);
}

/** Prompts by name, also for workflows; that a kept copy is used is told on stderr. */
export function promptSource({ settings, version, home, clock, output }: CliContext): PromptSource {
  const project = settings.langfuse === undefined ? undefined : langfuseProject(settings.langfuse, version);
  return createPromptSource({ project, home, clock, onKept: output.note });
}

/** The same for stages of workflows, which put values into the messages themselves; failures as theirs are. */
export function stagePrompts(ctx: CliContext) {
  const source = promptSource(ctx);
  return {
    async get(
      name: string,
      which: PromptChoice,
      signal: AbortSignal,
    ): Promise<Result<StagePrompt, { readonly type: string; readonly message: string }>> {
      const found = await source.get(name, which, signal);
      if (!found.ok) return err(workError(found.error));
      const messages = messagesOf(found.value);
      if (!messages.ok) return err(workError(messages.error));
      return ok({ version: found.value.version, messages: messages.value });
    },
  };
}

const workError = ({ reason, message }: Failure) => ({ type: reason.replaceAll("-", "_"), message });

interface StagePrompt {
  readonly version: number;
  readonly messages: readonly Message[];
}

/** What Langfuse answered. @throws UserError: exit code 2 for what can be corrected, 1 for what may pass. */
export function answered<Value>(result: Result<Value, Undelivered>): Value {
  if (result.ok) return result.value;
  throw langfuseError(langfuseFailure(result.error));
}

export function langfuseError(failure: Failure): UserError {
  const isPassing = failure.reason === "langfuse-unreachable" || failure.reason === "langfuse-busy";
  return new UserError(failure, isPassing ? ExitCode.failed : ExitCode.usage);
}

/**
 * One of some labels for this run: all that a run or a trace asks gets the same, another run perhaps another.
 *
 * @param labels separated by commas.
 * @throws UserError `invalid-label`.
 */
export function pickLabel(labels: string, { env }: CliContext): string {
  const [first = "", ...rest] = labels.split(",").map((label) => label.trim());
  assertLabels([first, ...rest]);
  return chooseLabel([first, ...rest], envValue(env, "TTA_RUN_ID") ?? parentFromEnvironment(env)?.traceId);
}
