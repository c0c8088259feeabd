import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { appendFact } from "../../src/journal/append.ts";
import { makeFact } from "../../src/journal/make-fact.ts";
import type { LlmCalled } from "../../src/projection/llm-facts.ts";
import { awayFromMidnight } from "../support/away-from-midnight.ts";
import type { Sandbox } from "../support/run-binary.ts";
import { documentOf, sandboxOfTest } from "./sandboxes.ts";

beforeEach(awayFromMidnight);

function recordCall(home: string, call: Partial<LlmCalled>, daysAgo = 0): void {
  const clock = { now: () => Date.now() - daysAgo * 86_400_000 };
  const data = {
    persona: "backend-engineer",
    chatmode: "default",
    model: "m",
    outcome: "ok",
    tokens: 0,
    costUsd: null,
  };
  const fact = makeFact(
    { env: {}, clock, version: "0.0.0" },
    { type: "llm.called", scope: "global", data: { ...data, ...call } },
  );
  appendFact({ dir: join(home, "journal"), segmentBytes: 1 << 20 }, fact);
}

async function standings(sandbox: Sandbox, ...args: string[]) {
  const document = documentOf(await sandbox.run(["budget", "show", ...args, "--json"]));
  return document.budgets as Record<string, unknown>[];
}

test("shows what the definitions say, before anything was used", async () => {
  const sandbox = sandboxOfTest();
  const all = await standings(sandbox);
  expect(all.map(({ persona }) => persona)).toEqual([
    "backend-engineer",
    "data-scientist",
    "devops-engineer",
    "frontend-engineer",
    "observability-expert",
    "testing-specialist",
  ]);
  const midnight = new Date();
  midnight.setUTCHours(24, 0, 0, 0);
  expect(all[0]).toMatchObject({ limit: 2_000_000, used: 0, remaining: 2_000_000, hard: false });
  expect(all[0]).toMatchObject({ source: "definition", window: "day", windowEnd: midnight.toISOString() });
  const text = (await sandbox.run(["budget"])).stdout;
  expect(text).toMatch(/^persona +limit +used/);
  expect(text).toMatch(
    /\nbackend-engineer +2,000,000 +0 +0 +2,000,000 +0 % +day +soft +\d{4}-\d\d-\d\d 00:00 UTC\n/,
  );
});

test("set goes before the definition, keeps what is not said, and outlives processes", async () => {
  const sandbox = sandboxOfTest();
  const said = await sandbox.run(["budget", "set", "backend", "3M", "--window", "week", "--hard"]);
  expect(said.stdout).toBe("backend-engineer may use 3,000,000 tokens per week (hard)\n");
  const raised = documentOf(await sandbox.run(["budget", "set", "backend", "500k", "--json"]));
  expect(raised).toMatchObject({ limit: 500_000, window: "week", hard: true, source: "user", used: 0 });
  expect(await standings(sandbox, "backend")).toMatchObject([{ limit: 500_000, window: "week", hard: true }]);

  expect((await sandbox.run(["budget", "set", "backend", "none"])).stdout).toBe(
    "Nothing limits backend-engineer now\n",
  );
  expect(await standings(sandbox, "backend")).toMatchObject([{ limit: null, used: null, source: "user" }]);
  expect((await sandbox.run(["budget", "show", "backend"])).stdout).toContain("backend-engineer  none\n");
});

test("counts what is used in the window, also beyond the limit, and from 0 again after a reset", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["budget", "set", "backend", "100"]);
  recordCall(sandbox.home, { tokens: 1000 }, 40);
  recordCall(sandbox.home, { tokens: 150 });
  recordCall(sandbox.home, { tokens: 7, persona: "devops-engineer" });
  expect(await standings(sandbox, "backend")).toMatchObject([
    { used: 150, remaining: -50, percentUsed: 150 },
  ]);

  const reset = documentOf(await sandbox.run(["budget", "reset", "backend", "--json"]));
  expect(reset).toMatchObject({ used: 0, remaining: 100, limit: 100 });
  recordCall(sandbox.home, { tokens: 30 });
  expect(await standings(sandbox, "backend")).toMatchObject([{ used: 30, remaining: 70 }]);
  expect(await standings(sandbox, "devops")).toMatchObject([{ used: 7 }]);
});

test("of a budget per run the latest run is shown", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["budget", "set", "backend", "100", "--window", "run"]);
  recordCall(sandbox.home, { tokens: 60, runId: "first" });
  recordCall(sandbox.home, { tokens: 20, runId: "second" });
  expect(await standings(sandbox, "backend")).toMatchObject([{ used: 20, windowEnd: null }]);
  expect((await sandbox.run(["budget", "show", "backend"])).stdout).toContain("the run's end");
});

test("a persona that was used and is defined nowhere here has the budget that its calls carried", async () => {
  const sandbox = sandboxOfTest();
  const budget = { tokens: 50, window: "month", isHard: false } as const;
  recordCall(sandbox.home, { tokens: 5, persona: "elsewhere", budget });
  expect(await standings(sandbox, "elsewhere")).toMatchObject([{ limit: 50, used: 5, source: "use" }]);
  expect((await standings(sandbox)).map(({ persona }) => persona)).toContain("elsewhere");
});

test("a line is magenta from 80 % on, and red when all is used", async () => {
  const sandbox = sandboxOfTest();
  await sandbox.run(["budget", "set", "backend", "100"]);
  const line = async () => {
    const { stdout } = await sandbox.runTty(["budget", "show", "backend"]);
    return stdout.split("\n")[1];
  };
  recordCall(sandbox.home, { tokens: 79 });
  expect(await line()).toMatch(/^backend-engineer/);
  recordCall(sandbox.home, { tokens: 1 });
  expect(await line()).toContain("\u001b[35mbackend-engineer");
  recordCall(sandbox.home, { tokens: 20 });
  expect(await line()).toContain("\u001b[31mbackend-engineer");
});

test("the metrics show limit and rest of the personas in use", async () => {
  const sandbox = sandboxOfTest();
  const gauges = async () =>
    (await sandbox.run(["metrics"])).stdout.split("\n").filter((line) => line.includes("token_budget"));
  expect(await gauges()).toEqual([]);
  await sandbox.run(["backend"]);
  await sandbox.run(["budget", "set", "devops", "100"]);
  recordCall(sandbox.home, { tokens: 150, persona: "devops-engineer" });
  expect((await gauges()).filter((line) => !line.startsWith("#"))).toEqual([
    'hypertool_persona_token_budget_limit{persona="backend-engineer"} 2000000',
    'hypertool_persona_token_budget_limit{persona="devops-engineer"} 100',
    'hypertool_persona_token_budget_remaining{persona="backend-engineer"} 2000000',
    'hypertool_persona_token_budget_remaining{persona="devops-engineer"} -50',
  ]);
  await sandbox.run(["budget", "set", "devops", "none"]);
  expect((await gauges()).join("\n")).not.toContain("devops-engineer");
});

test.each([
  [["set", "backend", "many"], "invalid-budget"],
  [["set", "backend", "0"], "invalid-budget"],
  [["set", "backend", "2M", "--window", "year"], "invalid-budget"],
  [["set", "backend", "2M", "--hard", "--soft"], "invalid-budget"],
  [["set", "backend", "none", "--hard"], "invalid-budget"],
  [["set", "nobody", "2M"], "unknown-persona"],
  [["reset", "nobody"], "unknown-persona"],
  [["show", "nobody"], "unknown-persona"],
  [["set", "backend"], "missing-argument"],
  [["raise", "backend"], "unknown-command"],
])("refuses budget %j, and changes nothing", async (args, reason) => {
  const sandbox = sandboxOfTest();
  const result = await sandbox.run(["budget", ...args, "--json"]);
  expect(result.code).toBe(2);
  expect(documentOf(result)).toMatchObject({ error: { reason } });
  expect(await standings(sandbox, "backend")).toMatchObject([{ source: "definition" }]);
});
