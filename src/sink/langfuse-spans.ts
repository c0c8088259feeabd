import type { Attributes } from "../core/span.ts";
import type { Fact } from "../journal/fact.ts";
import { isLlmCalled } from "../projection/facts.ts";
import { generationSpan } from "./langfuse-generation.ts";
import { identityAttributes } from "./langfuse-identity.ts";
import { foldScores, noScores, type ScoreFold } from "./langfuse-scores.ts";
import { noOpenSpans } from "./open-spans.ts";
import { emptySpanFold, foldSpans, type SpanFold } from "./otlp-spans.ts";
import type { ReplayedSpan } from "./replayed.ts";

export interface LangfuseFold extends SpanFold, ScoreFold {}

export const emptyLangfuseFold: LangfuseFold = { ...emptySpanFold, ...noScores };

/**
 * Folds one fact into the observation that is over with it: the same spans as over OTLP, with what Langfuse wants
 * to know of each, and calls of models as generations. Other attributes stay plain here; `observationOf` makes
 * metadata of them.
 *
 * @param segment that the fact lies in.
 */
export function foldLangfuse(
  state: LangfuseFold,
  fact: Fact,
  segment: number,
): { readonly state: LangfuseFold; readonly span: ReplayedSpan | undefined } {
  const dress = <Span extends { readonly attributes: Attributes }>(span: Span): Span => ({
    ...span,
    attributes: { ...describe(fact, state), ...span.attributes },
  });
  const folded = foldSpans(state, fact, dress);
  const next = foldScores(folded.state, fact);
  if (isLlmCalled(fact)) {
    if (!fact.trace.sampled) return { state: next, span: undefined };
    return { state: next, span: generationSpan(fact, segment, identityAttributes(fact, state)) };
  }
  // What its beginning told stays; one whose beginning is not known tells now what it can.
  return { state: next, span: folded.span === undefined ? undefined : dress(folded.span) };
}

function describe(fact: Fact, state: LangfuseFold): Attributes {
  return {
    ...identityAttributes(fact, state),
    "langfuse.observation.type": fact.type === "persona.switched" ? "event" : "span",
  };
}

/** Who was active stays known; nothing else from before is waited for. */
export function freshLangfuseFold(state: LangfuseFold): LangfuseFold {
  return { ...state, ...noOpenSpans, ...noScores };
}
