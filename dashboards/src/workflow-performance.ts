import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { framed, labelVariable, patternVariable } from "./frame.ts";
import { barsPanel, countsPanel, heatmapPanel, statPanel, tablePanel } from "./panels.ts";
import {
  increase,
  mean,
  metrics,
  observed,
  orZero,
  perBar,
  quantile,
  RANGE,
  ratio,
  series,
  shareAbove,
  sum,
  sumBy,
} from "./promql.ts";

const NO_RUN = "No workflow run ended in this time";
const NO_STAGE = "No stage was executed in this time";
const CHOSEN = 'workflow=~"$workflow"';
const STAGE = { workflow: "Workflow", stage: "Stage" };
const BY_STAGE = Object.keys(STAGE);

/** A bound of the histogram's buckets, so that the share above it is exact. */
const SLOW_STAGE_SECONDS = 300;

/** How runs of workflows go: what passes, what takes long, and how often something is released. */
export function workflowPerformance(): Dashboard {
  return framed(
    {
      uid: "tta-persona-workflows",
      title: "Workflow Performance",
      description: "How workflow runs end, how long their stages take, and which quality gates fail.",
      from: "now-7d",
      variables: [
        labelVariable("workflow", metrics.runs),
        patternVariable(
          "releases",
          "Release workflows",
          "A regular expression: successful runs of these count as deployments.",
          ".*release.*",
        ),
        patternVariable(
          "incidents",
          "Incident workflows",
          "A regular expression: how long runs of these take is the time to recovery.",
          ".*incident.*",
        ),
      ],
    },
    [
      { title: "Runs", panels: runPanels() },
      { title: "Quality gates", panels: gatePanels() },
      { title: "Stages", panels: stagePanels() },
    ],
  );
}

function runPanels() {
  const runs = increase(metrics.runs, RANGE, CHOSEN);
  return [
    statPanel(
      {
        title: "Runs",
        description: "Workflow runs that ended in the time that is shown.",
        unit: "short",
        decimals: 0,
        nothing: NO_RUN,
        width: 6,
      },
      orZero(sum(runs)),
    ),
    statPanel(
      {
        title: "Successful runs",
        description: "Which part of the runs that ended in the time that is shown was successful.",
        unit: "percentunit",
        decimals: 0,
        nothing: NO_RUN,
        width: 6,
      },
      ratio(sum(increase(metrics.runs, RANGE, `${CHOSEN}, result="success"`)), sum(runs)),
    ),
    statPanel(
      {
        title: "Releases, last 7 days",
        description:
          "Deployment frequency: successful runs of the release workflows within the last 7 days, whatever time is shown. Which workflows those are is chosen at the top.",
        unit: "short",
        decimals: 0,
        nothing: NO_RUN,
        width: 6,
      },
      orZero(sum(increase(metrics.runs, "7d", 'workflow=~"$releases", result="success"'))),
    ),
    statPanel(
      {
        title: "Time to recovery",
        description:
          "Mean duration of the incident workflows' runs that ended in the time that is shown, however they ended. Which workflows those are is chosen at the top.",
        unit: "s",
        nothing: "No incident was worked on in this time",
        width: 6,
      },
      mean(metrics.runDuration, [], RANGE, 'workflow=~"$incidents"'),
    ),
    countsPanel(
      {
        title: "Runs by result",
        description: "When runs ended, and how. Each bar covers the time up to the next.",
        unit: "short",
        decimals: 0,
        nothing: NO_RUN,
        width: 12,
      },
      perBar(["result"], metrics.runs, CHOSEN),
      "{{result}}",
    ),
    tablePanel(
      {
        title: "Last run by workflow and result",
        description: "When a run of each workflow last ended with each result, whatever time is shown.",
        unit: "dateTimeFromNow",
        nothing: "No workflow has run yet",
        width: 12,
      },
      { workflow: "Workflow", result: "Result" },
      [
        {
          name: "Ended",
          // Grafana's dates are in milliseconds.
          expression: `max by (workflow, result) (${series(metrics.lastRun, CHOSEN)}) * 1000`,
          unit: "dateTimeFromNow",
        },
      ],
    ),
  ];
}

function gatePanels() {
  const failed = increase(metrics.qualityGate, RANGE, `${CHOSEN}, result="failed"`);
  return [
    tablePanel(
      {
        title: "Gate pass rate by stage",
        description:
          "Which part of the executed stages passed, their work and all their gates together, in the time that is shown.",
        unit: "percentunit",
        nothing: NO_STAGE,
        width: 12,
      },
      STAGE,
      [
        {
          name: "Passed",
          expression: ratio(
            sumBy(BY_STAGE, increase(metrics.qualityGate, RANGE, `${CHOSEN}, result="passed"`)),
            sumBy(BY_STAGE, increase(metrics.qualityGate, RANGE, CHOSEN)),
          ),
          unit: "percentunit",
          decimals: 0,
        },
      ],
    ),
    barsPanel(
      {
        title: "Gate pass rate by workflow",
        description: "Which part of the executed stages of each workflow passed, in the time that is shown.",
        unit: "percentunit",
        decimals: 0,
        nothing: NO_STAGE,
        width: 6,
      },
      ratio(
        sumBy(["workflow"], increase(metrics.qualityGate, RANGE, `${CHOSEN}, result="passed"`)),
        sumBy(["workflow"], increase(metrics.qualityGate, RANGE, CHOSEN)),
      ),
      "{{workflow}}",
    ),
    barsPanel(
      {
        title: "Failed gates",
        description: "How often each stage failed, its work or one of its gates, in the time that is shown.",
        unit: "short",
        decimals: 0,
        nothing: NO_STAGE,
        width: 6,
      },
      sumBy(BY_STAGE, failed),
      "{{workflow}} · {{stage}}",
    ),
  ];
}

function stagePanels() {
  return [
    heatmapPanel(
      {
        title: "Stage duration",
        description: "How many stages took how long, over time: the darker, the more.",
        unit: "s",
        nothing: NO_STAGE,
        width: 12,
      },
      perBar(["le"], metrics.stageDuration, CHOSEN, "_bucket"),
    ),
    tablePanel(
      {
        title: "Stage duration by stage",
        description:
          "How long half, and 95 %, of a stage's executions took at most, in the time that is shown. Interpolated between the histogram's buckets, and at most their highest bound of one hour.",
        unit: "s",
        nothing: NO_STAGE,
        width: 12,
      },
      STAGE,
      [
        {
          name: "Executions",
          expression: sumBy(BY_STAGE, observed(metrics.stageDuration, "count", RANGE, CHOSEN)),
          unit: "short",
          decimals: 0,
        },
        {
          name: "Median",
          expression: quantile(0.5, metrics.stageDuration, BY_STAGE, RANGE, CHOSEN),
          unit: "s",
          decimals: 0,
        },
        {
          name: "95th percentile",
          expression: quantile(0.95, metrics.stageDuration, BY_STAGE, RANGE, CHOSEN),
          unit: "s",
          decimals: 0,
        },
      ],
    ),
    barsPanel(
      {
        title: "Slowest stages",
        description: "The ten stages with the longest mean duration, in the time that is shown.",
        unit: "s",
        nothing: NO_STAGE,
        width: 8,
      },
      `topk(10, ${mean(metrics.stageDuration, BY_STAGE, RANGE, CHOSEN)})`,
      "{{workflow}} · {{stage}}",
    ),
    barsPanel(
      {
        title: "Stages slower than 5 minutes",
        description:
          "Which part of a stage's executions took longer than 5 minutes, in the time that is shown.",
        unit: "percentunit",
        decimals: 0,
        nothing: NO_STAGE,
        width: 8,
      },
      shareAbove(SLOW_STAGE_SECONDS, metrics.stageDuration, BY_STAGE, RANGE, CHOSEN),
      "{{workflow}} · {{stage}}",
    ),
    barsPanel(
      {
        title: "Retries",
        description: "Attempts at a stage's work after its first, in the time that is shown.",
        unit: "short",
        decimals: 0,
        nothing: NO_STAGE,
        width: 8,
      },
      sumBy(BY_STAGE, increase(metrics.stageRetries, RANGE, CHOSEN)),
      "{{workflow}} · {{stage}}",
    ),
  ];
}
