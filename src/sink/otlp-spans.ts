import type { SpanRecord } from "../core/span.ts";
import type { Fact } from "../journal/fact.ts";
import { isPersonaSwitched } from "../projection/facts.ts";
import { emptySession, foldSession, type SessionState } from "../projection/session.ts";
import { llmSpan } from "./llm-spans.ts";
import { type DressSpan, foldOpenSpans, noOpenSpans, type OpenSpans } from "./open-spans.ts";

/** What the sink needs to know of all facts before its place. */
export interface SpanFold extends OpenSpans {
  readonly session: SessionState;
}

export const emptySpanFold: SpanFold = { session: emptySession, ...noOpenSpans };

/**
 * Folds one fact into the span that is over with it. From where and to what a switch led is told by the
 * journal's order, as everywhere. A switch to what was active already is no span, nor is one that the
 * sampler left out when its fact was made.
 */
export function foldSpans<State extends SpanFold>(
  state: State,
  fact: Fact,
  dress?: DressSpan,
): { readonly state: State; readonly span: SpanRecord | undefined } {
  const { state: session, events } = foldSession(state.session, fact);
  const switched = events.find((event) => event.kind === "switched");
  const next = session === state.session ? state : { ...state, session };
  const ofRun = foldOpenSpans(next, fact, dress);
  const call = llmSpan(fact);
  if (call !== undefined) return { state: ofRun.state, span: call };
  if (switched === undefined || !isPersonaSwitched(fact) || !fact.trace.sampled) return ofRun;
  const span: SpanRecord = {
    identity: fact.trace,
    name: "persona_switch",
    kind: "INTERNAL",
    // The clock may have been set between the two.
    startMs: Math.min(fact.data.startedAt, fact.ts),
    endMs: fact.ts,
    attributes: {
      from_persona: switched.from,
      to_persona: switched.to,
      chatmode: switched.chatmode,
    },
    status: { code: "OK" },
    events: [],
    links: [],
    resource: fact.resource,
  };
  return { state: ofRun.state, span };
}
