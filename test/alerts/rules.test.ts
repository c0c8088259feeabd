import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ledgerMetrics, momentMetrics } from "../../src/projection/metric-catalogue.ts";
import { DASHBOARDS, readDashboard } from "../dashboards/grafana.ts";
import { anchorsOf } from "../support/markdown.ts";
import { realServersAvailable } from "../support/real-servers.ts";
import { secondsOf } from "../support/rule-mutants.ts";
import { repositoryRoot } from "../support/run-binary.ts";
import { ALERTS_DIR, RULE_FILES, readGroups, readRules } from "./rules-files.ts";

const alerts = readRules("alerts.yaml");
const tests = readdirSync(join(ALERTS_DIR, "tests"));

interface Route {
  readonly matchers?: readonly string[];
  readonly group_wait?: string;
  readonly routes?: readonly Route[];
}

describe("every alert", () => {
  test("is one of the ten, with tests of its own", () => {
    const names = alerts.map(({ alert }) => String(alert));
    expect(names).toHaveLength(10);
    expect(tests.sort()).toEqual(names.map((name) => `${name}.yaml`).sort());
  });

  test.each(tests)("is silent, fires, and resolves: %s", (file) => {
    const { tests: cases } = parse(readFileSync(join(ALERTS_DIR, "tests", file), "utf8")) as {
      tests: { name: string; alert_rule_test?: { exp_alerts?: unknown[] }[] }[];
    };
    // At each moment that is looked at, whether it fires; in the order of time.
    const fires = cases.map(({ alert_rule_test = [] }) =>
      alert_rule_test.map(({ exp_alerts = [] }) => exp_alerts.length > 0),
    );
    expect(cases.filter(({ name }) => /^silent/.test(name)).length).toBeGreaterThan(0);
    expect(fires.filter((moments) => moments.length > 0 && !moments[0]).length).toBeGreaterThan(0);
    const resolving = fires.filter((moments) => moments.indexOf(true) !== -1 && moments.at(-1) === false);
    expect(resolving.length).toBeGreaterThan(0);
  });

  test.each(DASHBOARDS)("is marked on the dashboard %s while it fires", (name) => {
    const [annotation] = readDashboard(name).annotations?.list.filter((one) => one.name === "Alerts") ?? [];
    const [, marked = ""] = /alertname=~"([^"]*)"/.exec(annotation?.expr ?? "") ?? [];
    expect(marked.split("|").sort()).toEqual(alerts.map(({ alert }) => String(alert)).sort());
  });

  test("says what, how much and how bad, and leads to its section of the runbook", () => {
    const anchors = anchorsOf(readFileSync(join(repositoryRoot, "docs/runbook.md"), "utf8"));
    for (const alert of alerts) {
      const { labels, annotations } = alert as unknown as Record<string, Record<string, string>>;
      expect(labels?.severity).toMatch(/^(?:critical|warning|info)$/);
      expect(annotations?.summary).toMatch(/\.$/);
      expect(annotations?.description).toContain("$value");
      const [, anchor] = annotations?.runbook_url?.split("#") ?? [];
      expect(anchors).toContain(anchor);
      expect(anchor).toBe(String(alert.alert).toLowerCase());
    }
  });

  test("asks for metrics that there are", () => {
    const known = [...Object.values(ledgerMetrics), ...Object.values(momentMetrics)].map(({ name }) => name);
    const rules = RULE_FILES.flatMap(readRules);
    const asked = rules.flatMap(({ expr }) => expr.match(/(?<![\w:])hypertool_\w+/g) ?? []);
    const missing = asked.filter(
      (name) => !known.some((one) => [one, `${one}_count`, `${one}_bucket`].includes(name)),
    );
    expect(missing).toEqual([]);
  });
});

test("a budget that is exceeded is at Alertmanager's receivers within a minute of the push", () => {
  const group = readGroups("alerts.yaml").find(({ rules }) =>
    rules.some(({ alert }) => alert === "PersonaTokenBudgetExceeded"),
  );
  const rule = group?.rules.find(({ alert }) => alert === "PersonaTokenBudgetExceeded");
  const { route } = parse(readFileSync(join(ALERTS_DIR, "alertmanager.yaml"), "utf8")) as { route: Route };
  const critical = route.routes?.find(({ matchers }) => matchers?.includes('severity = "critical"'));
  // What docs/runbook.md tells to scrape the Pushgateway with.
  const scrapeSeconds = 15;
  const waits = [group?.interval, rule?.for, critical?.group_wait].map((wait) => secondsOf(wait ?? ""));
  expect(waits.reduce((sum, wait) => sum + wait, scrapeSeconds)).toBeLessThanOrEqual(60);
});

describe.skipIf(!realServersAvailable())("the tools of Prometheus", () => {
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: ALERTS_DIR, encoding: "utf8", stdio: "pipe", timeout: 280_000 });

  test("find nothing to complain about in the rules", () => {
    expect(run("promtool", "check", "rules", "--lint=all", "--lint-fatal", ...RULE_FILES)).toContain(
      "SUCCESS",
    );
  });

  test("find that they do as their tests say", () => {
    const report = run("promtool", "test", "rules", ...tests.map((name) => `tests/${name}`));
    expect(report.match(/SUCCESS/g)).toHaveLength(tests.length);
  });

  test("take the example for Alertmanager", () => {
    expect(run("amtool", "check-config", "alertmanager.yaml")).toContain("SUCCESS");
  });
});
