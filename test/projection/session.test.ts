import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fact } from "../../src/journal/fact.ts";
import {
  emptySession,
  foldSession,
  isRunScope,
  type SessionEvent,
  type SessionState,
  viewSession,
} from "../../src/projection/session.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { arbitraryFacts } from "./arbitrary-facts.ts";

const HOUR_MS = 3_600_000;
const START = 1_750_000_000_000;

function fold(facts: readonly Fact[], from: SessionState = emptySession) {
  let state = from;
  const events: SessionEvent[] = [];
  for (const fact of facts) {
    const folded = foldSession(state, fact);
    state = folded.state;
    events.push(...folded.expired, ...folded.events);
  }
  return { state, events };
}

test("the state at any cut, kept as JSON, and the tail make the whole", () => {
  fc.assert(
    fc.property(arbitraryFacts, fc.nat(), (facts, at) => {
      const cut = at % (facts.length + 1);
      const before = fold(facts.slice(0, cut));
      const kept = JSON.parse(JSON.stringify(before.state)) as SessionState;
      const after = fold(facts.slice(cut), kept);
      const whole = fold(facts);
      expect(after.state).toEqual(whole.state);
      expect([...before.events, ...after.events]).toEqual(whole.events);
    }),
  );
});

test("durations are whole and never negative, however the clocks jump", () => {
  fc.assert(
    fc.property(arbitraryFacts, fc.integer({ min: -1e9, max: 1e9 }), (facts, later) => {
      const { state, events } = fold(facts);
      for (const event of events) {
        if (event.kind !== "ended") continue;
        expect(event.durationMs).toBeGreaterThanOrEqual(0);
        expect(Number.isSafeInteger(event.durationMs)).toBe(true);
      }
      for (const scope of Object.keys(state.scopes)) {
        const view = viewSession(state, scope, START + later);
        if (view !== undefined) expect(view.durationMs).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test("the global scope knows of no other", () => {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      const whole = fold(facts).state;
      const alone = fold(facts.filter(({ scope }) => scope === "global")).state;
      expect(whole.scopes.global).toEqual(alone.scopes.global);
    }),
  );
});

test("each switch leaves what the one before entered, and changes something", () => {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      let state = emptySession;
      for (const fact of facts) {
        const folded = foldSession(state, fact);
        const isOver = folded.expired.some(({ scope }) => scope === fact.scope);
        const before = isOver ? null : (state.scopes[fact.scope]?.active ?? null);
        state = folded.state;
        const switched = folded.events.find((event) => event.kind === "switched");
        if (switched === undefined) continue;
        expect([switched.from, switched.fromChatmode]).toEqual([
          before?.persona ?? "none",
          before?.chatmode ?? "default",
        ]);
        expect([before?.persona, before?.chatmode]).not.toEqual([switched.to, switched.chatmode]);
        expect(state.scopes[fact.scope]?.active).toMatchObject({ persona: switched.to, since: fact.ts });
      }
    }),
  );
});

test("a switch to what is active is activity and nothing else", () => {
  const { state, events } = fold([
    aSwitch("architect", { ts: START }),
    aSwitch("architect", { ts: START + 7 * HOUR_MS }),
  ]);
  expect(events.filter(({ kind }) => kind === "ended")).toEqual([]);
  expect(viewSession(state, "global", START + 14 * HOUR_MS)).toMatchObject({
    since: START,
    durationMs: 14 * HOUR_MS,
    idle: false,
  });
});

test("another chatmode of the same persona is a switch", () => {
  const { events } = fold([aSwitch("architect"), aSwitch("architect", { chatmode: "review" })]);
  expect(events.at(-1)).toMatchObject({
    kind: "switched",
    from: "architect",
    to: "architect",
    chatmode: "review",
  });
});

test("without activity a session ends at its idle timeout, and the persona stays active", () => {
  const friday = fold([aSwitch("architect", { ts: START }), aFact({ ts: START + HOUR_MS })]);
  const monday = START + 64 * HOUR_MS;
  expect(viewSession(friday.state, "global", monday)).toEqual({
    persona: "architect",
    chatmode: "default",
    since: START,
    durationMs: 9 * HOUR_MS,
    idle: true,
  });
  const { state, events } = fold([aSwitch("testing-specialist", { ts: monday })], friday.state);
  expect(events).toMatchObject([
    { kind: "ended", persona: "architect", durationMs: 9 * HOUR_MS, reason: "idle" },
    { kind: "switched", from: "architect", to: "testing-specialist" },
  ]);
  expect(state.scopes.global?.previous).toEqual({ persona: "architect", chatmode: "default" });
});

test("activity after an idle time begins the next session of the same persona", () => {
  const { state, events } = fold([
    aSwitch("architect", { ts: START }),
    aFact({ ts: START + 9 * HOUR_MS }),
    aFact({ type: "persona.ended", ts: START + 10 * HOUR_MS }),
  ]);
  expect(events.filter(({ kind }) => kind === "ended")).toMatchObject([
    { durationMs: 8 * HOUR_MS, reason: "idle" },
    { durationMs: HOUR_MS, reason: "end" },
  ]);
  expect(viewSession(state, "global", START)).toBeUndefined();
});

test("exactly at its timeout a session is not over yet", () => {
  const { state } = fold([aSwitch("architect", { ts: START })]);
  expect(viewSession(state, "global", START + 8 * HOUR_MS)).toMatchObject({ idle: false });
  expect(viewSession(state, "global", START + 8 * HOUR_MS + 1)).toMatchObject({
    idle: true,
    durationMs: 8 * HOUR_MS,
  });
});

test("an end where nothing is active changes nothing", () => {
  expect(fold([aFact({ type: "persona.ended" })])).toEqual({ state: emptySession, events: [] });
});

const DAY_MS = 24 * HOUR_MS;

test("what a shell or a project has lasts as long as nobody else's time says that it is over", () => {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      const { state } = fold(facts);
      const last = facts.at(-1);
      if (last === undefined) return;
      for (const [scope, { active, endedAt }] of Object.entries(state.scopes)) {
        if (scope === "global") continue;
        const touched = active?.lastActivity ?? endedAt ?? Number.NaN;
        expect(touched).toBeGreaterThanOrEqual(last.ts - 31 * DAY_MS);
      }
    }),
  );
});

test("an ended shell can be switched back in for a day, and is forgotten then", () => {
  const shell = { scope: "shell:7-a" };
  const { state } = fold([
    aSwitch("architect", { ...shell, ts: START }),
    aFact({ type: "persona.ended", ...shell, ts: START + 5000 }),
    aFact({ ts: START + 5000 + DAY_MS }),
  ]);
  expect(state.scopes["shell:7-a"]?.previous).toEqual({ persona: "architect", chatmode: "default" });
  expect(fold([aFact({ ts: START + 5001 + DAY_MS })], state).state.scopes).toEqual({});
});

test("a shell that nobody uses keeps its persona for 30 days, its session ends idle long before", () => {
  const { state } = fold([
    aSwitch("architect", { scope: "shell:7-a", ts: START }),
    aFact({ ts: START + 30 * DAY_MS }),
  ]);
  expect(viewSession(state, "shell:7-a", START + 30 * DAY_MS)).toMatchObject({
    persona: "architect",
    idle: true,
  });
  const { state: later, expired, events } = foldSession(state, aFact({ ts: START + 30 * DAY_MS + 1 }));
  expect(later).toEqual({ scopes: {} });
  expect(expired).toMatchObject([{ scope: "shell:7-a", durationMs: 8 * HOUR_MS, reason: "idle" }]);
  expect(events).toEqual([]);
});

test("of a shell that was found gone its last fact is the end", () => {
  const shell = { scope: "shell:7-a" };
  const { state, events } = fold([
    aSwitch("architect", { ...shell, ts: START }),
    aFact({ ...shell, ts: START + 5000 }),
    aFact({ type: "persona.ended", ...shell, ts: START + HOUR_MS, data: { reason: "gone" } }),
  ]);
  expect(events.at(-1)).toMatchObject({ kind: "ended", durationMs: 5000, reason: "end" });
  expect(viewSession(state, "shell:7-a", START)).toBeUndefined();
});

test("a thousand shells leave nothing behind", () => {
  const shells = Array.from({ length: 1000 }, (_, index) => [
    aSwitch("architect", { scope: `shell:${index + 1}-a`, ts: START + index * HOUR_MS }),
    aFact({ type: "persona.ended", scope: `shell:${index + 1}-a`, ts: START + index * HOUR_MS + 1 }),
  ]);
  expect(Object.keys(fold(shells.flat()).state.scopes).length).toBeLessThan(30);
});

const BUILD = "run:1/build";
const TEST = "run:1/test";

test("a run's scope is forgotten when its session ends, and its duration is told", () => {
  const { state, events } = fold([
    aSwitch("architect", { ts: START }),
    aSwitch("testing-specialist", { scope: BUILD, ts: START }),
    aFact({ type: "persona.ended", scope: BUILD, ts: START + 5000 }),
  ]);
  expect(Object.keys(state.scopes)).toEqual(["global"]);
  expect(events.at(-1)).toMatchObject({ scope: BUILD, persona: "testing-specialist", durationMs: 5000 });
});

test("a killed run's sessions end as idle with the first later fact of any scope, and are forgotten", () => {
  const killed = fold([
    aSwitch("architect", { scope: BUILD, ts: START - HOUR_MS }),
    aFact({ scope: BUILD, ts: START }),
    aSwitch("testing-specialist", { scope: TEST, ts: START + HOUR_MS }),
    aSwitch("architect", { ts: START + 2 * HOUR_MS }),
    // Not before: exactly at its timeout the first is not over yet.
    aFact({ ts: START + 8 * HOUR_MS }),
  ]);
  expect(Object.keys(killed.state.scopes)).toEqual([BUILD, TEST, "global"]);
  const fact = aFact({ scope: "shell:1", ts: START + 8 * HOUR_MS + 1 });
  const { state, events, expired } = foldSession(killed.state, fact);
  expect(expired).toEqual([
    {
      kind: "ended",
      scope: BUILD,
      persona: "architect",
      chatmode: "default",
      // To the last that is known of it.
      durationMs: HOUR_MS,
      reason: "idle",
    },
  ]);
  // Nothing of it is news to whoever made the fact.
  expect(events).toEqual([]);
  expect(Object.keys(state.scopes)).toEqual([TEST, "global"]);
  const rest = foldSession(state, aFact({ ts: START + 20 * HOUR_MS }));
  expect(rest.expired).toMatchObject([{ scope: TEST, durationMs: 0 }]);
  expect(Object.keys(rest.state.scopes)).toEqual(["global"]);
});

test("activity keeps a run's session alive beyond the idle end that it began with", () => {
  const { state, events } = fold([
    aSwitch("architect", { scope: BUILD, ts: START }),
    aFact({ scope: BUILD, ts: START + 7 * HOUR_MS }),
    aFact({ ts: START + 9 * HOUR_MS }),
    aFact({ type: "persona.ended", scope: BUILD, ts: START + 10 * HOUR_MS }),
  ]);
  expect(events.filter(({ kind }) => kind === "ended")).toMatchObject([
    { durationMs: 10 * HOUR_MS, reason: "end" },
  ]);
  expect(state.scopes).toEqual({});
});

test("no session of a run is lost: each one that began is active still or has ended, once", () => {
  fc.assert(
    fc.property(arbitraryFacts, (facts) => {
      const { state, events } = fold(facts);
      const count = (scope: string, kind: SessionEvent["kind"]) =>
        events.filter((event) => event.scope === scope && event.kind === kind).length;
      for (const scope of new Set(facts.map((fact) => fact.scope).filter(isRunScope))) {
        const active = state.scopes[scope]?.active == null ? 0 : 1;
        expect(count(scope, "switched")).toBe(count(scope, "ended") + active);
        expect(state.scopes[scope]?.active).not.toBeNull();
      }
    }),
  );
});

test("with a hundred runs open a fact of another scope looks at none of them", () => {
  const scopes = Array.from({ length: 100 }, (_, index) => `run:${index}/build`);
  const { state } = fold(scopes.map((scope) => aSwitch("architect", { scope, ts: START })));
  const untouchable = new Proxy(state.scopes, {
    ownKeys() {
      throw new Error("walked over all scopes");
    },
  });
  expect(foldSession({ ...state, scopes: untouchable }, aFact({ ts: START + HOUR_MS })).events).toEqual([]);
});
