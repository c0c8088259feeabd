import { isAmount } from "../projection/facts.ts";
import type { LlmUsage } from "../projection/llm-facts.ts";
import type { ModelName } from "./model-name.ts";

/**
 * US dollars per million tokens. What is left out costs what any other input costs, and what is written for an hour
 * what is written at all.
 */
export interface ModelRates {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number;
  readonly cacheCreation?: number;
  readonly cacheCreationHour?: number;
}

/** The user's own prices, by `<provider>/<model>` or `<model>`. */
export type PriceOverrides = ReadonlyMap<string, ModelRates>;

export interface Price {
  readonly costUsd: number;
  readonly cost: { readonly inputUsd: number; readonly outputUsd: number };
}

export interface PricedCall extends ModelName {
  readonly usage: LlmUsage;
  /** Prices change; milliseconds since the epoch. */
  readonly at: number;
}

/** What a call cost: by the user's prices, else by the public ones, else null. Unknown is unknown, never 0 $. */
export async function priceOf(call: PricedCall, overrides: PriceOverrides): Promise<Price | null> {
  const rates = ratesFor(call, overrides);
  if (rates !== undefined) return byRates(call.usage, rates);
  const { publicPrice } = await loadPrices();
  const price = publicPrice(packageUsage(call.usage), call.model, call.provider, call.at);
  if (price === undefined || !isAmount(price.totalUsd)) return null;
  return { costUsd: price.totalUsd, cost: { inputUsd: price.inputUsd, outputUsd: price.outputUsd } };
}

/** Ahead of time, so that its loading falls into the time that a call takes anyway. */
export function loadPrices(): Promise<typeof import("./price-package.ts")> {
  return import("./price-package.ts");
}

/** Where the caller named no provider, the user's price of that model counts, if there is one only. */
function ratesFor({ provider, model }: ModelName, overrides: PriceOverrides): ModelRates | undefined {
  const exact = provider === undefined ? undefined : overrides.get(`${provider}/${model}`);
  const known = exact ?? overrides.get(model);
  if (known !== undefined || provider !== undefined) return known;
  const [only, ...others] = [...overrides].filter(([name]) => name.endsWith(`/${model}`));
  return others.length === 0 ? only?.[1] : undefined;
}

function byRates(usage: LlmUsage, rates: ModelRates): Price {
  const { input, cachedInput, cacheCreation, cacheCreationHour = 0, output } = usage;
  const { cacheCreation: writing = rates.input } = rates;
  const plainInput = Math.max(0, input - cachedInput - cacheCreation);
  const inputUsd =
    (plainInput * rates.input +
      cachedInput * (rates.cachedInput ?? rates.input) +
      (cacheCreation - cacheCreationHour) * writing +
      cacheCreationHour * (rates.cacheCreationHour ?? writing)) /
    1e6;
  const outputUsd = (output * rates.output) / 1e6;
  return { costUsd: inputUsd + outputUsd, cost: { inputUsd, outputUsd } };
}

/** Parts that are 0 are left out: a model without a price for them has a price all the same. */
function packageUsage(usage: LlmUsage): Record<string, number> {
  const parts = {
    cache_read_tokens: usage.cachedInput,
    cache_write_tokens: usage.cacheCreation,
    cache_write_1h_tokens: usage.cacheCreationHour ?? 0,
    output_reasoning_tokens: usage.reasoning,
  };
  return {
    input_tokens: usage.input,
    output_tokens: usage.output,
    ...Object.fromEntries(Object.entries(parts).filter(([, tokens]) => tokens > 0)),
  };
}
