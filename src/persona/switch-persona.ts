import type { Clock } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import type { Home } from "../core/home.ts";
import { appendFact } from "../journal/append.ts";
import { makeFact } from "../journal/make-fact.ts";
import type { PersonaEnded, PersonaSwitched } from "../projection/facts.ts";
import { type SessionEvent, viewSession } from "../projection/session.ts";
import type { SessionReader } from "../projection/session-store.ts";
import { shellOwner } from "../projection/shell-scope.ts";

/** What changing the active persona needs from outside. */
export interface SwitchContext {
  readonly home: Home;
  readonly env: Environment;
  readonly clock: Clock;
  readonly version: string;
  /** When the command began, milliseconds since the epoch. */
  readonly startedAt: number;
  readonly segmentBytes: number;
  readonly idleTimeoutMs: number;
}

export interface SwitchOutcome {
  /** Where it is the active one now. */
  readonly scope: string;
  readonly persona: string;
  readonly chatmode: string;
  /** `already`: it was the active one before, by the journal's order. */
  readonly kind: "switched" | "already" | "resumed";
  /** The persona before, `none` at the first; absent unless switched. */
  readonly from?: string;
  readonly fromChatmode?: string;
  /** Of the session that ended with it. */
  readonly endedAfterMs?: number;
  /** How long the session has lasted that goes on. */
  readonly activeForMs?: number;
}

/**
 * Makes a persona the active one of a scope. What it replaced, and for how long that was active, comes from the
 * journal after the fact is in it, never from what was read before.
 *
 * @throws the system's error when the fact could not be written; nothing has changed then.
 */
export function switchPersona(
  context: SwitchContext,
  session: SessionReader,
  scope: string,
  persona: string,
  chatmode: string,
): SwitchOutcome {
  const now = context.clock.now();
  const before = viewSession(session.state, scope, now);
  const same = before?.persona === persona && before.chatmode === chatmode;
  if (same && !before.idle)
    return { scope, persona, chatmode, kind: "already", activeForMs: before.durationMs };
  const shell = shellOwner(scope);
  const data: PersonaSwitched = {
    persona,
    chatmode,
    startedAt: context.startedAt,
    idleTimeoutMs: context.idleTimeoutMs,
    ...(shell === undefined ? {} : { shell }),
  };
  const events = append(context, session, "persona.switched", scope, data);
  const ended = events.find((event) => event.kind === "ended");
  const switched = events.find((event) => event.kind === "switched");
  const endedAfter = ended === undefined ? {} : { endedAfterMs: ended.durationMs };
  if (switched === undefined) {
    return ended === undefined
      ? { scope, persona, chatmode, kind: "already" }
      : { scope, persona, chatmode, kind: "resumed", ...endedAfter };
  }
  return {
    scope,
    persona,
    chatmode,
    kind: "switched",
    from: switched.from,
    fromChatmode: switched.fromChatmode,
    ...endedAfter,
  };
}

export interface EndOutcome {
  readonly persona: string;
  readonly chatmode: string;
  readonly durationMs: number;
}

/** Ends a scope's session, after which no persona is active there. @returns undefined when none was. */
export function endSession(
  context: SwitchContext,
  session: SessionReader,
  scope: string,
  data: PersonaEnded = {},
): EndOutcome | undefined {
  if (viewSession(session.state, scope, context.clock.now()) === undefined) return undefined;
  const events = append(context, session, "persona.ended", scope, data);
  const ended = events.find((event) => event.kind === "ended");
  return ended && { persona: ended.persona, chatmode: ended.chatmode, durationMs: ended.durationMs };
}

function append(
  context: SwitchContext,
  session: SessionReader,
  type: "persona.switched" | "persona.ended",
  scope: string,
  data: object,
): readonly SessionEvent[] {
  const fact = makeFact(context, { type, scope, data });
  const near = session.cursor === undefined ? {} : { near: session.cursor.segment };
  const journal = { dir: context.home.journal, segmentBytes: context.segmentBytes, ...near };
  let events: readonly SessionEvent[] = [];
  appendFact(journal, fact, {
    // A power cut that leaves the session on the disk and not the fact takes no report of it along.
    beforeSync: (place) => {
      events = session.accept(fact, place);
      session.keep(scope);
    },
  });
  return events;
}
