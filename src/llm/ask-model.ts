import type { Clock } from "../core/clock.ts";
import type { LlmCalled, LlmUsage } from "../projection/llm-facts.ts";
import { type CallError, callError, isFreeStatus, REFUSED, STREAM_CUT, wasNeverSent } from "./call-error.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Message } from "./message.ts";
import { usageOfCounts } from "./token-counts.ts";
import { createToldUsage, hourOfCacheCreation, totalTokens } from "./told-usage.ts";

export interface ModelRequest {
  readonly endpoint: Endpoint;
  readonly messages: readonly Message[];
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly stream: boolean;
}

export interface AskContext {
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  /** Ends the call; what came until then is in the answer. */
  readonly signal: AbortSignal;
  /** Told of each piece of the answer while it comes; of the whole where it is not streamed. */
  readonly onText: (text: string) => void;
}

/** How a call went, whatever became of it. */
export interface ModelAnswer {
  readonly outcome: "ok" | "error" | "aborted";
  /** As much of it as came. */
  readonly text: string;
  /** Of a stream that did not end, what was told until then. */
  readonly usage?: LlmUsage;
  /** False where more may have been used than was told: the answer did not end, or the provider tells nothing. */
  readonly isUsageWhole: boolean;
  readonly startedAt: number;
  readonly firstTokenAt?: number;
  readonly durationSeconds: number;
  readonly response?: NonNullable<LlmCalled["response"]>;
  readonly error?: CallError;
  /** Requests that were sent, retries included. */
  readonly attempts: number;
  /** False where each request was refused, or never reached the server; else one may have to be paid for. */
  readonly mayBeCharged: boolean;
  /** What the client left out or changed, for people. */
  readonly warnings: readonly string[];
}

/** Of the client, besides the first attempt: for 408, 409, 429, 5xx and lost connections, as `Retry-After` says. */
const MAX_RETRIES = 2;

/** Asks a model once. Never rejects for what the server does or does not do. */
export async function askModel(request: ModelRequest, context: AskContext): Promise<ModelAnswer> {
  const { clock, signal } = context;
  const sdk = await import("./ai-sdk.ts");
  const sent = { attempts: 0, mayBeCharged: false };
  let hasBegun = false;
  const model = await modelOf(request.endpoint, async (input, init) => {
    sent.attempts += 1;
    const before = sent.mayBeCharged;
    // Also while nothing has come of it: whoever hangs up does not know what the server does.
    sent.mayBeCharged ||= !signal.aborted;
    try {
      const response = await context.fetch(input, init);
      hasBegun = response.ok;
      if (isFreeStatus(response.status)) sent.mayBeCharged = before;
      return response;
    } catch (error) {
      if (wasNeverSent(error)) sent.mayBeCharged = before;
      throw error;
    }
  });
  const startedAt = clock.now();
  const answer = createAnswer(startedAt, context);
  const settings = {
    model,
    messages: request.messages.map((message) => ({ ...message })),
    maxRetries: MAX_RETRIES,
    abortSignal: signal,
    allowSystemInMessages: true,
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.maxTokens === undefined ? {} : { maxOutputTokens: request.maxTokens }),
  };
  try {
    if (request.stream) {
      const { fullStream } = sdk.streamText({
        ...settings,
        onError: () => undefined,
        // 0.02 ms a chunk, so only where a stream tells of its usage before it ends.
        includeRawChunks: request.endpoint.provider === "anthropic",
      });
      for await (const part of fullStream) {
        if (part.type === "text-delta") answer.text(part.text);
        else if (part.type === "reasoning-delta") answer.token();
        else if (part.type === "raw") answer.hear(part.rawValue);
        else if (part.type === "start-step") answer.warn(part.warnings);
        else if (part.type === "finish-step") answer.finish(part, part.rawFinishReason === undefined);
        else if (part.type === "error") answer.fail(part.error, hasBegun);
      }
    } else {
      const result = await sdk.generateText(settings);
      answer.warn(result.warnings ?? []);
      answer.text(result.text);
      answer.finish(result, false);
    }
  } catch (error) {
    answer.fail(error, hasBegun);
  }
  return { ...answer.end(signal.aborted), ...sent };
}

async function modelOf(endpoint: Endpoint, fetch: typeof globalThis.fetch) {
  switch (endpoint.provider) {
    case "openai":
      return (await import("./provider-openai.ts")).openaiModel(endpoint, fetch);
    case "anthropic":
      return (await import("./provider-anthropic.ts")).anthropicModel(endpoint, fetch);
    case "compatible":
    case "ollama":
      return (await import("./provider-compatible.ts")).compatibleModel(endpoint, fetch);
  }
}

/** As the client tells it; what the provider did not tell is undefined. */
interface Finish {
  readonly finishReason: string;
  readonly rawFinishReason?: string | undefined;
  readonly response: { readonly id: string; readonly modelId: string };
  readonly usage: {
    readonly inputTokens: number | undefined;
    readonly inputTokenDetails: {
      readonly cacheReadTokens: number | undefined;
      readonly cacheWriteTokens: number | undefined;
    };
    readonly outputTokens: number | undefined;
    readonly outputTokenDetails: { readonly reasoningTokens: number | undefined };
    /** In the provider's own words. */
    readonly raw?: unknown;
  };
}

type Warning =
  | {
      readonly type: "unsupported" | "compatibility";
      readonly feature: string;
      readonly details?: string | undefined;
    }
  | { readonly type: string; readonly message: string };

/** Gathers what comes. */
function createAnswer(startedAt: number, { clock, onText }: AskContext) {
  const texts: string[] = [];
  const warnings: string[] = [];
  const told = createToldUsage();
  let firstTokenAt: number | undefined;
  let finish: Finish | undefined;
  let hasEnded = false;
  let error: CallError | undefined;
  const token = () => {
    firstTokenAt ??= clock.now();
  };
  return {
    token,
    hear: told.hear,
    text(text: string) {
      if (text === "") return;
      token();
      texts.push(text);
      onText(text);
    },
    warn(found: readonly Warning[]) {
      for (const warning of found) {
        warnings.push(
          "feature" in warning
            ? `${warning.feature} ${warning.details ?? "is not supported"}`
            : warning.message,
        );
      }
    },
    finish(last: Finish, isCut: boolean) {
      finish = last;
      hasEnded = !isCut;
      if (isCut) error ??= { type: STREAM_CUT, message: "the stream ended before the answer did" };
      else if (last.finishReason === "content-filter")
        error ??= { type: REFUSED, message: "the model refused" };
    },
    fail(cause: unknown, hasBegun: boolean) {
      error ??= callError(cause, hasBegun);
    },
    end(isAborted: boolean) {
      const usage = (finish === undefined ? undefined : usageOf(finish.usage)) ?? told.usage();
      const hasFinished = finish !== undefined && error === undefined;
      const outcome = hasFinished ? "ok" : isAborted ? "aborted" : "error";
      return {
        outcome,
        text: texts.join(""),
        isUsageWhole: hasEnded && usage !== undefined,
        startedAt,
        durationSeconds: Math.max(0, clock.now() - startedAt) / 1000,
        warnings,
        ...(firstTokenAt === undefined ? {} : { firstTokenAt }),
        ...(usage === undefined ? {} : { usage }),
        ...(finish === undefined ? {} : { response: responseOf(finish) }),
        ...(outcome === "error" ? { error: error ?? { type: STREAM_CUT, message: "no answer came" } } : {}),
      } as const;
    },
  };
}

function responseOf({ response, finishReason, rawFinishReason }: Finish): NonNullable<LlmCalled["response"]> {
  return {
    ...(response.id === "" ? {} : { id: response.id }),
    ...(response.modelId === "" ? {} : { model: response.modelId }),
    finishReasons: [rawFinishReason ?? finishReason],
  };
}

function usageOf({ inputTokens, outputTokens, inputTokenDetails, outputTokenDetails, raw }: Finish["usage"]) {
  return usageOfCounts({
    input: inputTokens,
    cacheRead: inputTokenDetails.cacheReadTokens,
    cacheWrite: inputTokenDetails.cacheWriteTokens,
    cacheWriteHour: hourOfCacheCreation(raw),
    output: outputTokens,
    reasoning: outputTokenDetails.reasoningTokens,
    total: totalTokens(raw),
  });
}
