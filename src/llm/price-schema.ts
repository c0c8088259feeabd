import * as z from "zod";
import type { Failure } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import { schemaProblems } from "../core/schema-problem.ts";
import { parseSource } from "../core/source.ts";
import type { PriceOverrides } from "./price.ts";

const rate = z.number().min(0).max(1e6);

const pricesSchema = z.record(
  z.string().min(1),
  z.strictObject({
    input: rate,
    output: rate,
    cachedInput: rate.exactOptional(),
    cacheCreation: rate.exactOptional(),
    cacheCreationHour: rate.exactOptional(),
  }),
);

const HINT =
  "Write for instance openai/gpt-4o: {input: 2.5, cachedInput: 1.25, output: 10}, in US dollars per million tokens.";

export function parsePrices(text: string, file: string): Result<PriceOverrides, Failure> {
  const broken = (line: number, column: number, message: string) =>
    err({ reason: "broken-prices", message: `${file}:${line}:${column}: ${message}`, hint: HINT });
  const source = parseSource(text, "yaml");
  if (!source.ok) return broken(source.error.line, source.error.column, source.error.message);
  // A file with nothing but comments.
  if (source.value.value === null) return ok(new Map());
  const parsed = pricesSchema.safeParse(source.value.value);
  if (parsed.success) return ok(new Map(Object.entries(parsed.data)));
  const [first] = schemaProblems(parsed.error.issues, source.value, () => HINT);
  return broken(first.line, first.column, first.message);
}
