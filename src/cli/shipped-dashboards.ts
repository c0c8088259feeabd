import fs from "node:fs";
import type { GrafanaDashboard } from "../backend/grafana.ts";
import type { CliContext } from "./context.ts";

/** A dashboard that comes with the program. */
export interface ShippedDashboard {
  readonly file: string;
  /** As it is in the file. */
  readonly text: string;
  readonly dashboard: GrafanaDashboard;
}

/** Those of the package, by file name. What is wrong with one of them is a bug. */
export function shippedDashboards({ programDir }: CliContext): readonly ShippedDashboard[] {
  const directory = `${programDir.slice(0, programDir.lastIndexOf("/"))}/dashboards`;
  const names = fs.existsSync(directory) ? fs.readdirSync(directory) : [];
  return names
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => {
      const file = `${directory}/${name}`;
      const text = fs.readFileSync(file, "utf8");
      return { file, text, dashboard: JSON.parse(text) as GrafanaDashboard };
    });
}
