import type { Owner } from "../core/owner.ts";
import type { Fact } from "../journal/fact.ts";
import { isPersonaEnded, isPersonaSwitched } from "./facts.ts";

/** Which persona is active in which scope, since when, and which was before. JSON, as snapshots keep it. */
export interface SessionState {
  readonly scopes: Readonly<Record<string, ScopeState>>;
  /** No scope is to be forgotten before, milliseconds since the epoch; absent where none ever is. */
  readonly forgetAt?: number;
}

export interface ScopeState {
  readonly active: ActiveSession | null;
  /** What `switch -` goes back to. */
  readonly previous: { readonly persona: string; readonly chatmode: string } | null;
  /** When its last session was ended, milliseconds since the epoch; absent while a persona is active. */
  readonly endedAt?: number;
}

export interface ActiveSession {
  readonly persona: string;
  readonly chatmode: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Of the last fact in this scope. */
  readonly lastActivity: number;
  readonly idleTimeoutMs: number;
  /** The id of the fact that made it the active one; absent in what older programs kept. */
  readonly switchId?: string;
  /** The shell whose session it is, where it could be told. */
  readonly shell?: Owner;
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

const DAY_MS = 24 * 3_600_000;

/** How long a shell or a project whose session was ended can still be switched back in. */
const KEPT_ENDED_MS = DAY_MS;

/** How long the persona of a shell or a project stays without a fact: a terminal may stand open over holidays. */
const KEPT_IDLE_MS = 30 * DAY_MS;

export const emptySession: SessionState = { scopes: {} };

/** What snapshots of the ledger before schema 4 hold: only scopes of runs were ever forgotten. */
export function upgradeSession(state: SessionState & { readonly runsIdleAt?: number }): SessionState {
  const { runsIdleAt, ...session } = state;
  return runsIdleAt === undefined ? state : { ...session, forgetAt: runsIdleAt };
}

const noEvents: readonly SessionEvent[] = [];

interface FoldedScope {
  readonly state: SessionState;
  /** Of the fact's own scope. */
  readonly events: readonly SessionEvent[];
}

export interface FoldedSession extends FoldedScope {
  /** Of scopes that are forgotten by the fact's time: runs that were killed, shells left behind. No news to whoever made the fact. */
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
 *
 * Every scope but the global one is forgotten some time after its last fact, so that the state stays small
 * however many runs, shells and projects there were.
 */
export function foldSession(state: SessionState, fact: Fact): FoldedSession {
  // Hundreds of scopes cost a fact one comparison, and a walk only when one of them may be over.
  if (state.forgetAt === undefined || fact.ts <= state.forgetAt) {
    return { ...foldScope(state, fact), expired: noEvents };
  }
  const { state: rest, events } = forgetScopes(state, fact.ts);
  return { ...foldScope(rest, fact), expired: events };
}

function foldScope(state: SessionState, fact: Fact): FoldedScope {
  const scope = state.scopes[fact.scope];
  if (isPersonaSwitched(fact)) {
    const { persona, chatmode, idleTimeoutMs, shell } = fact.data;
    const active = scope?.active ?? null;
    const whose = shell === undefined ? {} : { shell };
    const times = { since: fact.ts, lastActivity: fact.ts, idleTimeoutMs };
    const begun = { persona, chatmode, ...times, switchId: fact.id, ...whose };
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
    // Of a shell that was killed nobody knows when: what is known is counted.
    const at = fact.data.reason === "gone" ? active.lastActivity : fact.ts;
    const events = [ended(fact.scope, active, at, "end")];
    if (isRunScope(fact.scope)) return { state: withoutScope(state, fact.scope), events };
    const left = { persona: active.persona, chatmode: active.chatmode };
    const value = { active: null, previous: left, ...(isKept(fact.scope) ? {} : { endedAt: fact.ts }) };
    return { state: withScope(state, fact.scope, value), events };
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

function forgetScopes(state: SessionState, now: number): FoldedScope {
  const kept: [string, ScopeState][] = [];
  const events: SessionEvent[] = [];
  let forgetAt = Number.POSITIVE_INFINITY;
  for (const [scope, value] of Object.entries(state.scopes)) {
    const until = keptUntil(scope, value);
    if (until < now) {
      const { active } = value;
      // A run was killed at some time after its last fact, and nobody knows when: what is known is counted.
      const end = isRunScope(scope) ? active?.lastActivity : now;
      if (active !== null && end !== undefined) events.push(ended(scope, active, end, "idle"));
      continue;
    }
    kept.push([scope, value]);
    forgetAt = Math.min(forgetAt, until);
  }
  const scopes = Object.fromEntries(kept);
  return { state: Number.isFinite(forgetAt) ? { scopes, forgetAt } : { scopes }, events };
}

/** Until when a scope is remembered, should nothing more happen in it; milliseconds since the epoch. */
function keptUntil(scope: string, { active, endedAt }: ScopeState): number {
  if (isKept(scope)) return Number.POSITIVE_INFINITY;
  if (isRunScope(scope)) return active === null ? Number.NEGATIVE_INFINITY : idleAt(active);
  if (active === null) return endedAt === undefined ? Number.NEGATIVE_INFINITY : endedAt + KEPT_ENDED_MS;
  return Math.max(idleAt(active), active.lastActivity + KEPT_IDLE_MS);
}

/** For good. */
function isKept(scope: string): boolean {
  return scope === GLOBAL_SCOPE;
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
  const until = keptUntil(scope, value);
  if (until === Number.POSITIVE_INFINITY) return { ...state, scopes };
  // A lower bound is enough: activity moves the end away, and the next walk finds out.
  return { scopes, forgetAt: Math.min(state.forgetAt ?? Number.POSITIVE_INFINITY, until) };
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
