import { runScriptedDay } from "../support/scripted-day.ts";
import { type Answer, askPanel } from "./check-dashboard.ts";
import { DASHBOARDS, type Panel, panelsOf, readDashboard } from "./grafana.ts";

/**
 * Prints what an operator sees after the scripted day: for each panel its title, unit and question, and beside each
 * legend its value; of a series over time, all of its values.
 */
export async function readDashboards(print: (text: string) => void): Promise<void> {
  const day = await runScriptedDay();
  try {
    for (const name of DASHBOARDS) {
      const dashboard = readDashboard(name);
      print(`\n# ${dashboard.title}\n`);
      for (const panel of panelsOf(dashboard)) {
        const { unit } = panel.fieldConfig?.defaults ?? {};
        print(`\n## ${panel.title}  (${panel.type}, ${unit})\n${panel.description}\n`);
        for (const line of linesOf(panel, await askPanel(day.prometheus, dashboard, panel, day)))
          print(`    ${line}\n`);
      }
    }
  } finally {
    await day.close();
  }
}

function linesOf(panel: Panel, answers: readonly Answer[]): string[] {
  return answers.flatMap(({ target, series }) => {
    const column = columnOf(panel, target.refId, answers.length);
    const unit = unitOf(panel, column);
    return series.map(({ labels, values }) => {
      const legend = legendOf(target.legendFormat ?? "", labels);
      return `${column === undefined ? "" : `${column}: `}${legend} = ${values.map((value) => shown(value, unit)).join("  ")}`;
    });
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
  if (format === "") return Object.values(labels).join(" · ");
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? "?");
}

function shown(value: number, unit: string | undefined): string {
  const text = String(Math.round(value * 1000) / 1000);
  if (unit === "percentunit") return `${(value * 100).toFixed(1)} %`;
  if (unit === "currencyUSD") return `$${value.toFixed(4)}`;
  if (unit === "s") return `${text} s`;
  if (unit === "dateTimeFromNow") return new Date(value).toISOString();
  return text;
}
