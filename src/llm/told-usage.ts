import type { LlmUsage } from "../projection/llm-facts.ts";
import { usageOfCounts } from "./token-counts.ts";

/** Listens to the chunks of Anthropic's streams for what they say of the usage. */
export interface ToldUsage {
  /** @param chunk as the provider sent it, parsed. Anything may be in it. */
  hear(chunk: unknown): void;
  /** What was told by now; undefined where nothing was. Nothing is estimated. */
  usage(): LlmUsage | undefined;
}

/**
 * For streams that end before they are over: the input is told in `message_start`, the output so far in
 * `message_delta` (https://docs.anthropic.com/en/api/messages-streaming). OpenAI tells nothing before the end.
 */
export function createToldUsage(): ToldUsage {
  let told: Fields = {};
  return {
    hear(chunk) {
      const { type, message, usage } = asFields(chunk);
      const more = asFields(type === "message_start" ? asFields(message).usage : usage);
      told = { ...told, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== null)) };
    },
    usage() {
      const rest = amount(told.input_tokens);
      const cacheRead = amount(told.cache_read_input_tokens);
      const cacheWrite = amount(told.cache_creation_input_tokens);
      return usageOfCounts({
        input: rest === undefined ? undefined : rest + (cacheRead ?? 0) + (cacheWrite ?? 0),
        cacheRead,
        cacheWrite,
        cacheWriteHour: hourOfCacheCreation(told),
        output: amount(told.output_tokens),
        reasoning: undefined,
      });
    },
  };
}

/** Of Anthropic's cache writes, those for an hour: they cost more than those for five minutes. */
export function hourOfCacheCreation(rawUsage: unknown): number | undefined {
  return amount(asFields(asFields(rawUsage).cache_creation).ephemeral_1h_input_tokens);
}

/** Of OpenAI's usage and of those who speak as it does. The client leaves it out of what it makes of it. */
export function totalTokens(rawUsage: unknown): number | undefined {
  return amount(asFields(rawUsage).total_tokens);
}

type Fields = Readonly<Record<string, unknown>>;

function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function amount(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
