import { type Dashboard, DashboardLinkBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { framed } from "./frame.ts";
import {
  barsPanel,
  countsPanel,
  linesPanel,
  matrixPanel,
  piePanel,
  statPanel,
  tablePanel,
} from "./panels.ts";
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
  sum,
  sumBy,
} from "./promql.ts";

const NO_SWITCH = "No persona was switched in this time";
const NO_SESSION = "No session ended in this time";
const NO_TOKENS = "No tokens were used in this time";
const NO_BUDGET = "No persona has a token budget";

/** Whose a budget is. */
const OWNER = ["job", "instance", "persona"];

/** Who works as what, for how long, and what that uses up. */
export function personaOverview(): Dashboard {
  return framed(
    {
      uid: "tta-persona-overview",
      title: "Persona Overview",
      description: "Which personas are worked as, for how long, and how many tokens they use.",
      from: "now-24h",
    },
    [
      { title: "Switches", panels: switchPanels() },
      { title: "Sessions", panels: sessionPanels() },
      { title: "Tokens and budgets", panels: tokenPanels() },
    ],
  );
}

function switchPanels() {
  return [
    statPanel(
      {
        title: "Switches",
        description:
          "How often a persona was switched to, in the time that is shown. Each stage of a workflow is a switch, too.",
        unit: "short",
        decimals: 0,
        nothing: NO_SWITCH,
        width: 8,
      },
      orZero(sum(increase(metrics.switches, RANGE))),
    ),
    statPanel(
      {
        title: "Ended sessions",
        description:
          "Sessions that ended in the time that is shown: by a switch, by `end`, or for want of activity.",
        unit: "short",
        decimals: 0,
        nothing: NO_SESSION,
        width: 8,
      },
      orZero(sum(observed(metrics.duration, "count", RANGE))),
    ),
    statPanel(
      {
        title: "Tokens",
        description:
          "Tokens of all personas and models, input and output together, in the time that is shown.",
        unit: "short",
        nothing: NO_TOKENS,
        width: 8,
      },
      orZero(sum(increase(metrics.tokens, RANGE))),
    ),
    countsPanel(
      {
        title: "Switches over time",
        description: "When which persona was switched to. Each bar covers the time up to the next.",
        unit: "short",
        decimals: 0,
        nothing: NO_SWITCH,
        width: 12,
      },
      perBar(["to_persona"], metrics.switches),
      "{{to_persona}}",
    ),
    matrixPanel(
      {
        title: "Switches by pair",
        description:
          "From which persona (rows) to which (columns), in the time that is shown. `none`: nothing was active before, as at the beginning of every stage of a workflow.",
        unit: "short",
        decimals: 0,
        nothing: NO_SWITCH,
        width: 12,
      },
      sumBy(["from_persona", "to_persona"], increase(metrics.switches, RANGE)),
      { row: "from_persona", column: "to_persona" },
    ),
    barsPanel(
      {
        title: "Top chatmodes",
        description:
          "The ten chatmodes that were switched to most often, in the time that is shown. The stages of a workflow have its name for their chatmode.",
        unit: "short",
        decimals: 0,
        nothing: NO_SWITCH,
        width: 24,
        height: 6,
      },
      `topk(10, ${sumBy(["chatmode"], increase(metrics.switches, RANGE))})`,
      "{{chatmode}}",
    ),
  ];
}

function sessionPanels() {
  return [
    tablePanel(
      {
        title: "Sessions by persona",
        description:
          "Sessions that ended in the time that is shown, and how long they were. The 90th percentile is interpolated between the histogram's buckets, and at most their highest bound of 8 hours.",
        unit: "s",
        nothing: NO_SESSION,
        width: 12,
      },
      { persona: "Persona" },
      [
        {
          name: "Sessions",
          expression: sumBy(["persona"], observed(metrics.duration, "count", RANGE)),
          unit: "short",
          decimals: 0,
        },
        { name: "Mean", expression: mean(metrics.duration, ["persona"], RANGE), unit: "s", decimals: 0 },
        {
          name: "90th percentile",
          expression: quantile(0.9, metrics.duration, ["persona"], RANGE),
          unit: "s",
          decimals: 0,
        },
      ],
    ).dataLinks([
      new DashboardLinkBuilder("What its model calls cost").url(
        `/d/tta-persona-llm-cost?var-persona=\${__data.fields.Persona}&\${__url_time_range}`,
      ),
    ]),
    piePanel(
      {
        title: "Time by persona",
        description:
          "Which share of the time of ended sessions each persona had. A session counts when it ends, with all its time, however early it began.",
        unit: "s",
        decimals: 0,
        nothing: NO_SESSION,
        width: 12,
      },
      `${sumBy(["persona"], observed(metrics.duration, "sum", RANGE))} > 0`,
      "{{persona}}",
    ),
  ];
}

function tokenPanels() {
  return [
    countsPanel(
      {
        title: "Tokens over time, by persona",
        description: "When which persona used how many tokens. Each bar covers the time up to the next.",
        unit: "short",
        nothing: NO_TOKENS,
        width: 12,
      },
      perBar(["persona"], metrics.tokens),
      "{{persona}}",
    ),
    barsPanel(
      {
        title: "Tokens by persona and model",
        description: "Who used which model for how many tokens, in the time that is shown.",
        unit: "short",
        nothing: NO_TOKENS,
        width: 12,
      },
      sumBy(["persona", "model"], increase(metrics.tokens, RANGE)),
      "{{persona}} · {{model}}",
    ),
    linesPanel(
      {
        title: "Budget left",
        description:
          "Which part of its token budget each persona has left, in the budget's own window (a day, week, month or run; UTC), by installation. Below 0: more was used than the budget allows.",
        unit: "percentunit",
        nothing: NO_BUDGET,
        width: 12,
      },
      [
        {
          expression: `${series(metrics.budgetRemaining)} / (${series(metrics.budgetLimit)} > 0)`,
          legend: "{{persona}} on {{instance}}",
        },
      ],
    ),
    barsPanel(
      {
        title: "Budget burn rate, last hour",
        description:
          "Which part of its budget each persona used within the last hour. At 25 % an hour a full budget is gone in four hours.",
        unit: "percentunit",
        decimals: 1,
        nothing: NO_BUDGET,
        width: 12,
      },
      // A persona that has not used a token is at 0, not absent.
      ratio(
        `(${sumBy(OWNER, increase(metrics.tokens, "1h"))} or ${sumBy(OWNER, series(metrics.budgetLimit))} * 0)`,
        sumBy(OWNER, series(metrics.budgetLimit)),
      ),
      "{{persona}} on {{instance}}",
    ),
  ];
}
