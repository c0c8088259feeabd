import type { Answer } from "./check-dashboard.ts";
import type { Panel } from "./grafana.ts";

/** One series as a panel shows it. */
export interface Reading {
  /** Of a table. */
  readonly column: string | undefined;
  /** What tells it from the others; the values of its labels in a table, in the order of the label's names. */
  readonly legend: string;
  /** Grafana's id. */
  readonly unit: string | undefined;
  readonly values: readonly number[];
}

export function readingsOf(panel: Panel, answers: readonly Answer[]): Reading[] {
  return answers.flatMap(({ target, series }) => {
    const column = columnOf(panel, target.refId, answers.length);
    const unit = target.format === "heatmap" ? "short" : unitOf(panel, column);
    return series.map(({ labels, values }) => ({
      column,
      legend: legendOf(target.legendFormat ?? "", labels),
      unit,
      values,
    }));
  });
}

/** What a query's column is called in the end. */
function columnOf(panel: Panel, refId: string, queries: number): string | undefined {
  const names = panel.transformations?.find(({ id }) => id === "organize")?.options.renameByName;
  return (names as Record<string, string> | undefined)?.[queries === 1 ? "Value" : `Value #${refId}`];
}

function unitOf({ fieldConfig }: Panel, column: string | undefined): string | undefined {
  const override = fieldConfig?.overrides.find(({ matcher }) => matcher.options === column);
  const unit = override?.properties.find(({ id }) => id === "unit")?.value;
  return typeof unit === "string" ? unit : fieldConfig?.defaults.unit;
}

function legendOf(format: string, labels: Readonly<Record<string, string>>): string {
  if (format === "") {
    const byName = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    return byName.map(([, value]) => value).join(" · ");
  }
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? "?");
}
