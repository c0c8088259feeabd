import { expect, test } from "vitest";
import type { Fact } from "../../src/journal/fact.ts";
import { emptySpanFold, foldSpans } from "../../src/sink/otlp-spans.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";

const START = 1_750_000_000_000;

function spansOf(facts: readonly Fact[]) {
  let state = emptySpanFold;
  return facts.map((fact) => {
    const folded = foldSpans(state, fact);
    state = folded.state;
    return folded.span;
  });
}

test("a switch is a span from the command's beginning to its fact, with what was decided when it was made", () => {
  const trace = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true, state: "x=1" };
  const resource = { "service.name": "mine" };
  const fact = aSwitch("backend-engineer", { ts: START + 40, trace, resource, chatmode: "tdd" });
  expect(spansOf([fact])).toEqual([
    {
      identity: trace,
      name: "persona_switch",
      kind: "INTERNAL",
      startMs: START,
      endMs: START + 40,
      attributes: { from_persona: "none", to_persona: "backend-engineer", chatmode: "tdd" },
      status: { code: "OK" },
      events: [],
      links: [],
      resource,
    },
  ]);
});

test("from where it led comes from the journal's order, over ends and other scopes too", () => {
  const facts = [
    aSwitch("a"),
    aSwitch("b"),
    aSwitch("c", { scope: "shell:1" }),
    aSwitch("a"),
    aFact({ type: "persona.ended" }),
    aSwitch("b"),
  ];
  const froms = spansOf(facts).map((span) => span?.attributes.from_persona);
  expect(froms).toEqual(["none", "a", "none", "b", undefined, "none"]);
});

test("a switch to what is active already is no span; one to another chatmode is", () => {
  const spans = spansOf([aSwitch("a"), aSwitch("a"), aSwitch("a", { chatmode: "tdd" })]);
  expect(spans.map((span) => span?.attributes.chatmode)).toEqual(["default", undefined, "tdd"]);
});

test("what the sampler left out is no span, and yet what the next one came from", () => {
  const { trace } = aFact();
  const spans = spansOf([aSwitch("a"), aSwitch("b", { trace: { ...trace, sampled: false } }), aSwitch("c")]);
  expect(spans.map((span) => span?.attributes.from_persona)).toEqual(["none", undefined, "b"]);
});

test("a clock that was set back while the command ran makes no negative duration", () => {
  const [span] = spansOf([aSwitch("a", { ts: START - 5000 })]);
  expect(span).toMatchObject({ startMs: START - 5000, endMs: START - 5000 });
});

test("facts of other types, also unknown ones, make no span and change nothing", () => {
  expect(foldSpans(emptySpanFold, aFact()).state).toBe(emptySpanFold);
  expect(spansOf([aFact(), aFact({ type: "persona.switched", data: { persona: 7 } })])).toEqual([
    undefined,
    undefined,
  ]);
});
