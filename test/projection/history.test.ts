import { expect, test } from "vitest";
import { appendFact } from "../../src/journal/append.ts";
import type { Fact } from "../../src/journal/fact.ts";
import { readHistory } from "../../src/projection/history.ts";
import { RECENT_LIMIT } from "../../src/projection/ledger.ts";
import { openLedger } from "../../src/projection/ledger-store.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";
import { temporaryHome } from "../sink/temporary-home.ts";

const NOW = 1_750_000_000_000;

function historyOf(facts: readonly Fact[], query: { limit: number; scope?: string }) {
  const home = temporaryHome();
  for (const fact of facts) appendFact({ dir: home.journal, segmentBytes: 1 << 20 }, fact);
  return readHistory(home, openLedger(home).state, query).map(({ to }) => to);
}

const stage = (index: number) => [
  aSwitch(`stage-${index}`, { scope: `run:1/s${index}`, ts: NOW + index }),
  aFact({ type: "persona.ended", scope: `run:1/s${index}`, ts: NOW + index }),
];

test("the sessions of runs are not in it, and crowd nothing out", () => {
  const runs = Array.from({ length: RECENT_LIMIT }, (_, index) => stage(index)).flat();
  const facts = [aSwitch("a", { ts: NOW }), ...runs, aSwitch("b", { ts: NOW + 1000 })];
  expect(historyOf(facts, { limit: 20 })).toEqual(["a", "b"]);
  expect(historyOf(facts, { limit: Number.POSITIVE_INFINITY })).toEqual(["a", "b"]);
});

test("a run's scope is told when it is asked for", () => {
  const facts = [aSwitch("a", { ts: NOW }), ...stage(1), ...stage(2)];
  expect(historyOf(facts, { limit: 20, scope: "run:1/s2" })).toEqual(["stage-2", "none"]);
  expect(historyOf(facts, { limit: 1, scope: "run:1/s2" })).toEqual(["none"]);
});

test("other scopes that crowd the ledger send the question to the journal", () => {
  const shell = Array.from({ length: RECENT_LIMIT }, (_, i) => aSwitch(`p${i % 2}`, { scope: "shell:1" }));
  const facts = [aSwitch("a", { ts: NOW }), ...shell];
  expect(historyOf(facts, { limit: 20, scope: "global" })).toEqual(["a"]);
  expect(historyOf(facts, { limit: 1000 }).slice(0, 3)).toEqual(["a", "p0", "p1"]);
  expect(historyOf(facts, { limit: 1, scope: "shell:1" })).toEqual(["p1"]);
});
