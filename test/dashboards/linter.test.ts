import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ledgerMetrics, momentMetrics } from "../../src/projection/metric-catalogue.ts";
import { type Prometheus, realServersAvailable, startPrometheus } from "../support/real-servers.ts";
import { DASHBOARDS, type Dashboard, type Panel, panelsOf, readDashboard, type Target } from "./grafana.ts";
import { rules } from "./linter-rules.ts";
import { selectorsOf } from "./promql-scan.ts";

const variable = (dashboard: Dashboard, name: string) => {
  const found = dashboard.templating.list.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no variable ${name}`);
  return found;
};

/** A panel of a type that the linter itself passes over. */
const heatmap = (dashboard: Dashboard): Panel => {
  const found = dashboard.panels.find(({ type }) => type === "heatmap");
  if (found === undefined) throw new Error("no heatmap");
  return found;
};

const query = (dashboard: Dashboard): Target => {
  const [target] = heatmap(dashboard).targets ?? [];
  if (target === undefined) throw new Error("no query");
  return target;
};

/** For each rule a change that breaks it. */
const breaking: Readonly<Record<keyof typeof rules, (dashboard: Dashboard) => void>> = {
  "template-datasource-rule": (it) => {
    variable(it, "datasource").label = "Prometheus";
  },
  "template-job-rule": (it) => {
    variable(it, "job").allValue = ".*";
  },
  "template-instance-rule": (it) => {
    it.templating.list = it.templating.list.filter(({ name }) => name !== "instance");
  },
  "template-label-promql-rule": (it) => {
    variable(it, "job").query = "label_values(hypertool_build_info{, job)";
  },
  "template-on-time-change-reload-rule": (it) => {
    variable(it, "workflow").refresh = 1;
  },
  "panel-datasource-rule": (it) => {
    heatmap(it).datasource = { type: "prometheus", uid: "P1809F7CD0C75ACF3" };
  },
  "panel-title-description-rule": (it) => {
    heatmap(it).description = "";
  },
  "panel-units-rule": (it) => {
    heatmap(it).fieldConfig = { defaults: { unit: "seconds" }, overrides: [] };
  },
  "panel-no-targets-rule": (it) => {
    heatmap(it).targets = [];
  },
  "target-logql-rule": (it) => {
    Object.assign(query(it), { datasource: { type: "loki" }, expr: '{job="app"' });
  },
  "target-logql-auto-rule": (it) => {
    Object.assign(query(it), { datasource: { type: "loki" }, expr: 'rate({job="app"}[5m])' });
  },
  "target-promql-rule": (it) => {
    query(it).expr += ")";
  },
  "target-rate-interval-rule": (it) => {
    query(it).expr = query(it).expr.replace("$__rate_interval", "5m");
  },
  "target-job-rule": (it) => {
    query(it).expr = query(it).expr.replace('job=~"$job"', 'job="tta-persona"');
  },
  "target-instance-rule": (it) => {
    query(it).expr = query(it).expr.replace(', instance=~"$instance"', "");
  },
  "target-counter-agg-rule": (it) => {
    query(it).expr = 'sum(hypertool_workflow_runs_total{job=~"$job", instance=~"$instance"})';
  },
  "uneditable-dashboard": (it) => {
    it.editable = true;
  },
};

describe.skipIf(!realServersAvailable())("Grafana's dashboard linter", () => {
  let prometheus: Prometheus;
  beforeAll(async () => {
    prometheus = await startPrometheus({ targets: [] });
  });
  afterAll(() => prometheus?.close());

  const parses = (text: string) =>
    prometheus.query(text).then(
      () => true,
      () => false,
    );

  test("has 17 rules", () => {
    expect(Object.keys(rules)).toHaveLength(17);
    expect(Object.keys(breaking).sort()).toEqual(Object.keys(rules).sort());
  });

  test.each(Object.entries(rules))("%s holds, and notices when it is broken", async (name, rule) => {
    for (const dashboard of DASHBOARDS) expect(await rule(readDashboard(dashboard), parses)).toEqual([]);
    const broken = readDashboard("workflow-performance");
    breaking[name]?.(broken);
    expect(await rule(broken, parses)).not.toEqual([]);
  });
});

describe("the conventions", () => {
  const dashboards = DASHBOARDS.map(readDashboard);

  test("each dashboard has its own uid, and all are linked by one tag", () => {
    expect(dashboards.map(({ uid }) => uid)).toEqual([
      "tta-persona-overview",
      "tta-persona-workflows",
      "tta-persona-llm-cost",
    ]);
    for (const { tags, links } of dashboards) {
      expect(links).toMatchObject([{ type: "dashboards", tags, includeVars: true, keepTime: true }]);
      expect(tags).toEqual(["tta-persona"]);
    }
  });

  test("panels and queries are numbered, and only of types that Grafana still makes", () => {
    for (const { panels } of dashboards) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      for (const panel of panels) {
        expect(panel.type).not.toMatch(/^(?:graph|singlestat|table-old)$/);
        const letters = (panel.targets ?? []).map(({ refId }) => refId);
        expect(letters).toEqual([..."ABCD"].slice(0, letters.length));
      }
    }
  });

  test("queries ask for metrics of the contract and of the Pushgateway, and for no recording rule", () => {
    const known = new Set([
      ...Object.values({ ...ledgerMetrics, ...momentMetrics }).map(({ name }): string => name),
      "push_time_seconds",
      "push_failure_time_seconds",
    ]);
    const asked = dashboards
      .flatMap(panelsOf)
      .flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => selectorsOf(expr)));
    expect(asked.length).toBeGreaterThan(100);
    const unknown = asked.map(({ name }) => name.replace(/_(?:bucket|sum|count)$/, ""));
    expect([...new Set(unknown)].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("the reading of queries", () => {
  test.each([
    ["up", [["up", "", undefined, undefined]]],
    ['sum by (a, b) (rate(x_total{c="}"}[5m]))', [["x_total", '{c="}"}', "5m", "rate"]]],
    [
      "sum(a) / on (job) group_left (x) b",
      [
        ["a", "", undefined, "sum"],
        ["b", "", undefined, undefined],
      ],
    ],
    [
      "topk(10, a) or vector(0) unless bool_thing",
      [
        ["a", "", undefined, "topk"],
        ["bool_thing", "", undefined, undefined],
      ],
    ],
    ["time() - max by (instance) (a > bool 1)", [["a", "", undefined, "max"]]],
    ['{__name__="x"}', [["", '{__name__="x"}', undefined, undefined]]],
  ])("finds the selectors of %s", (expression, expected) => {
    const found = selectorsOf(expression);
    expect(found.map(({ name, matchers, range, parent }) => [name, matchers, range, parent])).toEqual(
      expected,
    );
  });
});
