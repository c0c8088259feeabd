import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { llmCost } from "./llm-cost.ts";
import { personaOverview } from "./persona-overview.ts";
import { workflowPerformance } from "./workflow-performance.ts";

/** The text of each file under `dashboards/`, by its name. */
export function dashboardFiles(): Readonly<Record<string, string>> {
  return {
    "persona-overview.json": textOf(personaOverview()),
    "workflow-performance.json": textOf(workflowPerformance()),
    "llm-cost.json": textOf(llmCost()),
  };
}

function textOf(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
