import { langfuseFailure } from "../backend/langfuse-failure.ts";
import type { LangfuseProject } from "../backend/langfuse-http.ts";
import {
  getPrompt,
  type LangfusePrompt,
  type PromptChoice,
  type PromptContent,
} from "../backend/langfuse-prompts.ts";
import type { Clock } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import type { Failure } from "../core/errors.ts";
import { hashText } from "../core/hash.ts";
import type { Home } from "../core/home.ts";
import { err, ok, type Result } from "../core/result.ts";
import { withinDeadline } from "../core/within-deadline.ts";
import { keepPrompt, readKeptPrompt } from "./prompt-cache.ts";

export const DEFAULT_LABEL = "production";

/** With a prompt at hand nobody waits long for a newer one. */
const TIMEOUT_MS = 10_000;
const TIMEOUT_WITH_KEPT_MS = 3_000;

/** One version of a prompt, with `text` or `messages`. */
export type FoundPrompt = PromptContent & {
  readonly name: string;
  readonly version: number;
  /** By which it was asked for; absent where that was a version. */
  readonly label?: string;
  readonly labels: readonly string[];
  /** When it was fetched, milliseconds since the epoch; absent for one that comes from Langfuse just now. */
  readonly keptAt?: number;
};

export interface PromptSource {
  /**
   * A version goes before a label; without both it is `production`. Never rejects. Failures: `no-langfuse`,
   * `unknown-prompt`, and those of `langfuseFailure` where no copy is kept either.
   */
  get(name: string, choice?: PromptChoice, signal?: AbortSignal): Promise<Result<FoundPrompt, Failure>>;
}

export interface PromptSourceContext {
  /** Undefined where none is configured. */
  readonly project: LangfuseProject | undefined;
  readonly home: Home;
  readonly clock: Clock;
  /** Told in one line when a kept copy is used. */
  readonly onKept: (line: string) => void;
}

/** Prompts of Langfuse, and, where that cannot be asked, as it last gave them. */
export function createPromptSource({ project, home, clock, onKept }: PromptSourceContext): PromptSource {
  return {
    async get(name, choice = {}, signal) {
      if (project === undefined) return err(noLangfuse);
      if (!isPromptName(name)) return err(unknownPrompt(name, choice));
      const asked = choice.version === undefined ? { label: choice.label ?? DEFAULT_LABEL } : choice;
      const kept = readKeptPrompt(home, project, name, asked);
      const deadlineMs = kept === undefined ? TIMEOUT_MS : TIMEOUT_WITH_KEPT_MS;
      const answer = await withinDeadline(deadlineMs, signal, (ends) =>
        getPrompt(project, name, asked, ends),
      );
      if (answer.ok) {
        keepPrompt(home, project, asked, answer.value, clock.now());
        return ok(found(answer.value, asked));
      }
      if (answer.error.reason === "http_404") return err(unknownPrompt(name, asked));
      const failure = langfuseFailure(answer.error);
      // What was refused is not there for whoever asks, copy or not.
      if (kept === undefined || failure.reason === "langfuse-keys" || failure.reason === "langfuse-refused") {
        return err(failure);
      }
      const age = formatDuration(clock.now() - kept.at);
      onKept(
        `Langfuse cannot be asked; using version ${kept.prompt.version} of ${name} as fetched ${age} ago`,
      );
      return ok({ ...found(kept.prompt, asked), keptAt: kept.at });
    },
  };
}

function found({ content, ...prompt }: LangfusePrompt, { version, label }: PromptChoice): FoundPrompt {
  return { ...content, ...prompt, ...(version === undefined && label !== undefined ? { label } : {}) };
}

/** One of some labels: always the same for the same key, such as a run's id, else any. */
export function chooseLabel(labels: readonly [string, ...string[]], key: string | undefined): string {
  const dice = key === undefined ? Math.random() : Number.parseInt(hashText(key).slice(-8), 16) / 2 ** 32;
  return labels[Math.floor(dice * labels.length)] ?? labels[0];
}

/** Names are part of a path: those that would lead elsewhere are nobody's. */
export function isPromptName(name: string): boolean {
  return name.trim() !== "" && name !== "." && name !== ".." && !/\p{Cc}/u.test(name);
}

export const noLangfuse: Failure = {
  reason: "no-langfuse",
  message: "No Langfuse project is configured.",
  hint: "Set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, and LANGFUSE_HOST where it is not the cloud's.",
};

function unknownPrompt(name: string, { label, version }: PromptChoice): Failure {
  const which = version === undefined ? `the label ${label ?? DEFAULT_LABEL}` : `version ${version}`;
  return {
    reason: "unknown-prompt",
    message: `Langfuse has no prompt "${name.replace(/\p{Cc}/gu, "?").slice(0, 100)}" with ${which}.`,
    hint: "See which there are: tta-persona prompt list",
  };
}
