import type { Dashboard, Panel, Target, Variable } from "./grafana.ts";
import { panelsOf } from "./grafana.ts";
import { selectorsOf } from "./promql-scan.ts";

/**
 * The rules of Grafana's dashboard-linter, by the names that it has for them
 * (https://github.com/grafana/dashboard-linter/tree/main/lint), without its exclusions: each holds for every type of
 * panel, where the linter looks at some only. A rule returns what is wrong, one line each.
 */
export type Rule = (dashboard: Dashboard, parses: Parses) => readonly string[] | Promise<readonly string[]>;

/** Whether Prometheus takes a query. */
export type Parses = (query: string) => Promise<boolean>;

export const rules: Readonly<Record<string, Rule>> = {
  "template-datasource-rule": ({ templating }) => {
    const [source, ...others] = templating.list.filter(({ type }) => type === "datasource");
    if (source === undefined) return ["no variable for the data source"];
    return [
      ...others.map(({ name }) => `a second variable for a data source: ${name}`),
      ...(source.name === "datasource" ? [] : [`it is called ${source.name}`]),
      ...(source.label === "Data source" ? [] : [`it is labelled ${source.label}`]),
      ...(source.query === "prometheus" ? [] : [`it is for ${source.query}`]),
    ];
  },
  "template-job-rule": (dashboard) => chooserProblems(dashboard, "job"),
  "template-instance-rule": (dashboard) => chooserProblems(dashboard, "instance"),
  "template-label-promql-rule": async (dashboard, parses) => {
    const problems: string[] = [];
    for (const { name, query } of queryVariables(dashboard)) {
      const [, called = "", argument = ""] = /^([a-z_]+)\((.+)\)$/.exec(query) ?? [];
      const selector = argument.replace(/, *\w+$/, "");
      if (!["label_names", "label_values", "metrics", "query_result"].includes(called))
        problems.push(`${name}: no function: ${query}`);
      else if (!(await parses(withSamples(selector)))) problems.push(`${name}: no PromQL: ${selector}`);
    }
    return problems;
  },
  "template-on-time-change-reload-rule": (dashboard) =>
    queryVariables(dashboard)
      .filter(({ refresh }) => refresh !== 2)
      .map(({ name }) => `${name} is not asked for again when the time changes`),
  "panel-datasource-rule": (dashboard) =>
    panelsOf(dashboard)
      .filter(({ datasource }) => !isChosen(datasource?.uid))
      .map(({ title, datasource }) => `${title} uses ${datasource?.uid}`),
  "panel-title-description-rule": (dashboard) =>
    panelsOf(dashboard)
      .filter(({ title, description }) => !title || !description)
      .map(({ id, title }) => `panel ${id} (${title}) has no title or no description`),
  "panel-units-rule": (dashboard) =>
    panelsOf(dashboard)
      .filter(({ fieldConfig }) => {
        const overridden = (fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
          properties.filter(({ id }) => id === "unit").map(({ value }) => value),
        );
        return [fieldConfig?.defaults.unit, ...overridden].some((unit) => !UNITS.has(unit));
      })
      .map(({ title }) => `${title} has no unit, or one that is none`),
  "panel-no-targets-rule": (dashboard) =>
    panelsOf(dashboard)
      .filter(({ targets = [] }) => targets.length === 0)
      .map(({ title }) => `${title} has no query`),
  // There is no Loki here, so a query for it is wrong, whatever it says.
  "target-logql-rule": (dashboard) =>
    eachTarget(dashboard, ({ datasource, expr }) =>
      datasource?.type === "loki" ? [`LogQL that nobody checks: ${expr}`] : [],
    ),
  "target-logql-auto-rule": (dashboard) =>
    eachTarget(dashboard, ({ datasource, expr }) =>
      datasource?.type === "loki" && /\[(?!\$__auto\])/.test(expr) ? [`not $__auto: ${expr}`] : [],
    ),
  "target-promql-rule": async (dashboard, parses) => {
    const problems: string[] = [];
    for (const panel of panelsOf(dashboard)) {
      for (const { expr } of panel.targets ?? [])
        if (!(await parses(withSamples(expr)))) problems.push(`${panel.title}: no PromQL: ${expr}`);
    }
    return problems;
  },
  "target-rate-interval-rule": (dashboard) =>
    eachTarget(dashboard, ({ expr }) =>
      selectorsOf(expr)
        .filter(({ range, parent }) => range !== undefined && range !== "$__rate_interval" && isRate(parent))
        .map(({ name, range }) => `${name}[${range}] is not over $__rate_interval`),
    ),
  "target-job-rule": (dashboard) => withoutMatcher(dashboard, "job"),
  "target-instance-rule": (dashboard) => withoutMatcher(dashboard, "instance"),
  "target-counter-agg-rule": (dashboard) =>
    eachTarget(dashboard, ({ expr }) =>
      selectorsOf(expr)
        .filter(({ name }) => /_total$/.test(name))
        .filter(({ range, parent }) => range === undefined || !(isRate(parent) || parent === "increase"))
        .map(({ name }) => `${name} is a counter, and shown as it is`),
    ),
  "uneditable-dashboard": ({ editable }) => (editable === false ? [] : ["it can be edited"]),
};

/** Of https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts, those in use. */
const UNITS: ReadonlySet<unknown> = new Set([
  "none",
  "short",
  "s",
  "percentunit",
  "currencyUSD",
  "dateTimeFromNow",
]);

/** As long as nothing anybody would write, as the linter has them. */
const samples: Readonly<Record<string, string>> = {
  __rate_interval: "8869990787ms",
  __range: "6069770749ms",
  __interval_ms: "7781188786",
};

function withSamples(text: string): string {
  return text.replace(/\$(\w+)/g, (_, name: string) => samples[name] ?? name);
}

function isRate(name: string | undefined): boolean {
  return name === "rate" || name === "irate";
}

function isChosen(uid: string | undefined): boolean {
  return uid === "$datasource" || uid === `\${datasource}`;
}

function queryVariables({ templating }: Dashboard): Variable[] {
  return templating.list.filter(({ type }) => type === "query");
}

function chooserProblems({ templating }: Dashboard, name: string): string[] {
  const variable = templating.list.find((one) => one.name === name);
  if (variable === undefined) return [`no variable ${name}`];
  const { type, label, multi, allValue, datasource } = variable;
  return [
    ...(isChosen(datasource?.uid) ? [] : [`${name} uses ${datasource?.uid}`]),
    ...(type === "query" ? [] : [`${name} is a ${type}`]),
    ...(label === `${name.charAt(0).toUpperCase()}${name.slice(1)}` ? [] : [`${name} is labelled ${label}`]),
    ...(multi === true ? [] : [`${name} can be one only`]),
    ...(allValue === ".+" ? [] : [`all of ${name} is ${allValue}`]),
  ];
}

function withoutMatcher(dashboard: Dashboard, label: string): string[] {
  return eachTarget(dashboard, ({ expr }) =>
    selectorsOf(expr)
      .filter(({ matchers }) => !new RegExp(`[{, ]${label}=~"\\$${label}"`).test(matchers))
      .map(({ name }) => `${name} is not of the chosen ${label}`),
  );
}

function eachTarget(
  dashboard: Dashboard,
  problemsOf: (target: Target, panel: Panel) => readonly string[],
): string[] {
  return panelsOf(dashboard).flatMap((panel) =>
    (panel.targets ?? []).flatMap((target) =>
      problemsOf(target, panel).map((problem) => `${panel.title}: ${problem}`),
    ),
  );
}
