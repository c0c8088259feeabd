import type { Fact } from "../../src/journal/fact.ts";
import type { LlmCalled } from "../../src/projection/llm-facts.ts";
import { aFact } from "../journal/a-fact.ts";

export const CALL_START = 1_750_000_000_000;

/** A fact of a call of a model that took two seconds; everything that a caller may leave out is left out. */
export function aCall(data: Partial<LlmCalled> = {}, overrides: Partial<Fact> = {}): Fact {
  return aFact({
    type: "llm.called",
    ts: CALL_START + 2000,
    data: {
      persona: "backend-engineer",
      chatmode: "review",
      model: "gpt-x",
      outcome: "ok",
      tokens: 0,
      costUsd: null,
      startedAt: CALL_START,
      durationSeconds: 2,
      ...data,
    },
    ...overrides,
  });
}
