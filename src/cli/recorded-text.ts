import type { LlmCalledFact } from "../projection/llm-facts.ts";
import { count, usd } from "./llm-text.ts";

/** What a batch of recorded calls came to, in one line; nothing of none. */
export function recordedText(facts: readonly LlmCalledFact[]): string {
  const [first] = facts;
  if (first === undefined) return "";
  const tokens = facts.reduce((sum, { data }) => sum + data.tokens, 0);
  const cost = facts.reduce((sum, { data }) => sum + (data.costUsd ?? 0), 0);
  const unknown = facts.filter(({ data }) => data.costUsd === null).length;
  const what = facts.length === 1 ? `a call of ${first.data.model}` : `${count(facts.length)} calls`;
  const price =
    unknown === 0
      ? usd(cost)
      : unknown === facts.length
        ? "price unknown"
        : `${usd(cost)} and ${count(unknown)} of unknown price`;
  const personas = new Set(facts.map(({ data }) => data.persona));
  const whom = personas.size === 1 ? first.data.persona : `${personas.size} personas`;
  return `Recorded ${what} under ${whom}: ${count(tokens)} tokens, ${price}\n`;
}
