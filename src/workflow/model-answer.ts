import { err, ok, type Result } from "../core/result.ts";
import type { JsonCheck } from "./json-schema.ts";
import { ANSWER, isOutputKey } from "./names.ts";
import { MAX_OUTPUTS } from "./outputs.ts";
import type { Outputs } from "./run-store.ts";

/** What a model is told when its answer has to fit a schema. */
export function jsonInstructions(schema: unknown): string {
  return `Answer with one JSON document that fits this JSON Schema, and with nothing else, not even a code fence:\n${JSON.stringify(schema)}`;
}

/**
 * What a model's answer hands on: the whole as `answer`; of a JSON object that fits the schema also each text, number
 * and boolean, with its name in snake_case.
 *
 * Failure: why it does not fit, in one line.
 */
export function outputsOfAnswer(text: string, check: JsonCheck | undefined): Result<Outputs, string> {
  if (check === undefined) return ok({ [ANSWER]: text.trim() });
  const json = readJsonAnswer(text);
  if (!json.ok) return json;
  const problem = check(json.value.value);
  if (problem !== undefined) return err(`the answer does not fit its schema: ${problem}`);
  const outputs = { ...scalarsOf(json.value.value), [ANSWER]: json.value.text };
  if (Object.keys(outputs).length > MAX_OUTPUTS) return err(`the answer has more than ${MAX_OUTPUTS} fields`);
  return ok(outputs);
}

/** The JSON of an answer, also of one that stands in a code fence, as models like to write. */
export function readJsonAnswer(
  text: string,
): Result<{ readonly value: unknown; readonly text: string }, string> {
  const whole = text.trim();
  const fenced = /^```(?:json)?[ \t]*\n([\s\S]*?)\n?```$/.exec(whole)?.[1]?.trim();
  const json = fenced ?? whole;
  try {
    return ok({ value: JSON.parse(json) as unknown, text: json });
  } catch {
    return err("the answer is not JSON");
  }
}

function scalarsOf(value: unknown): Outputs {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const scalars = Object.entries(value).flatMap(([name, one]: [string, unknown]): [string, string][] => {
    const key = outputKeyOf(name);
    const isScalar = ["string", "number", "boolean"].includes(typeof one);
    return isScalar && isOutputKey(key) ? [[key, String(one)]] : [];
  });
  return Object.fromEntries(scalars);
}

/** `riskLevel` and `risk-level` are `risk_level`. */
export function outputKeyOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
}
