import { runScriptedDay } from "../support/scripted-day.ts";
import { askPanel } from "./check-dashboard.ts";
import { DASHBOARDS, panelsOf, readDashboard } from "./grafana.ts";
import { type Reading, readingsOf } from "./readings.ts";

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
        const answers = await askPanel(day.prometheus, dashboard, panel, day);
        for (const reading of readingsOf(panel, answers)) print(`    ${lineOf(reading)}\n`);
      }
    }
  } finally {
    await day.close();
  }
}

function lineOf({ column, legend, unit, values }: Reading): string {
  const head = column === undefined ? legend : `${column}: ${legend}`;
  return `${head} = ${values.map((value) => shown(value, unit)).join("  ")}`;
}

function shown(value: number, unit: string | undefined): string {
  const text = String(Math.round(value * 1000) / 1000);
  if (unit === "percentunit") return `${(value * 100).toFixed(1)} %`;
  if (unit === "currencyUSD") return `$${value.toFixed(5)}`;
  if (unit === "s") return `${text} s`;
  if (unit === "dateTimeFromNow") return new Date(value).toISOString();
  return text;
}
