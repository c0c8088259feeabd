import type { DASHBOARDS, Dashboard, Panel, Target } from "./grafana.ts";

interface Mutant {
  readonly what: string;
  readonly dashboard: (typeof DASHBOARDS)[number];
  /** Title of the panel that is changed. */
  readonly panel: string;
  readonly mutate: (panel: Panel, dashboard: Dashboard) => void;
  /** What the check has to say. */
  readonly found: RegExp;
}

/** Changes a panel's first query. */
const query = (pattern: string | RegExp, replacement: string) => (panel: Panel) => {
  const target = firstTarget(panel);
  target.expr = target.expr.replace(pattern, replacement);
};

function firstTarget(panel: Panel): Target {
  const [target] = panel.targets ?? [];
  if (target === undefined) throw new Error(`no query: ${panel.title}`);
  return target;
}

function optionsOf(panel: Panel, id: string): Record<string, unknown> {
  const found = panel.transformations?.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no ${id}: ${panel.title}`);
  return found.options;
}

/** Mistakes that people make in dashboards, and that nothing but data shows. */
export const mutants: readonly Mutant[] = [
  {
    what: "a metric that is called otherwise",
    dashboard: "persona-overview",
    panel: "Switches over time",
    mutate: query("switches_total", "switched_total"),
    found: /Switches over time: no data/,
  },
  {
    what: "such a metric, hidden by a 0 in its place",
    dashboard: "llm-cost",
    panel: "Cost",
    mutate: query("cost_usd_total", "cost_total"),
    found: /Cost: no series: hypertool_llm_cost_total/,
  },
  {
    what: "a legend with a label that is misspelt",
    dashboard: "persona-overview",
    panel: "Top chatmodes",
    mutate: (panel) => {
      firstTarget(panel).legendFormat = "{{chat_mode}}";
    },
    found: /Top chatmodes: no label chat_mode/,
  },
  {
    what: "a query that is none",
    dashboard: "workflow-performance",
    panel: "Runs",
    mutate: query(/\)$/, ""),
    found: /Runs: .*parse error/,
  },
  {
    what: "the average over a histogram",
    dashboard: "workflow-performance",
    panel: "Time to recovery",
    mutate: query(/^.*$/, 'avg(hypertool_workflow_run_duration_seconds{job=~"$job", instance=~"$instance"})'),
    found: /Time to recovery: no data/,
  },
  {
    what: "a ratio whose sides have other labels",
    dashboard: "workflow-performance",
    panel: "Gate pass rate by workflow",
    mutate: query("sum by (workflow)", "sum by (stage)"),
    found: /Gate pass rate by workflow: no data/,
  },
  {
    what: "grouping by a label that there is not",
    dashboard: "persona-overview",
    panel: "Tokens over time, by persona",
    mutate: query("by (persona)", "by (personas)"),
    found: /no label persona for/,
  },
  {
    what: "a quantile without the buckets' bounds",
    dashboard: "llm-cost",
    panel: "Latency of calls",
    mutate: query("by (le)", "by (model)"),
    found: /Latency of calls: no data/,
  },
  {
    what: "a heatmap without the buckets' bounds",
    dashboard: "workflow-performance",
    panel: "Stage duration",
    mutate: query("sum by (le)", "sum by (stage)"),
    found: /Stage duration: no (?:label le|buckets)/,
  },
  {
    what: "a matcher for a value that there is not",
    dashboard: "workflow-performance",
    panel: "Successful runs",
    mutate: query('result="success"', 'result="succeeded"'),
    found: /Successful runs: no (?:data|series)/,
  },
  {
    what: "a bucket's bound that the histogram does not have",
    dashboard: "workflow-performance",
    panel: "Stages slower than 5 minutes",
    mutate: query('le=~"300', 'le=~"301'),
    found: /Stages slower than 5 minutes: no data/,
  },
  {
    what: "a window with a single scrape in it",
    dashboard: "llm-cost",
    panel: "Cost over time, by model",
    mutate: query("$__rate_interval", "900ms"),
    found: /Cost over time, by model: no data/,
  },
  {
    what: "a division by what is 0 while nothing happens",
    dashboard: "llm-cost",
    panel: "Latency of calls",
    mutate: query(/ >= 0$/, ""),
    found: /Latency of calls: not a finite number/,
  },
  {
    what: "a variable without a value",
    dashboard: "workflow-performance",
    panel: "Runs",
    mutate: (_, dashboard) => {
      const variable = dashboard.templating.list.find(({ name }) => name === "workflow");
      if (variable !== undefined) variable.query = variable.query.replace("runs_total", "run_total");
    },
    found: /variable workflow: no values/,
  },
  {
    what: "a variable for a label that there is not",
    dashboard: "llm-cost",
    panel: "Cost",
    mutate: (_, dashboard) => {
      const variable = dashboard.templating.list.find(({ name }) => name === "model");
      if (variable !== undefined) variable.query = variable.query.replace(/, model\)$/, ", modell)");
    },
    found: /variable model: no values/,
  },
  {
    what: "a variable in a query that the dashboard does not have",
    dashboard: "persona-overview",
    panel: "Budget left",
    mutate: query("$instance", "$installation"),
    found: /Budget left: there is a variable that nobody knows/,
  },
  {
    what: "a column that the query does not have",
    dashboard: "llm-cost",
    panel: "Calls by model",
    mutate: (panel) => {
      const options = optionsOf(panel, "organize");
      options.renameByName = { ...(options.renameByName as object), "Value #E": "Errors" };
    },
    found: /Calls by model: organize: no field Value #E/,
  },
  {
    what: "a unit for a column that is called otherwise",
    dashboard: "persona-overview",
    panel: "Sessions by persona",
    mutate: (panel) => {
      for (const { matcher } of panel.fieldConfig?.overrides ?? [])
        if (matcher.options === "Mean") matcher.options = "Average";
    },
    found: /Sessions by persona: override: no field Average/,
  },
  {
    what: "a matrix over a label that there is not",
    dashboard: "persona-overview",
    panel: "Switches by pair",
    mutate: (panel) => {
      optionsOf(panel, "groupingToMatrix").rowField = "from";
    },
    found: /Switches by pair: groupingToMatrix: no field from/,
  },
  {
    what: "a link with a column that there is not",
    dashboard: "persona-overview",
    panel: "Sessions by persona",
    mutate: (panel) => {
      for (const link of panel.fieldConfig?.defaults.links ?? [])
        link.url = link.url.replace(".Persona", ".persona");
    },
    found: /Sessions by persona: link: no field persona/,
  },
  {
    what: "alerts of another name",
    dashboard: "persona-overview",
    panel: "Switches",
    mutate: (_, dashboard) => {
      for (const one of dashboard.annotations.list) one.expr = one.expr.replaceAll("Persona", "Personas");
    },
    found: /annotation Alerts: no data/,
  },
];
