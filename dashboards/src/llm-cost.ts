import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { framed, labelVariable } from "./frame.ts";
import { barsPanel, countsPanel, linesPanel, statPanel, tablePanel } from "./panels.ts";
import {
  AROUND_POINT,
  increase,
  mean,
  metrics,
  orZero,
  perBar,
  quantile,
  RANGE,
  ratio,
  series,
  sum,
  sumBy,
} from "./promql.ts";

const NO_CALL = "No model was called in this time";
const NO_COST = "No call with a known price in this time";
const NO_BUDGET = "No persona has a token budget";
const CHOSEN = 'persona=~"$persona", model=~"$model"';

/** Grafana's own words for a panel that shows the month so far, whatever time the dashboard shows. */
const MONTH_SO_FAR = "now/M";

/** Of the current month, in UTC. */
const DAYS_LEFT = "(days_in_month() - day_of_month() + 1 - hour() / 24)";

/** What calls of models cost, how many there are, and how they go. */
export function llmCost(): Dashboard {
  return framed(
    {
      uid: "tta-persona-llm-cost",
      title: "LLM Cost",
      description:
        "What calls of models cost, by persona, model and workflow, and how many fail or are slow.",
      from: "now-24h",
      variables: [labelVariable("persona", metrics.calls), labelVariable("model", metrics.calls)],
    },
    [
      { title: "Cost", panels: costPanels() },
      { title: "What it is spent on", panels: spendingPanels() },
      { title: "Calls", panels: callPanels() },
      { title: "Budgets", panels: budgetPanels() },
    ],
  );
}

function costPanels() {
  const cost = (window: string) => sum(increase(metrics.cost, window, CHOSEN));
  return [
    statPanel(
      {
        title: "Cost",
        description: "Cost of all calls with a known price, in the time that is shown.",
        unit: "currencyUSD",
        nothing: NO_COST,
        width: 6,
      },
      orZero(cost(RANGE)),
    ),
    statPanel(
      {
        title: "Cost of this month",
        description: "Cost since the month began, whatever time is shown.",
        unit: "currencyUSD",
        nothing: NO_COST,
        width: 6,
      },
      orZero(cost(RANGE)),
    ).timeFrom(MONTH_SO_FAR),
    statPanel(
      {
        title: "Projected cost of this month",
        description:
          "What the month will have cost, if the rest of it goes like the last 7 days: cost since it began, and a seventh of the last 7 days' cost for each day that is left (UTC). Too low within the first week of measuring.",
        unit: "currencyUSD",
        nothing: NO_COST,
        width: 6,
      },
      // Each by itself: a group that was deleted has a past, but no last 7 days.
      `(${orZero(cost(RANGE))}) + (${orZero(cost("7d"))}) / 7 * ${DAYS_LEFT}`,
    ).timeFrom(MONTH_SO_FAR),
    statPanel(
      {
        title: "Unpriced calls",
        description:
          "Calls whose cost is unknown, in the time that is shown: they are missing in every cost. Either the model has no known price (name it in prices.yaml), or nobody was told how many tokens it took, as of one that was lost. Calls that were refused cost nothing, and do not count.",
        unit: "short",
        decimals: 0,
        nothing: NO_CALL,
        width: 6,
      },
      orZero(sum(increase(metrics.unpriced, RANGE, 'model=~"$model"'))),
    ),
    countsPanel(
      {
        title: "Cost over time, by model",
        description: "When which model cost how much. Each bar covers the time up to the next.",
        unit: "currencyUSD",
        nothing: NO_COST,
        width: 24,
      },
      perBar(["model"], metrics.cost, CHOSEN),
      "{{model}}",
    ),
  ];
}

function spendingPanels() {
  const costBy = (label: string) => sumBy([label], increase(metrics.cost, RANGE, CHOSEN));
  const by = (label: string, description: string) =>
    barsPanel(
      { title: `Cost by ${label}`, description, unit: "currencyUSD", nothing: NO_COST, width: 8 },
      costBy(label),
      `{{${label}}}`,
    );
  return [
    by("persona", "What the calls of each persona cost, in the time that is shown."),
    by("model", "What the calls of each model cost, in the time that is shown."),
    by(
      "workflow",
      "What the calls within runs of each workflow cost, in the time that is shown. `none`: calls outside of runs.",
    ),
    tablePanel(
      {
        title: "Cost per call and per 1,000 tokens",
        description:
          "What a successful call, and what 1,000 tokens (input and output together), cost on average, for models with a known price, in the time that is shown.",
        unit: "currencyUSD",
        nothing: NO_COST,
        width: 12,
      },
      { model: "Model" },
      [
        {
          name: "Per call",
          expression: ratio(
            costBy("model"),
            sumBy(["model"], increase(metrics.calls, RANGE, `${CHOSEN}, outcome="ok"`)),
          ),
          unit: "currencyUSD",
          decimals: 4,
        },
        {
          name: "Per 1,000 tokens",
          expression: `1000 * ${ratio(costBy("model"), sumBy(["model"], increase(metrics.tokens, RANGE, CHOSEN)))}`,
          unit: "currencyUSD",
          decimals: 5,
        },
      ],
    ),
    barsPanel(
      {
        title: "Unpriced calls by model",
        description: "Which models had calls of unknown cost, and how many, in the time that is shown.",
        unit: "short",
        decimals: 0,
        nothing: "The cost of every call is known",
        width: 12,
      },
      `${sumBy(["model"], increase(metrics.unpriced, RANGE, 'model=~"$model"'))} > 0`,
      "{{model}}",
    ),
  ];
}

function callPanels() {
  return [
    countsPanel(
      {
        title: "Calls by outcome",
        description:
          "When models were called, and how that ended. `blocked`: refused by a hard budget before it was made. Each bar covers the time up to the next.",
        unit: "short",
        decimals: 0,
        nothing: NO_CALL,
        width: 12,
      },
      perBar(["outcome"], metrics.calls, CHOSEN),
      "{{outcome}}",
    ),
    tablePanel(
      {
        title: "Calls by model",
        description:
          "Calls in the time that is shown, which part of them failed, and how long they took. The 95th percentile is interpolated between the histogram's buckets, and at most their highest bound of 5 minutes.",
        unit: "short",
        nothing: NO_CALL,
        width: 12,
      },
      { model: "Model" },
      [
        {
          name: "Calls",
          expression: sumBy(["model"], increase(metrics.calls, RANGE, CHOSEN)),
          unit: "short",
          decimals: 0,
        },
        {
          name: "Failed",
          // Failed calls of a model without any are 0, not absent, and `* 0` of its calls has the same labels.
          expression: ratio(
            `(${sumBy(["model"], increase(metrics.calls, RANGE, `${CHOSEN}, outcome="error"`))} or ${sumBy(["model"], increase(metrics.calls, RANGE, CHOSEN))} * 0)`,
            sumBy(["model"], increase(metrics.calls, RANGE, CHOSEN)),
          ),
          unit: "percentunit",
          decimals: 0,
        },
        {
          name: "Mean latency",
          expression: mean(metrics.callDuration, ["model"], RANGE, CHOSEN),
          unit: "s",
          decimals: 2,
        },
        {
          name: "95th percentile",
          expression: quantile(0.95, metrics.callDuration, ["model"], RANGE, CHOSEN),
          unit: "s",
          decimals: 2,
        },
      ],
    ),
    linesPanel(
      {
        title: "Latency of calls",
        description:
          "How long calls took around each moment: half of them, and 95 %, at most. No point: no call.",
        unit: "s",
        nothing: NO_CALL,
        width: 12,
      },
      [
        { expression: quantile(0.5, metrics.callDuration, [], AROUND_POINT, CHOSEN), legend: "median" },
        {
          expression: quantile(0.95, metrics.callDuration, [], AROUND_POINT, CHOSEN),
          legend: "95th percentile",
        },
      ],
    ),
    countsPanel(
      {
        title: "Failed calls, by model",
        description: "When calls of which model failed. Each bar covers the time up to the next.",
        unit: "short",
        decimals: 0,
        nothing: "No call has failed",
        width: 12,
      },
      perBar(["model"], metrics.calls, `${CHOSEN}, outcome="error"`),
      "{{model}}",
    ),
  ];
}

function budgetPanels() {
  const limit = series(metrics.budgetLimit, 'persona=~"$persona"');
  const left = series(metrics.budgetRemaining, 'persona=~"$persona"');
  const labels = ["persona", "instance"];
  return [
    tablePanel(
      {
        title: "Token budgets",
        description:
          "What each persona may use in the current window of its budget, and what is left of it, by installation, as of its latest push. Below 0: more was used than the budget allows.",
        unit: "short",
        nothing: NO_BUDGET,
        width: 24,
        height: 6,
      },
      { persona: "Persona", instance: "Instance" },
      [
        { name: "Budget", expression: sumBy(labels, limit), unit: "short" },
        { name: "Used", expression: `${sumBy(labels, limit)} - ${sumBy(labels, left)}`, unit: "short" },
        { name: "Left", expression: sumBy(labels, left), unit: "short" },
        {
          name: "Left of it",
          expression: ratio(sumBy(labels, left), sumBy(labels, limit)),
          unit: "percentunit",
          decimals: 0,
        },
      ],
    ),
  ];
}
