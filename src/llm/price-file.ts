import fs from "node:fs";
import { readDefinitionText } from "../core/definition-text.ts";
import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { PriceOverrides } from "./price.ts";

/**
 * The user's own prices; none where the file is missing. Failure `broken-prices`, with the place of the first thing
 * that is wrong: a price that is passed over silently would be a wrong one.
 *
 * @param file YAML or JSON.
 */
export async function readPriceFile(file: string): Promise<Result<PriceOverrides, Failure>> {
  if (!fs.existsSync(file)) return ok(new Map());
  const text = readDefinitionText(file);
  if (!text.ok) {
    return err({ reason: "broken-prices", message: `${file}: ${text.error.message}`, hint: text.error.hint });
  }
  const { parsePrices } = await import("./price-schema.ts");
  return parsePrices(text.value, file);
}
