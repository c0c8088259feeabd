import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { realServersAvailable } from "../support/real-servers.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { DASHBOARDS, panelsOf, readDashboard, substitute, type View } from "./grafana.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Until when series of these tests go, with a sample each quarter of an hour. */
const END_SECONDS = 20 * DAY;
const SAMPLE_SECONDS = HOUR / 4;
const OURS = 'job="tta-persona", instance="desk"';

interface Unit {
  /** Series in promtool's notation, each with its values. */
  readonly series: Readonly<Record<string, string>>;
  /** The panel's title. */
  readonly panel: string;
  /** Samples that its first query returns, by labels; rounded to a hundredth of the greatest. */
  readonly expected: Readonly<Record<string, number>>;
}

describe.skipIf(!realServersAvailable())("what a panel's query makes of", () => {
  test.each(["300", "300.0"])("a bucket's bound that Prometheus writes as %s", async (bound) => {
    const stage = `${OURS}, workflow="deploy", stage="build", persona="devops-engineer"`;
    const name = "hypertool_workflow_stage_duration_seconds";
    const report = await evaluate({
      series: {
        [`${name}_count{${stage}}`]: growing(8),
        [`${name}_bucket{${stage}, le="${bound}"}`]: growing(6),
      },
      panel: "Stages slower than 5 minutes",
      expected: { '{workflow="deploy", stage="build"}': 0.25 },
    });
    expect(report).toContain("SUCCESS");
  });

  test("a month without a call in its last 7 days, of a group that is gone", async () => {
    const cost = `hypertool_llm_cost_usd_total{${OURS}, persona="p", chatmode="c", model="m", workflow="none"}`;
    const samples = (10 * DAY) / SAMPLE_SECONDS;
    const report = await evaluate({
      series: { [cost]: `0x10 960x${samples} _x${samples}` },
      panel: "Projected cost of this month",
      expected: { "{}": 960 },
    });
    expect(report).toContain("SUCCESS");
  });
});

/** Grows by so much with each sample, until the end. */
const growing = (step: number) => `0+${step}x${END_SECONDS / SAMPLE_SECONDS}`;

/** @returns promtool's report, with `SUCCESS` where the query returned what is expected. */
async function evaluate({ series, panel: title, expected }: Unit): Promise<string> {
  const unit = {
    evaluation_interval: "15m",
    tests: [
      {
        interval: `${SAMPLE_SECONDS}s`,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `round(${queryOf(title)}, ${Math.max(...Object.values(expected)) / 100})`,
            eval_time: `${END_SECONDS}s`,
            exp_samples: Object.entries(expected).map(([labels, value]) => ({ labels, value })),
          },
        ],
      },
    ],
  };
  const file = join(temporaryDirectory(), "unit.yaml");
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(unit));
  return new Promise((resolve) => {
    execFile("promtool", ["test", "rules", file], (_, stdout, stderr) => resolve(`${stdout}${stderr}`));
  });
}

/** The panel's first query, for the whole time that series go. */
function queryOf(title: string): string {
  for (const dashboard of DASHBOARDS.map(readDashboard)) {
    const target = panelsOf(dashboard).find((panel) => panel.title === title)?.targets?.[0];
    if (target === undefined) continue;
    const view: View = { startSeconds: 0, endSeconds: END_SECONDS, scrapeSeconds: SAMPLE_SECONDS };
    return substitute(target.expr, dashboard, { ...view, stepSeconds: HOUR }, view);
  }
  throw new Error(`no panel ${title}`);
}
