import type { Result } from "../core/result.ts";
import type { SpanIdentity } from "../core/span.ts";
import type { WorkError } from "./do-work.ts";

/** What a model is told, in order. */
export interface PromptMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** One call of a model that a stage makes. */
export interface StageCall {
  /** Whose call it is, and where. */
  readonly place: {
    readonly persona: string;
    readonly chatmode: string;
    readonly scope: string;
    readonly run: { readonly workflow: string; readonly runId: string; readonly stage: string };
  };
  /** The call's span. */
  readonly trace: SpanIdentity;
  /** `provider/model`; the user's setting when left out. */
  readonly model?: string;
  readonly messages: readonly PromptMessage[];
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly taskType?: string;
  /** The Langfuse prompt that the messages were made of. */
  readonly prompt?: { readonly name: string; readonly version: number; readonly label?: string };
}

export interface StageAnswer {
  /** As much as came; not masked. */
  readonly text: string;
  /** What the user should know of how it came, such as that it was cut off. */
  readonly notes: readonly string[];
  /** Absent when it is whole. Type `budget`: refused, and not made. */
  readonly error?: WorkError;
  /** False when it did not come to a call: no key, no such provider, no budget. */
  readonly wasAsked: boolean;
}

/** Calls of models come from outside: this room knows nothing of providers, prices and budgets. */
export interface ModelCaller {
  /** Makes one call and writes it down. Never rejects for what a server does or does not do. */
  call(
    call: StageCall,
    watch: { readonly signal: AbortSignal; readonly onText: (text: string) => void },
  ): Promise<StageAnswer>;
}

/** A prompt as somebody else keeps it, with the variables still in it. */
export interface FetchedPrompt {
  readonly version: number;
  readonly messages: readonly PromptMessage[];
}

/** Where managed prompts come from. */
export interface PromptSource {
  /** @param which neither: what the source hands out for production. */
  get(
    name: string,
    which: { readonly label?: string; readonly version?: number },
    signal: AbortSignal,
  ): Promise<Result<FetchedPrompt, WorkError>>;
}
