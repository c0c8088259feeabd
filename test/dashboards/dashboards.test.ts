import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realServersAvailable } from "../support/real-servers.ts";
import { repositoryRoot } from "../support/run-binary.ts";
import { runScriptedDay, runSparseDay, type ScriptedDay } from "../support/scripted-day.ts";
import { askPanel, checkDashboard } from "./check-dashboard.ts";
import { dayTruth } from "./day-truth.ts";
import { DASHBOARDS, type Dashboard, type Panel, panelsOf, readDashboard } from "./grafana.ts";
import { mutants } from "./mutants.ts";
import { readingsOf } from "./readings.ts";

/** `increase` guesses what lay between the last scrape and the window's end: a scrape in twenty at most. */
const TOLERANCE = 0.08;

/** A series that has been there for a few scrapes only is guessed by up to one of them, in the bar that it begins in. */
const BAR_TOLERANCE = 0.4;

function panelNamed(dashboard: Dashboard, title: string): Panel {
  const panel = panelsOf(dashboard).find((one) => one.title === title);
  if (panel === undefined) throw new Error(`no panel: ${title}`);
  return panel;
}

/** What is said in place of values where no model was called, and no budget set. */
const emptyWithoutCalls: Readonly<Record<(typeof DASHBOARDS)[number], readonly string[]>> = {
  "persona-overview": [
    "Tokens over time, by persona: No tokens were used in this time",
    "Tokens by persona and model: No tokens were used in this time",
  ],
  "workflow-performance": ["Time to recovery: No incident was worked on in this time"],
  "llm-cost": [
    "Cost over time, by model: No call with a known price in this time",
    "Cost by persona: No call with a known price in this time",
    "Cost by model: No call with a known price in this time",
    "Cost by workflow: No call with a known price in this time",
    "Cost per call and per 1,000 tokens: No call with a known price in this time",
    "Unpriced calls by model: The cost of every call is known",
    "Calls by outcome: No model was called in this time",
    "Calls by model: No model was called in this time",
    "Latency of calls: No model was called in this time",
    "Failed calls, by model: No call has failed",
  ],
};

test("the committed dashboards are what their sources say", () => {
  const script = join(repositoryRoot, "scripts", "dashboards.mjs");
  expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
});

describe.skipIf(!realServersAvailable())("after a day of work", () => {
  let day: ScriptedDay;
  beforeAll(async () => {
    day = await runScriptedDay();
  });
  afterAll(() => day?.close());

  test.each(DASHBOARDS)(
    "%s: every panel, variable and alert has data, and the labels it names",
    async (name) => {
      expect(await checkDashboard(day.prometheus, readDashboard(name), day)).toEqual([]);
    },
  );

  test.each(dayTruth)(
    "$dashboard: $panel shows what was done",
    async ({ dashboard: name, panel: title, shows, more }) => {
      const dashboard = readDashboard(name);
      const panel = panelNamed(dashboard, title);
      const readings = readingsOf(panel, await askPanel(day.prometheus, dashboard, panel, day));
      const shown = new Map(
        readings.map(({ column, legend, values }) => [
          column === undefined ? legend : `${column}: ${legend}`,
          values.reduce((total, value) => total + value, 0),
        ]),
      );
      if (more !== true) expect([...shown.keys()].sort()).toEqual(Object.keys(shows).sort());
      for (const [legend, value] of Object.entries(shows)) {
        const truth = typeof value === "number" ? value : value(day.reported);
        const off = Math.abs((shown.get(legend) ?? Number.NaN) - truth);
        expect(off, `${legend}: ${shown.get(legend)}, and it was ${truth}`).toBeLessThanOrEqual(
          Math.abs(truth) * (panel.interval === undefined ? TOLERANCE : BAR_TOLERANCE),
        );
      }
    },
  );

  test.each(mutants)(
    "a mistake is found: $what",
    async ({ dashboard: name, panel: title, mutate, found }) => {
      const dashboard = readDashboard(name);
      const before = JSON.stringify(dashboard);
      const panel = dashboard.panels.find((one) => one.title === title && one.type !== "row");
      if (panel === undefined) throw new Error(`no panel: ${title}`);
      mutate(panel, dashboard);
      expect(JSON.stringify(dashboard)).not.toBe(before);
      const problems = await checkDashboard(day.prometheus, dashboard, day);
      expect(problems.join("\n")).toMatch(found);
    },
  );
});

describe.skipIf(!realServersAvailable())("after three switches and a run", () => {
  let day: ScriptedDay;
  beforeAll(async () => {
    day = await runSparseDay();
  });
  afterAll(() => day?.close());

  test.each(DASHBOARDS)("%s: every panel has finite values, or says why there are none", async (name) => {
    const dashboard = readDashboard(name);
    const empty: string[] = [];
    for (const panel of panelsOf(dashboard)) {
      const answers = await askPanel(day.prometheus, dashboard, panel, day);
      const values = answers.flatMap(({ series }) => series.flatMap((one) => one.values));
      expect(
        values.filter((value) => !Number.isFinite(value)),
        panel.title,
      ).toEqual([]);
      if (values.length === 0)
        empty.push(`${panel.title}: ${panel.fieldConfig?.defaults.noValue ?? "No data"}`);
    }
    expect(empty).toEqual(emptyWithoutCalls[name]);
  });
});
