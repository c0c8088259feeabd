import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type RowPanel,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { datasource, refId } from "./panels.ts";
import { metrics, series } from "./promql.ts";
import { telemetryPanels } from "./telemetry-row.ts";

const TAG = "tta-persona";

/** The alerts of this project, which lines on the panels mark while they fire. */
const ALERTS = [
  "HighPersonaSwitchRate",
  "LangfuseDeliveryFailing",
  "LlmCallsUnpriced",
  "PersonaTokenBudgetBurnRate",
  "PersonaTokenBudgetExceeded",
  "TelemetryPushFailing",
  "TelemetryStale",
  "WorkflowQualityGateFailure",
  "WorkflowRunFailing",
  "WorkflowStageSlow",
];

type PanelBuilder = Parameters<DashboardBuilder["withPanel"]>[0];
type VariableBuilder = Parameters<DashboardBuilder["withVariable"]>[0];

export interface Row {
  readonly title: string;
  readonly panels: readonly PanelBuilder[];
}

/** A dashboard with what all three have: links, variables, alerts, and how delivery itself stands. */
export function framed(
  head: {
    readonly uid: string;
    readonly title: string;
    readonly description: string;
    readonly from: string;
    readonly variables?: readonly VariableBuilder[];
  },
  rows: readonly Row[],
): Dashboard {
  const builder = new DashboardBuilder(head.title)
    .uid(head.uid)
    .description(head.description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: head.from, to: "now" })
    .timezone("browser")
    .refresh("1m")
    .link(
      new DashboardLinkBuilder("tta-persona")
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name("Alerts")
        .datasource(datasource)
        .enable(true)
        .iconColor("red")
        .expr(`ALERTS{alertstate="firing", alertname=~"${ALERTS.join("|")}"}`)
        .titleFormat("{{alertname}}")
        .textFormat("{{severity}}")
        .tagKeys("alertname,severity"),
    )
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"))
    .withVariable(chooser("job", `label_values(${metrics.buildInfo.name}, job)`, ".+"))
    .withVariable(
      chooser("instance", `label_values(${metrics.buildInfo.name}{job=~"$job"}, instance)`, ".+"),
    );
  for (const variable of head.variables ?? []) builder.withVariable(variable);
  for (const { title, panels } of [...rows, { title: "Telemetry health", panels: telemetryPanels() }]) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  return numbered(builder.build());
}

/** A variable that offers a label's values. All of them, at first; also those that turn up later. */
export function labelVariable(label: string, metric: { readonly name: string }): VariableBuilder {
  return chooser(label, `label_values(${series(metric)}, ${label})`, ".*");
}

function chooser(name: string, query: string, allValue: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(`${name.charAt(0).toUpperCase()}${name.slice(1)}`)
    .query(query)
    .datasource(datasource)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(allValue)
    .current({ selected: true, text: ["All"], value: ["$__all"] });
}

/** A variable that takes a regular expression. */
export function patternVariable(
  name: string,
  label: string,
  description: string,
  pattern: string,
): VariableBuilder {
  return new TextBoxVariableBuilder(name)
    .label(label)
    .description(description)
    .defaultValue(pattern)
    .current({ selected: true, text: pattern, value: pattern });
}

/** The SDK leaves the ids of panels and the letters of queries open; Grafana would choose others at each import. */
function numbered(dashboard: Dashboard): Dashboard {
  // Without it links and annotations stand above the dashboard, in every version of Grafana.
  for (const one of [...(dashboard.links ?? []), ...(dashboard.annotations?.list ?? [])])
    delete one.placement;
  for (const [index, panel] of (dashboard.panels ?? []).entries()) {
    panel.id = index + 1;
    if (!isPanel(panel)) continue;
    for (const link of panel.fieldConfig?.defaults.links ?? []) delete link.placement;
    for (const [at, target] of (panel.targets ?? []).entries()) Object.assign(target, { refId: refId(at) });
  }
  return dashboard;
}

function isPanel(panel: Panel | RowPanel): panel is Panel {
  return panel.type !== "row";
}
