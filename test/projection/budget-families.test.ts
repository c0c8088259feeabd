import { expect, test } from "vitest";
import { budgetFamilies, budgetsChangeAt } from "../../src/projection/budget-families.ts";
import { emptyLedger, foldLedger } from "../../src/projection/ledger.ts";
import type { Budget } from "../../src/projection/llm-facts.ts";
import { aFact, aSwitch } from "../journal/a-fact.ts";

const NOW = Date.UTC(2026, 10, 24, 14);
const MIDNIGHT = Date.UTC(2026, 10, 25);
const soft = (tokens: number, window: Budget["window"] = "day"): Budget => ({
  tokens,
  window,
  isHard: false,
});

function call(persona: string, tokens: number, more: object = {}) {
  const data = { persona, chatmode: "default", model: "m", outcome: "ok", tokens, costUsd: null, ...more };
  return aFact({ type: "llm.called", ts: NOW, data });
}
const set = (persona: string, budget: Budget | null) =>
  aFact({ type: "budget.set", data: { persona, budget } });

const ledger = [
  aSwitch("defined", { ts: NOW }),
  aSwitch("free", { ts: NOW }),
  call("carrying", 150, { budget: soft(100) }),
  call("unlimited", 5, { budget: soft(10) }),
  set("unlimited", null),
  set("said", soft(9, "month")),
  call("running", 1, { budget: soft(50, "run"), runId: "a" }),
  call("running", 2, { budget: soft(50, "run"), runId: "b" }),
].reduce(foldLedger, emptyLedger);

const defined = new Map([
  ["defined", soft(1000)],
  ["carrying", soft(7)],
  ["never-used", soft(3)],
]);
const at = (now: number) => ({ now, budgetOf: (persona: string) => defined.get(persona) });

const valuesAt = (now: number) =>
  budgetFamilies(ledger, at(now)).map(({ name, series }) => [
    name,
    Object.fromEntries(series.map(({ labels, value }) => [labels.join(), value])),
  ]);

test("limit and rest of the personas in use that have a budget, also below 0", () => {
  expect(valuesAt(NOW)).toEqual([
    ["hypertool_persona_token_budget_limit", { carrying: 100, defined: 1000, running: 50, said: 9 }],
    ["hypertool_persona_token_budget_remaining", { carrying: -50, defined: 1000, running: 48, said: 9 }],
  ]);
});

test("change when a window ends that something was used in", () => {
  expect(budgetsChangeAt(ledger, at(NOW))).toBe(MIDNIGHT);
  expect(valuesAt(MIDNIGHT)[1]?.[1]).toMatchObject({ carrying: 100, running: 48 });
  expect(budgetsChangeAt(ledger, at(MIDNIGHT))).toBeUndefined();
});
