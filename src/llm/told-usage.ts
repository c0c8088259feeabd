import type { LlmUsage } from "../projection/llm-facts.ts";
import { type TokenCounts, usageOfCounts } from "./token-counts.ts";

/** Listens to the chunks of a stream for what they say of its usage. */
export interface ToldUsage {
  /** @param chunk as the provider sent it, parsed. Anything may be in it. */
  hear(chunk: unknown): void;
  /** What was told by now; undefined where nothing was. Nothing is estimated. */
  usage(): LlmUsage | undefined;
}

/**
 * For streams that end before they are over. Anthropic tells the input in `message_start`, the output so far in
 * `message_delta` (https://docs.anthropic.com/en/api/messages-streaming); OpenAI tells both in the last chunk, and
 * servers that speak as it does may in each.
 */
export function createToldUsage(): ToldUsage {
  let told: Fields = {};
  return {
    hear(chunk) {
      const { type, message, usage } = asFields(chunk);
      const more = asFields(type === "message_start" ? asFields(message).usage : usage);
      told = { ...told, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== null)) };
    },
    usage: () => usageOfCounts("prompt_tokens" in told ? openaiCounts(told) : anthropicCounts(told)),
  };
}

/** Of Anthropic's cache writes, those for an hour: they cost more than those for five minutes. */
export function hourOfCacheCreation(rawUsage: unknown): number | undefined {
  return amount(asFields(asFields(rawUsage).cache_creation).ephemeral_1h_input_tokens);
}

function anthropicCounts(told: Fields): TokenCounts {
  const rest = amount(told.input_tokens);
  const cacheRead = amount(told.cache_read_input_tokens);
  const cacheWrite = amount(told.cache_creation_input_tokens);
  return {
    input: rest === undefined ? undefined : rest + (cacheRead ?? 0) + (cacheWrite ?? 0),
    cacheRead,
    cacheWrite,
    cacheWriteHour: hourOfCacheCreation(told),
    output: amount(told.output_tokens),
    reasoning: undefined,
  };
}

function openaiCounts(told: Fields): TokenCounts {
  return {
    input: amount(told.prompt_tokens),
    cacheRead: amount(asFields(told.prompt_tokens_details).cached_tokens),
    cacheWrite: undefined,
    cacheWriteHour: undefined,
    output: amount(told.completion_tokens),
    reasoning: amount(asFields(told.completion_tokens_details).reasoning_tokens),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function amount(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
