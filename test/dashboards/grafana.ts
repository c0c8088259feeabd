import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/run-binary.ts";

/** What of a dashboard's JSON the tests look at. */
export interface Dashboard {
  uid: string;
  title: string;
  editable?: boolean;
  tags: string[];
  time: { from: string; to: string };
  links: { title: string; type: string; tags: string[]; includeVars: boolean; keepTime: boolean }[];
  templating: { list: Variable[] };
  annotations: {
    list: { name: string; expr: string; titleFormat: string; textFormat: string; datasource: Source }[];
  };
  panels: Panel[];
}

export interface Source {
  type?: string;
  uid?: string;
}

export interface Variable {
  name: string;
  type: string;
  label?: string;
  query: string;
  datasource?: Source;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  refresh?: number;
  current?: { value: string | string[] };
}

export interface Target {
  refId: string;
  expr: string;
  legendFormat?: string;
  format?: string;
  instant?: boolean;
  range?: boolean;
  hide?: boolean;
  datasource?: Source;
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: Source;
  interval?: string;
  maxDataPoints?: number;
  timeFrom?: string;
  targets?: Target[];
  transformations?: { id: string; options: Record<string, unknown> }[];
  fieldConfig?: {
    defaults: { unit?: string; noValue?: string; decimals?: number; links?: { url: string }[] };
    overrides: {
      matcher: { id: string; options: unknown };
      properties: { id: string; value?: unknown }[];
    }[];
  };
}

export const DASHBOARDS = ["persona-overview", "workflow-performance", "llm-cost"] as const;

export function readDashboard(name: (typeof DASHBOARDS)[number]): Dashboard {
  return JSON.parse(readFileSync(join(repositoryRoot, "dashboards", `${name}.json`), "utf8")) as Dashboard;
}

/** Those that show something: rows are headings. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  return dashboard.panels.filter(({ type }) => type !== "row");
}

/** The time that is looked at, and how often there is something new to see. */
export interface View {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly scrapeSeconds: number;
}

/** What the stack's datasource says, in seconds: intervals of panels are meant for it. */
const STACK_SCRAPE_SECONDS = 15;
const PANEL_WIDTH_PIXELS = 800;

export interface Times {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
}

/**
 * When Grafana asks for a panel: from the time that is shown or the panel's own, in steps of as many points as fit,
 * aligned to the step. Scrapes here are more often than the stack's, so a panel's least step shrinks likewise.
 */
export function timesOf(panel: Panel | undefined, view: View): Times {
  const startSeconds = panel?.timeFrom === "now/M" ? monthStart(view.endSeconds) : view.startSeconds;
  const scale = view.scrapeSeconds / STACK_SCRAPE_SECONDS;
  const least = panel?.interval === undefined ? view.scrapeSeconds : secondsOf(panel.interval) * scale;
  const points = panel?.maxDataPoints ?? PANEL_WIDTH_PIXELS;
  const stepSeconds = Math.max(Math.ceil((view.endSeconds - startSeconds) / points), Math.ceil(least), 1);
  const aligned = (seconds: number) => Math.floor(seconds / stepSeconds) * stepSeconds;
  return { startSeconds: aligned(startSeconds), endSeconds: aligned(view.endSeconds), stepSeconds };
}

function monthStart(seconds: number): number {
  const date = new Date(seconds * 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) / 1000;
}

function secondsOf(interval: string): number {
  const [, count = "", unit = ""] = /^(\d+)(s|m|h|d)$/.exec(interval) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit];
  if (seconds === undefined) throw new Error(`not an interval: ${interval}`);
  return Number(count) * seconds;
}

/** Puts values in the place of Grafana's variables and the dashboard's own. What it does not know stays. */
export function substitute(text: string, dashboard: Dashboard, times: Times, view: View): string {
  const rangeSeconds = times.endSeconds - times.startSeconds;
  const rateSeconds = Math.max(times.stepSeconds + view.scrapeSeconds, 4 * view.scrapeSeconds);
  const known: Record<string, string> = {
    __range: `${rangeSeconds}s`,
    __range_s: String(rangeSeconds),
    __range_ms: String(rangeSeconds * 1000),
    __interval: `${times.stepSeconds}s`,
    __interval_ms: String(times.stepSeconds * 1000),
    __rate_interval: `${rateSeconds}s`,
  };
  for (const variable of dashboard.templating.list) known[variable.name] = valueOfVariable(variable);
  return text.replace(/\$\{(\w+)\}|\$(\w+)/g, (all, braced, bare) => known[braced ?? bare] ?? all);
}

function valueOfVariable({ current, allValue, query }: Variable): string {
  const value = [current?.value ?? query].flat().join("|");
  return value === "$__all" ? (allValue ?? "") : value;
}
