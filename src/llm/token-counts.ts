import { type LlmUsage, MAX_CALL_TOKENS } from "../projection/llm-facts.ts";

/** Tokens as a provider tells them; undefined where it does not. Parts are included in `input` and `output`. */
export interface TokenCounts {
  readonly input: number | undefined;
  readonly cacheRead: number | undefined;
  readonly cacheWrite: number | undefined;
  /** Of `cacheWrite`. */
  readonly cacheWriteHour: number | undefined;
  readonly output: number | undefined;
  readonly reasoning: number | undefined;
  /** Of all; absent where the provider tells none. */
  readonly total?: number | undefined;
}

/** Undefined where the provider told neither sum, or such that make no sense. */
export function usageOfCounts(counts: TokenCounts): LlmUsage | undefined {
  if (counts.input === undefined && counts.output === undefined) return undefined;
  const known = Object.values(counts).filter((tokens) => tokens !== undefined);
  if (known.some((tokens) => !(tokens <= MAX_CALL_TOKENS))) return undefined;
  const count = (tokens: number | undefined) => Math.max(0, Math.round(tokens ?? 0));
  const input = count(counts.input);
  const cacheCreation = count(counts.cacheWrite);
  const hour = Math.min(count(counts.cacheWriteHour), cacheCreation);
  return {
    input,
    cachedInput: count(counts.cacheRead),
    cacheCreation,
    ...(hour === 0 ? {} : { cacheCreationHour: hour }),
    // xAI and Gemini leave reasoning out of `completion_tokens`, and charge for it as output.
    output: Math.max(count(counts.output), count(counts.total) - input),
    reasoning: count(counts.reasoning),
  };
}
