import type { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { linesPanel, statPanel, tablePanel } from "./panels.ts";
import { increase, metrics, orZero, pushFailureTime, pushTime, RANGE, series, sum, sumBy } from "./promql.ts";

/** A Pushgateway may have groups of others, who have no part in this. */
const OURS = `and on (job, instance) ${series(metrics.buildInfo)}`;

/** Whether the other panels can be believed: what has not arrived, what never will, and who fell silent. */
export function telemetryPanels(): readonly Parameters<DashboardBuilder["withPanel"]>[0][] {
  return [
    statPanel(
      {
        title: "Waiting for delivery",
        description:
          "Facts that a sink has not delivered yet, over all sinks and installations, as of their latest push. More than a few for long means that a backend is down or turns them away.",
        unit: "short",
        decimals: 0,
        nothing: "Nobody has pushed yet",
        width: 6,
      },
      sum(series(metrics.pending)),
    ),
    statPanel(
      {
        title: "Failed deliveries",
        description:
          "Attempts to deliver that failed in the time that is shown. They are made again; nothing is lost by one.",
        unit: "short",
        decimals: 0,
        nothing: "Nobody has pushed yet",
        width: 6,
      },
      orZero(sum(increase(metrics.failures, RANGE))),
    ),
    statPanel(
      {
        title: "Dropped records",
        description:
          "Records that no backend will ever have, since it turned them away or they were too old, in the time that is shown.",
        unit: "short",
        decimals: 0,
        nothing: "Nobody has pushed yet",
        width: 6,
      },
      orZero(sum(increase(metrics.dropped, RANGE))),
    ),
    statPanel(
      {
        title: "Installations whose push fails",
        description:
          "Groups of which the Pushgateway turned the latest push away. What they show elsewhere is older than it seems.",
        unit: "short",
        decimals: 0,
        nothing: "Nobody has pushed yet",
        width: 6,
      },
      // 0 or 1 for each group, so that none failing is 0 and nobody there is nothing.
      sum(`(${series(pushFailureTime)} > bool ${series(pushTime)}) ${OURS}`),
    ),
    linesPanel(
      {
        title: "Waiting for delivery, by sink",
        description: "Facts that each sink has not delivered yet, by the time of the pushes that said so.",
        unit: "short",
        nothing: "Nobody has pushed yet",
        width: 8,
        height: 7,
      },
      [{ expression: sumBy(["sink"], series(metrics.pending)), legend: "{{sink}}" }],
    ),
    tablePanel(
      {
        title: "Failed deliveries, by sink and reason",
        description:
          "Why attempts to deliver failed in the time that is shown. 0 is a reason from before it.",
        unit: "short",
        nothing: "No delivery has failed",
        width: 8,
        height: 7,
      },
      { sink: "Sink", reason: "Reason" },
      [
        {
          name: "Failures",
          expression: sumBy(["sink", "reason"], increase(metrics.failures, RANGE)),
          unit: "short",
          decimals: 0,
        },
      ],
    ),
    tablePanel(
      {
        title: "Last push",
        description:
          "How long ago each installation pushed. One that nobody works with does not push: old is no fault by itself.",
        unit: "s",
        nothing: "Nobody has pushed yet",
        width: 8,
        height: 7,
      },
      { instance: "Instance" },
      [
        {
          name: "Ago",
          expression: `time() - max by (instance) (${series(pushTime)} ${OURS})`,
          unit: "s",
          decimals: 0,
        },
      ],
    ),
  ];
}
