import type { Fact } from "../journal/fact.ts";
import { isText } from "./facts.ts";
import { SCORE_DATA_TYPES, type ScoreGiven, type ScoreGivenFact } from "./llm-facts.ts";

/** As the other guards: nothing in a fact is trusted because its type says so. */
export function isScoreGiven(fact: Fact): fact is ScoreGivenFact {
  const data: Partial<Record<keyof ScoreGiven, unknown>> = fact.data;
  return (
    fact.type === "score.given" &&
    isId(data.traceId, 32) &&
    (data.spanId === undefined || isId(data.spanId, 16)) &&
    isText(data.name) &&
    SCORE_DATA_TYPES.some((type) => type === data.dataType) &&
    (data.dataType === "CATEGORICAL" ? isText(data.value) : Number.isFinite(data.value)) &&
    (data.comment === undefined || typeof data.comment === "string")
  );
}

function isId(value: unknown, digits: number): boolean {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(value);
}
