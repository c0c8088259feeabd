import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import {
  ledgerMetrics,
  type MetricDefinition,
  momentMetrics,
  SERIES_CEILING,
} from "../src/projection/metric-catalogue.ts";
import { table } from "./markdown-table.ts";
import { labelDocs, type MetricDoc, metricDocs } from "./metric-docs.ts";

/** Where a metric is asked for. */
interface Use {
  readonly place: string;
  readonly expr: string;
}

interface DashboardFile {
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

interface RulesFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert?: string;
      readonly record?: string;
      readonly expr: string;
    }[];
  }[];
}

const INTRODUCTION = `What tta-persona measures, for whoever writes a query. Names, labels and buckets are stable. Every example has been run against a Prometheus that holds these metrics.

## Asking rightly

A few events an hour, pushed now and then, need other queries than requests per second:

- **Count with \`increase\`, over an hour or more**, never with \`rate\` in a few minutes. \`increase\` guesses what lay between the last scrape and the window's edge, so 30 switches may come out as 30.02: \`round(…)\` before comparing.
- **Sum first, then divide**, by the same labels on both sides. Without the sum each series is divided by itself, and the ratio is always 1. Divide by \`(… > 0)\`: nothing by nothing is NaN, and no answer.
- **A histogram has no series of its own name**: only \`_bucket\`, \`_sum\` and \`_count\`. A mean is \`increase(_sum) / increase(_count)\`. What is slow is told by a bucket's bound, exactly; a quantile is a guess within a bucket. Write the bound as \`le=~"300([.]0)?"\`: Prometheus 3 writes \`300.0\`.
- **A gauge keeps its last value for ever** on a Pushgateway, also that of a machine that is gone: add \`and on (job, instance) (time() - push_time_seconds < 3600)\`.
- **The first value counts only where a 0 stood before it.** tta-persona sees to that: see [the README](../README.md#how-delivery-works).

## Whose they are

Everything is pushed as one group. Scrape the Pushgateway with \`honor_labels: true\`, or these labels become \`exported_job\` and \`exported_instance\`:`;

const CEILING = `## How many series

Every label has values from a bounded set that users themselves name: personas, chatmodes, workflows, stages, models. Nothing that is never the same twice is a label: no run, no user, no commit, no path. A metric has at most ${SERIES_CEILING.toLocaleString("en")} series per installation. Beyond that, a value that its label has not had before becomes \`other\`, so that sums stay right. What is predeclared at 0 uses up half of them at most.

Which metrics are near it:`;

/** docs/metrics.md, from the catalogue, and from the dashboards and alerts that ask for it. */
export function metricsMarkdown(): string {
  const uses = [...dashboardUses(), ...ruleUses()];
  const all = { ...ledgerMetrics, ...momentMetrics };
  const keys = Object.keys(all) as (keyof typeof all)[];
  return `${[
    "# Metrics",
    "<!-- Made by scripts/docs.mjs from src/projection/metric-catalogue.ts and scripts/metric-docs.ts. Do not edit. -->",
    INTRODUCTION,
    table(
      ["label", "at a desk, or on a runner with a disk of its own", "in a CI job on an empty disk"],
      [
        ["`job`", "`tta-persona`", "`tta-persona`"],
        ["`instance`", "the host's name and six hex digits, or `pushgateway.instance`", "`ci`"],
        ["`pipeline`", "none", "repository and pipeline"],
        ["`slot`", "none", "job, and its index or `TTA_PERSONA_CI_SLOT`"],
      ],
    ),
    "The Pushgateway adds `push_time_seconds` and `push_failure_time_seconds` to each group.",
    CEILING,
    promql('topk(5, count by (__name__, job, instance) ({__name__=~"hypertool_.+"}))'),
    "## All of them",
    table(
      ["metric", "type", "what it is"],
      keys.map((key) => [`[\`${all[key].name}\`](#${all[key].name})`, all[key].type, all[key].help]),
    ),
    ...keys.flatMap((key) => section(all[key], metricDocs[key], uses)),
  ].join("\n\n")}\n`;
}

function section(metric: MetricDefinition, doc: MetricDoc, uses: readonly Use[]): readonly string[] {
  const labels = metric.labelNames.map((label) => [`\`${label}\``, labelText(label, doc)]);
  const usedBy = [...new Set(uses.filter(({ expr }) => asksFor(expr, metric)).map(({ place }) => place))];
  return [
    `### ${metric.name}`,
    `${metric.help} A ${metric.type}, in ${doc.unit}.`,
    table(["label", "values"], labels),
    [
      ...(metric.buckets === undefined ? [] : [`- **Buckets:** ${metric.buckets.join(", ")}, and +Inf.`]),
      `- **Changes:** ${lowerFirst(doc.changes)}`,
      `- **Series:** ${doc.series}.`,
      `- **Used by:** ${usedBy.length === 0 ? "no panel and no alert" : usedBy.join("; ")}.`,
    ].join("\n"),
    doc.question,
    promql(doc.query),
  ];
}

function labelText(label: string, { labels = {} }: MetricDoc): string {
  const text = labels[label] ?? labelDocs[label];
  if (text === undefined) throw new Error(`scripts/metric-docs.ts does not say what values ${label} has`);
  return text;
}

/** Also by way of a recording rule, whose expression is put in place of its name. */
function ruleUses(): readonly Use[] {
  const rules = ["recording-rules.yaml", "alerts.yaml"].flatMap((name) => {
    const file = parse(readFileSync(`alerts/${name}`, "utf8")) as RulesFile;
    return file.groups.flatMap((group) => group.rules);
  });
  const recorded = rules.filter(({ record }) => record !== undefined);
  return rules.flatMap(({ alert, expr }) => {
    if (alert === undefined) return [];
    const place = `alert [${alert}](runbook.md#${alert.toLowerCase()})`;
    const behind = recorded.filter(({ record = "" }) => expr.includes(record)).map((rule) => rule.expr);
    return [expr, ...behind].map((one) => ({ place, expr: one }));
  });
}

function dashboardUses(): readonly Use[] {
  const files = readdirSync("dashboards").filter((name) => name.endsWith(".json"));
  return files.sort().flatMap((name) => {
    const { title, panels } = JSON.parse(readFileSync(`dashboards/${name}`, "utf8")) as DashboardFile;
    return panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr }) => ({ place: `${title} › ${panel.title}`, expr })),
    );
  });
}

function asksFor(expr: string, { name }: MetricDefinition): boolean {
  return new RegExp(`(?<![\\w:])${name}(?:_bucket|_sum|_count)?(?!\\w)`).test(expr);
}

const lowerFirst = (text: string) => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

const promql = (query: string) => `\`\`\`promql data\n${query}\n\`\`\``;
