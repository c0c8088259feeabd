import type { Prometheus } from "../support/real-servers.ts";
import {
  type Dashboard,
  type Panel,
  panelsOf,
  substitute,
  type Target,
  type Times,
  timesOf,
  type View,
} from "./grafana.ts";
import { selectorsOf } from "./promql-scan.ts";

export interface Answer {
  readonly target: Target;
  /** With values for its variables. */
  readonly query: string;
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly values: readonly number[];
  }[];
}

/** Asks what Grafana would ask for a panel. Rejects where Prometheus does not take a query. */
export async function askPanel(
  prometheus: Prometheus,
  dashboard: Dashboard,
  panel: Panel,
  view: View,
): Promise<readonly Answer[]> {
  const times = timesOf(panel, view);
  const ask = async (target: Target): Promise<Answer> => {
    const isInstant = target.instant === true;
    // An instant query is asked for the end itself, and its range is the whole of it.
    const own = isInstant ? { ...times, endSeconds: view.endSeconds } : times;
    const query = substitute(target.expr, dashboard, own, view);
    if (/\$/.test(query)) throw new Error(`there is a variable that nobody knows: ${query}`);
    const series = isInstant
      ? (await prometheus.query(query, view.endSeconds)).map(({ labels, value }) => ({
          labels,
          values: [value],
        }))
      : (await prometheus.queryRange(query, times)).map(({ labels, values }) => ({
          labels,
          values: values.map(({ value }) => value),
        }));
    return { target, query, series };
  };
  return Promise.all((panel.targets ?? []).filter(({ hide }) => hide !== true).map(ask));
}

/** Everything that is wrong with what a dashboard shows of a time in which everything has happened; one line each. */
export async function checkDashboard(
  prometheus: Prometheus,
  dashboard: Dashboard,
  view: View,
): Promise<string[]> {
  const problems: string[] = [];
  for (const panel of panelsOf(dashboard)) {
    const found = await checkPanel(prometheus, dashboard, panel, view).catch((error: Error) => [
      error.message,
    ]);
    problems.push(...found.map((problem) => `${panel.title}: ${problem}`));
  }
  for (const variable of dashboard.templating.list.filter(({ type }) => type === "query")) {
    const found = await checkVariable(prometheus, dashboard, variable.query, view).catch((error: Error) => [
      error.message,
    ]);
    problems.push(...found.map((problem) => `variable ${variable.name}: ${problem}`));
  }
  for (const { name, expr, titleFormat, textFormat } of dashboard.annotations.list) {
    const series = await prometheus
      .queryRange(expr, timesOf(undefined, view))
      .catch((error: Error) => error.message);
    if (typeof series === "string") problems.push(`annotation ${name}: ${series}`);
    else if (series.length === 0) problems.push(`annotation ${name}: no data`);
    else
      problems.push(
        ...missingLabels(`${titleFormat} ${textFormat}`, series).map((it) => `annotation ${name}: ${it}`),
      );
  }
  return problems;
}

async function checkPanel(
  prometheus: Prometheus,
  dashboard: Dashboard,
  panel: Panel,
  view: View,
): Promise<string[]> {
  const answers = await askPanel(prometheus, dashboard, panel, view);
  const problems: string[] = [];
  if (answers.length === 0) problems.push("no query");
  for (const { target, query, series } of answers) {
    const values = series.flatMap((one) => one.values);
    if (values.length === 0) problems.push(`no data: ${query}`);
    else if (values.some((value) => !Number.isFinite(value))) problems.push(`not a finite number: ${query}`);
    problems.push(...missingLabels(target.legendFormat ?? "", series));
    problems.push(...(await emptySelectors(prometheus, query, view)));
    // A heatmap has one row for each bucket; without them it draws nothing.
    if (target.format === "heatmap" && new Set(series.map(({ labels }) => labels.le)).size < 2)
      problems.push(`no buckets: ${query}`);
  }
  return [...problems, ...missingFields(panel, answers)];
}

/** `or vector(0)` hides a metric that is not there, so that each is asked for by itself. */
async function emptySelectors(prometheus: Prometheus, query: string, view: View): Promise<string[]> {
  const seconds = view.endSeconds - view.startSeconds;
  const problems: string[] = [];
  for (const { name, matchers } of selectorsOf(query)) {
    const found = await prometheus.query(
      `count(last_over_time(${name}${matchers}[${seconds}s]))`,
      view.endSeconds,
    );
    if (found.length === 0) problems.push(`no series: ${name}${matchers}`);
  }
  return problems;
}

async function checkVariable(
  prometheus: Prometheus,
  dashboard: Dashboard,
  query: string,
  view: View,
): Promise<string[]> {
  const [, selector, label] = /^label_values\((.+), *(\w+)\)$/.exec(query) ?? [];
  if (selector === undefined || label === undefined) return [`not a query for a label's values: ${query}`];
  const times: Times = timesOf(undefined, view);
  const seconds = view.endSeconds - view.startSeconds;
  const asked = substitute(selector, dashboard, times, view);
  const found = await prometheus.query(
    `count by (${label}) (last_over_time(${asked}[${seconds}s]))`,
    view.endSeconds,
  );
  return found.some(({ labels }) => (labels[label] ?? "") !== "") ? [] : [`no values: ${query}`];
}

function missingLabels(
  text: string,
  series: readonly { readonly labels: Readonly<Record<string, string>> }[],
): string[] {
  const used = [...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = ""]) => label);
  return used
    .filter((label) => series.some(({ labels }) => labels[label] === undefined))
    .map((label) => `no label ${label} for: ${text}`);
}

/** Names of fields in transformations, overrides and links that the queries do not have. */
function missingFields(panel: Panel, answers: readonly Answer[]): string[] {
  const problems: string[] = [];
  let fields = fieldsOf(answers);
  const need = (names: readonly string[], what: string) => {
    for (const name of names) if (!fields.has(name)) problems.push(`${what}: no field ${name}`);
  };
  for (const { id, options } of panel.transformations ?? []) {
    if (id === "organize") {
      const renamed = (options.renameByName ?? {}) as Record<string, string>;
      const excluded = Object.keys(options.excludeByName ?? {});
      need([...Object.keys(renamed), ...Object.keys(options.indexByName ?? {}), ...excluded], id);
      const kept = [...fields].filter((name) => !excluded.includes(name));
      const unnamed = kept.filter((name) => renamed[name] === undefined);
      if (unnamed.length > 0) problems.push(`${id}: nobody has named the column ${unnamed.join(", ")}`);
      fields = new Set(kept.map((name) => renamed[name] ?? name));
    } else if (id === "groupingToMatrix") {
      need([options.rowField, options.columnField, options.valueField].map(String), id);
    } else if (id !== "merge") problems.push(`a transformation that the test does not know: ${id}`);
  }
  const { overrides = [], defaults } = panel.fieldConfig ?? {};
  need(
    overrides.filter(({ matcher }) => matcher.id === "byName").map(({ matcher }) => String(matcher.options)),
    "override",
  );
  const urls = (defaults?.links ?? []).map(({ url }) => url).join(" ");
  need(
    [...urls.matchAll(/__data\.fields\.(\w+)/g)].map(([, name = ""]) => name),
    "link",
  );
  need(
    [...urls.matchAll(/__field\.labels\.(\w+)/g)].map(([, name = ""]) => name),
    "link",
  );
  return problems;
}

/** The columns of a table, or else the labels. Every row has a label, or it is none. */
function fieldsOf(answers: readonly Answer[]): Set<string> {
  const fields = new Set<string>();
  for (const { target, series } of answers) {
    for (const label of Object.keys(series[0]?.labels ?? {}))
      if (series.every(({ labels }) => labels[label] !== undefined)) fields.add(label);
    if (target.format !== "table") continue;
    fields.add("Time");
    fields.add(answers.length === 1 ? "Value" : `Value #${target.refId}`);
  }
  return fields;
}
