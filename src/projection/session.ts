import type { Fact } from "../journal/fact.ts";
import { isPersonaEnded, isPersonaSwitched } from "./facts.ts";

/** Which persona is active in which scope, since when, and which was before. JSON, as snapshots keep it. */
export interface SessionState {
  readonly scopes: Readonly<Record<string, ScopeState>>;
  /** No session in a run's scope idles out before, milliseconds since the epoch; absent where there is none. */
  readonly runsIdleAt?: number;
}

export interface ScopeState {
  readonly active: ActiveSession | null;
  /** What `switch -` goes back to. */
  readonly previous: { readonly persona: string; readonly chatmode: string } | null;
}

export interface ActiveSession {
  readonly persona: string;
  readonly chatmode: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Of the last fact in this scope. */
  readonly lastActivity: number;
  readonly idleTimeoutMs: number;
}

/** What a fact turned out to mean for a session, once its place in the journal is known. */
export type SessionEvent =
  | {
      readonly kind: "ended";
      readonly scope: string;
      readonly persona: string;
      readonly chatmode: string;
      readonly durationMs: number;
      readonly reason: "switch" | "end" | "idle";
    }
  | {
      readonly kind: "switched";
      readonly scope: string;
      /** `none` when no persona was active. */
      readonly from: string;
      readonly fromChatmode: string;
      readonly to: string;
      readonly chatmode: string;
    };

export const NO_PERSONA = "none";
export const DEFAULT_CHATMODE = "default";
export const GLOBAL_SCOPE = "global";

export const emptySession: SessionState = { scopes: {} };

const noEvents: readonly SessionEvent[] = [];

interface FoldedScope {
  readonly state: SessionState;
  /** Of the fact's own scope. */
  readonly events: readonly SessionEvent[];
}

export interface FoldedSession extends FoldedScope {
  /** Sessions of runs that were killed: by the fact's time they have idled out. No news to whoever made the fact. */
  readonly expired: readonly SessionEvent[];
}

/** Of a stage, or of one command: nobody goes back to it, so it is forgotten when its session is over. */
export function isRunScope(scope: string): boolean {
  return scope.startsWith("run:");
}

/**
 * Folds one fact. The journal's order alone decides what is a switch: a switch to what is already active
 * is activity, nothing more, so concurrent commands can never disagree.
 *
 * A session without a fact for its idle timeout is over at that moment; the persona stays active, and the
 * next fact begins its next session. Durations clamp at 0, for clocks that were set back.
 */
export function foldSession(state: SessionState, fact: Fact): FoldedSession {
  // Hundreds of runs cost a fact one comparison, and a walk only when one of them may have idled out.
  if (state.runsIdleAt === undefined || fact.ts <= state.runsIdleAt) {
    return { ...foldScope(state, fact), expired: noEvents };
  }
  const { state: rest, events } = forgetIdleRuns(state, fact.ts);
  return { ...foldScope(rest, fact), expired: events };
}

function foldScope(state: SessionState, fact: Fact): FoldedScope {
  const scope = state.scopes[fact.scope];
  if (isPersonaSwitched(fact)) {
    const { persona, chatmode, idleTimeoutMs } = fact.data;
    const active = scope?.active ?? null;
    const begun = { persona, chatmode, since: fact.ts, lastActivity: fact.ts, idleTimeoutMs };
    const previous = scope?.previous ?? null;
    if (active === null) {
      const event = switched(fact, NO_PERSONA, DEFAULT_CHATMODE);
      return { state: withScope(state, fact.scope, { active: begun, previous }), events: [event] };
    }
    if (active.persona === persona && active.chatmode === chatmode) {
      return touch(state, fact, active, previous, idleTimeoutMs);
    }
    const left = { persona: active.persona, chatmode: active.chatmode };
    return {
      state: withScope(state, fact.scope, { active: begun, previous: left }),
      events: [ended(fact.scope, active, fact.ts, "switch"), switched(fact, active.persona, active.chatmode)],
    };
  }
  if (scope?.active == null) return { state, events: noEvents };
  if (isPersonaEnded(fact)) {
    const { active } = scope;
    const events = [ended(fact.scope, active, fact.ts, "end")];
    if (isRunScope(fact.scope)) return { state: withoutScope(state, fact.scope), events };
    const left = { persona: active.persona, chatmode: active.chatmode };
    return { state: withScope(state, fact.scope, { active: null, previous: left }), events };
  }
  return touch(state, fact, scope.active, scope.previous, scope.active.idleTimeoutMs);
}

/** Something happened under the active persona: its session goes on, or, after an idle time, begins anew. */
function touch(
  state: SessionState,
  fact: Fact,
  active: ActiveSession,
  previous: ScopeState["previous"],
  idleTimeoutMs: number,
): FoldedScope {
  const idle = isIdle(active, fact.ts);
  const events = idle ? [ended(fact.scope, active, fact.ts, "idle")] : noEvents;
  const next = {
    ...active,
    idleTimeoutMs,
    lastActivity: fact.ts,
    since: idle ? fact.ts : active.since,
  };
  return { state: withScope(state, fact.scope, { active: next, previous }), events };
}

function forgetIdleRuns(state: SessionState, now: number): FoldedScope {
  const kept: [string, ScopeState][] = [];
  const events: SessionEvent[] = [];
  let runsIdleAt = Number.POSITIVE_INFINITY;
  for (const [scope, value] of Object.entries(state.scopes)) {
    const { active } = value;
    if (isRunScope(scope) && (active === null || isIdle(active, now))) {
      // Killed at some time after its last fact, and nobody knows when: what is known is counted.
      if (active !== null) events.push(ended(scope, active, active.lastActivity, "idle"));
      continue;
    }
    kept.push([scope, value]);
    if (isRunScope(scope) && active !== null) runsIdleAt = Math.min(runsIdleAt, idleAt(active));
  }
  const scopes = Object.fromEntries(kept);
  return { state: Number.isFinite(runsIdleAt) ? { scopes, runsIdleAt } : { scopes }, events };
}

function idleAt({ lastActivity, idleTimeoutMs }: ActiveSession): number {
  return lastActivity + idleTimeoutMs;
}

function isIdle(active: ActiveSession, now: number): boolean {
  return now - active.lastActivity > active.idleTimeoutMs;
}

function durationAt(active: ActiveSession, now: number): number {
  const end = isIdle(active, now) ? idleAt(active) : now;
  return Math.max(0, Math.round(end - active.since));
}

function ended(
  scope: string,
  active: ActiveSession,
  now: number,
  reason: "switch" | "end" | "idle",
): SessionEvent {
  return {
    kind: "ended",
    scope,
    persona: active.persona,
    chatmode: active.chatmode,
    durationMs: durationAt(active, now),
    reason: isIdle(active, now) ? "idle" : reason,
  };
}

function switched(
  fact: Fact<"persona.switched", { readonly persona: string; readonly chatmode: string }>,
  from: string,
  fromChatmode: string,
): SessionEvent {
  return {
    kind: "switched",
    scope: fact.scope,
    from,
    fromChatmode,
    to: fact.data.persona,
    chatmode: fact.data.chatmode,
  };
}

function withScope(state: SessionState, scope: string, value: ScopeState): SessionState {
  const scopes = { ...state.scopes, [scope]: value };
  if (!isRunScope(scope) || value.active === null) return { ...state, scopes };
  // A lower bound is enough: activity moves the end away, and the next walk finds out.
  return { scopes, runsIdleAt: Math.min(state.runsIdleAt ?? Number.POSITIVE_INFINITY, idleAt(value.active)) };
}

function withoutScope(state: SessionState, scope: string): SessionState {
  const { [scope]: _, ...scopes } = state.scopes;
  return { ...state, scopes };
}

/** A scope's session as it stands at a moment. */
export interface SessionView {
  readonly persona: string;
  readonly chatmode: string;
  readonly since: number;
  readonly durationMs: number;
  /** The session is over for want of activity, though the persona is still the active one. */
  readonly idle: boolean;
}

export function viewSession(state: SessionState, scope: string, now: number): SessionView | undefined {
  const active = state.scopes[scope]?.active;
  if (active == null) return undefined;
  return {
    persona: active.persona,
    chatmode: active.chatmode,
    since: active.since,
    durationMs: durationAt(active, now),
    idle: isIdle(active, now),
  };
}
