import { hashText } from "../core/hash.ts";
import type { Owner } from "../core/owner.ts";
import type { SpanRecord } from "../core/span.ts";
import type { Fact } from "../journal/fact.ts";
import { type BegunSpan, beginSpan, endSpan, gateEvent, interruptedSpan } from "./run-spans.ts";

/** What has begun and not ended. JSON, as the checkpoint keeps it. */
export interface OpenSpans {
  /** By span id. */
  readonly open: Readonly<Record<string, OpenSpan>>;
  /** Closed as interrupted, and not accepted by the backend yet: their ends are decided once and for all. */
  readonly interrupted: readonly SpanRecord[];
  /** Ids of the latest that were closed as interrupted, oldest first. */
  readonly closed: readonly string[];
}

export interface OpenSpan {
  readonly span: BegunSpan;
  /** Whose death interrupts it. */
  readonly owner: Owner;
  readonly scope: string;
  /** Of the newest fact in its scope or below, milliseconds since the epoch. */
  readonly lastMs: number;
  /** Why the first span below it failed. */
  readonly cause?: string;
}

export const noOpenSpans: OpenSpans = { open: {}, interrupted: [], closed: [] };

/** Many more than one machine interrupts before their real ends come, if they ever do. */
const CLOSED_LIMIT = 1000;

/** What a sink adds to a span when it begins. */
export type DressSpan = (begun: BegunSpan, fact: Fact) => BegunSpan;

/**
 * Folds one fact into the spans of runs that are open, and the one that is over with it. What the sampler
 * left out when the fact was made is none.
 */
export function foldOpenSpans<State extends OpenSpans>(
  state: State,
  fact: Fact,
  dress: DressSpan = (begun) => begun,
): { readonly state: State; readonly span: SpanRecord | undefined } {
  const next = withActivity(state, fact);
  if (!fact.trace.sampled) return { state: next, span: undefined };
  const { spanId } = fact.trace;
  const begun = beginSpan(fact);
  if (begun !== undefined) {
    const opened = { span: dress(begun, fact), owner: fact.owner, scope: fact.scope, lastMs: fact.ts };
    return { state: withOpen(next, spanId, opened), span: undefined };
  }
  const current = next.open[spanId];
  const event = gateEvent(fact);
  if (event !== undefined) {
    if (current === undefined) return { state: next, span: undefined };
    const span = { ...current.span, events: [...current.span.events, event] };
    return { state: withOpen(next, spanId, { ...current, span }), span: undefined };
  }
  const end = endSpan(fact, current?.span, current?.cause);
  if (end === undefined) return { state: next, span: undefined };
  const { [spanId]: _, ...open } = next.open;
  const closed = withCause({ ...next, open }, fact.trace.parentSpanId, end.failure);
  const isLate = end.span !== undefined && state.closed.includes(spanId);
  return { state: closed, span: isLate ? lateSpan(end.span) : end.span };
}

/**
 * Closes the open spans that are over without their end: the innermost first, each at the newest time that is
 * known of it. The same state when there are none.
 */
export function closeInterrupted<State extends OpenSpans>(
  state: State,
  isOver: (span: OpenSpan) => boolean,
): State {
  const over = Object.entries(state.open).filter(([, open]) => isOver(open));
  if (over.length === 0) return state;
  const gone = new Set(over.map(([spanId]) => spanId));
  const innermostFirst = over.toSorted(([, a], [, b]) => DEPTH[b.span.kind] - DEPTH[a.span.kind]);
  return {
    ...state,
    open: Object.fromEntries(Object.entries(state.open).filter(([spanId]) => !gone.has(spanId))),
    interrupted: [
      ...state.interrupted,
      ...innermostFirst.map(([, { span, lastMs }]) => interruptedSpan(span, lastMs)),
    ],
    closed: [...state.closed, ...gone].slice(-CLOSED_LIMIT),
  };
}

/** Of runs, stages and processes. */
const DEPTH = { SERVER: 0, INTERNAL: 1, CLIENT: 2 } as const;

/** The real end of a span that was sent as interrupted: one of its own, always with the same id, linked to the first. */
function lateSpan(span: SpanRecord): SpanRecord {
  const { traceId, spanId } = span.identity;
  const lateId = `${hashText(spanId)}${hashText(`${spanId} late`)}`.slice(0, spanId.length);
  return {
    ...span,
    identity: { ...span.identity, spanId: lateId },
    links: [...span.links, { traceId, spanId, attributes: {} }],
  };
}

function withOpen<State extends OpenSpans>(state: State, spanId: string, span: OpenSpan): State {
  return { ...state, open: { ...state.open, [spanId]: span } };
}

/** Facts of a stage are news of its run, too. */
function withActivity<State extends OpenSpans>(state: State, { scope, ts }: Fact): State {
  const concerned = Object.entries(state.open).filter(
    ([, open]) =>
      open.lastMs < ts &&
      scope.startsWith(open.scope) &&
      (scope.length === open.scope.length || scope[open.scope.length] === "/"),
  );
  if (concerned.length === 0) return state;
  const renewed = concerned.map(([spanId, open]) => [spanId, { ...open, lastMs: ts }]);
  return { ...state, open: { ...state.open, ...Object.fromEntries(renewed) } };
}

function withCause<State extends OpenSpans>(
  state: State,
  parentId: string | undefined,
  cause: string | undefined,
): State {
  const parent = parentId === undefined ? undefined : state.open[parentId];
  if (parentId === undefined || parent === undefined || cause === undefined || parent.cause !== undefined) {
    return state;
  }
  return withOpen(state, parentId, { ...parent, cause });
}
