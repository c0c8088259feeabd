import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import * as common from "@grafana/grafana-foundation-sdk/common";
import type { DataTransformerConfig } from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import * as piechart from "@grafana/grafana-foundation-sdk/piechart";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

/** The one that is chosen at the top of the dashboard. */
export const datasource = { type: "prometheus", uid: `\${datasource}` };

export type Unit = "short" | "s" | "percentunit" | "currencyUSD" | "dateTimeFromNow";

export interface PanelText {
  readonly title: string;
  /** The question that it answers, and what to know when reading it. */
  readonly description: string;
  readonly unit: Unit;
  readonly decimals?: number;
  /** In place of "No data": why there is nothing, which is an answer, too. */
  readonly nothing: string;
  readonly width: number;
  readonly height?: number;
}

const DEFAULT_HEIGHT = 8;
const STAT_HEIGHT = 4;

/** Few enough bars to be read; each covers the time up to the next. */
const BARS = 60;

/**
 * Eight of the stack's scrapes: what Prometheus makes of a counter's first event is then off by a tenth at most. A
 * longer one would leave a fresh stack without a bar for as long.
 */
const SHORTEST_BAR = "2m";

function instant(expression: string, legend = ""): DataqueryBuilder {
  return new DataqueryBuilder().expr(expression).instant().legendFormat(legend).datasource(datasource);
}

function overTime(expression: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expression).range().legendFormat(legend).datasource(datasource);
}

interface Common {
  title(text: string): this;
  description(text: string): this;
  unit(unit: string): this;
  decimals(decimals: number): this;
  noValue(text: string): this;
  span(width: number): this;
  height(height: number): this;
  datasource(reference: typeof datasource): this;
}

function described<Builder extends Common>(builder: Builder, text: PanelText, height: number): Builder {
  builder
    .title(text.title)
    .description(text.description)
    .unit(text.unit)
    .noValue(text.nothing)
    .span(text.width)
    .height(text.height ?? height)
    .datasource(datasource);
  return text.decimals === undefined ? builder : builder.decimals(text.decimals);
}

/** Only the last value: instant queries have no other. */
function lastValue() {
  return new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]);
}

/** One number. */
export function statPanel(text: PanelText, expression: string): stat.PanelBuilder {
  return described(new stat.PanelBuilder(), text, STAT_HEIGHT)
    .withTarget(instant(expression, text.title))
    .reduceOptions(lastValue())
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.None);
}

/** One bar for each series, the longest first. */
export function barsPanel(text: PanelText, expression: string, legend: string): bargauge.PanelBuilder {
  return described(new bargauge.PanelBuilder(), text, DEFAULT_HEIGHT)
    .withTarget(instant(`sort_desc(${expression})`, legend))
    .reduceOptions(lastValue())
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .valueMode(common.BarGaugeValueMode.Text);
}

export function piePanel(text: PanelText, expression: string, legend: string): piechart.PanelBuilder {
  return described(new piechart.PanelBuilder(), text, DEFAULT_HEIGHT)
    .withTarget(instant(expression, legend))
    .reduceOptions(lastValue())
    .pieType(piechart.PieChartType.Donut)
    .displayLabels([piechart.PieChartLabels.Name, piechart.PieChartLabels.Percent])
    .legend(
      new piechart.PieChartLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Right)
        .showLegend(true)
        .values([piechart.PieChartLegendValues.Value, piechart.PieChartLegendValues.Percent]),
    );
}

/** How much of something came in each stretch of time: stacked bars. */
export function countsPanel(text: PanelText, expression: string, legend: string): timeseries.PanelBuilder {
  return described(new timeseries.PanelBuilder(), text, DEFAULT_HEIGHT)
    .withTarget(overTime(expression, legend))
    .maxDataPoints(BARS)
    .interval(SHORTEST_BAR)
    .drawStyle(common.GraphDrawStyle.Bars)
    .fillOpacity(70)
    .lineWidth(0)
    .min(0)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal))
    .legend(legendTable(["sum"]));
}

/** A value that is there at every moment: lines. */
export function linesPanel(
  text: PanelText,
  lines: readonly { readonly expression: string; readonly legend: string }[],
): timeseries.PanelBuilder {
  const panel = described(new timeseries.PanelBuilder(), text, DEFAULT_HEIGHT)
    .drawStyle(common.GraphDrawStyle.Line)
    .showPoints(common.VisibilityMode.Auto)
    .legend(legendTable(["lastNotNull"]));
  for (const { expression, legend } of lines) panel.withTarget(overTime(expression, legend));
  return panel;
}

function legendTable(calcs: string[]) {
  return new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.Table)
    .placement(common.LegendPlacement.Bottom)
    .showLegend(true)
    .calcs(calcs);
}

/** How observations of a histogram spread, over time: `expression` sums buckets by `le`. */
export function heatmapPanel(text: PanelText, expression: string): heatmap.PanelBuilder {
  return described(new heatmap.PanelBuilder(), text, DEFAULT_HEIGHT)
    .withTarget(overTime(expression, "{{le}}").format(PromQueryFormat.Heatmap))
    .maxDataPoints(BARS)
    .interval(SHORTEST_BAR)
    .calculate(false)
    .yAxis(new heatmap.YAxisConfigBuilder().unit(text.unit).axisPlacement(common.AxisPlacement.Left))
    .cellValues(new heatmap.CellValuesBuilder().unit("short"))
    .color(
      // The SDK says 0 for what is left out, which is no colour at all.
      new heatmap.HeatmapColorOptionsBuilder()
        .mode(heatmap.HeatmapColorMode.Scheme)
        .scheme("Oranges")
        .steps(64)
        .exponent(0.5)
        .fill("dark-orange"),
    )
    .showLegend();
}

export interface Column {
  /** Above the column. */
  readonly name: string;
  readonly expression: string;
  readonly unit: Unit;
  readonly decimals?: number;
}

/** One row for each set of `labels`, which are the first columns; every expression has these labels and no other. */
export function tablePanel(
  text: PanelText,
  labels: Readonly<Record<string, string>>,
  columns: readonly Column[],
): table.PanelBuilder {
  const panel = described(new table.PanelBuilder(), text, DEFAULT_HEIGHT);
  const valueField = (index: number) => (columns.length === 1 ? "Value" : `Value #${refId(index)}`);
  for (const { expression } of columns) panel.withTarget(instant(expression).format(PromQueryFormat.Table));
  for (const { name, unit, decimals } of columns) {
    panel.overrideByName(name, [
      { id: "unit", value: unit },
      ...(decimals === undefined ? [] : [{ id: "decimals", value: decimals }]),
    ]);
  }
  const order = [...Object.keys(labels), ...columns.map((_, index) => valueField(index))];
  const names = [...Object.values(labels), ...columns.map(({ name }) => name)];
  return panel.transformations([
    { id: "merge", options: {} },
    {
      id: "organize",
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(order.map((name, index) => [name, index])),
        renameByName: Object.fromEntries(order.map((name, index) => [name, names[index]])),
      },
    },
  ]);
}

/** One row and one column for each value of two labels. */
export function matrixPanel(
  text: PanelText,
  expression: string,
  { row, column }: { readonly row: string; readonly column: string },
): table.PanelBuilder {
  const matrix: DataTransformerConfig = {
    id: "groupingToMatrix",
    options: { rowField: row, columnField: column, valueField: "Value", emptyValue: "zero" },
  };
  return described(new table.PanelBuilder(), text, DEFAULT_HEIGHT)
    .withTarget(instant(expression).format(PromQueryFormat.Table))
    .transformations([matrix]);
}

/** A, B, C … in the order of the queries. */
export function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}
