import { calcPrice } from "@pydantic/genai-prices";

/**
 * What the package of public prices says, in US dollars; undefined where it knows no price. Loaded late, where one is asked for:
 * it holds the prices of all models.
 *
 * @param usage by the package's names; the parts are included in their sums.
 */
export function publicPrice(
  usage: Readonly<Record<string, number>>,
  model: string,
  provider: string | undefined,
  at: number,
): { readonly inputUsd: number; readonly outputUsd: number; readonly totalUsd: number } | undefined {
  const options = {
    timestamp: new Date(at),
    ...(provider === undefined ? {} : { providerId: provider }),
  };
  try {
    const price = calcPrice({ ...usage }, model, options);
    if (price === null) return undefined;
    const { input_price: inputUsd, output_price: outputUsd, total_price: totalUsd } = price;
    return { inputUsd, outputUsd, totalUsd };
  } catch {
    // It throws for usage that makes no sense to it, such as more cached tokens than there were.
    return undefined;
  }
}
