import type { Fact } from "../journal/fact.ts";
import { isAmount, isText } from "./facts.ts";
import { momentMetrics } from "./metric-catalogue.ts";
import type { GaugeFamily } from "./metric-family.ts";

/** What Langfuse said that the calls of a time came to. */
export interface LangfuseExported {
  /** Beginning of that time, milliseconds since the epoch; its end is when the fact was made. */
  readonly from: number;
  readonly figures: readonly LangfuseFigures[];
}

export interface LangfuseFigures {
  readonly model: string;
  /** `none` for calls of other programs. */
  readonly persona: string;
  readonly calls: number;
  readonly costUsd: number;
  readonly tokens: number;
  /** Mean. */
  readonly latencySeconds: number;
}

/** The latest, with the time of its fact. */
export type LangfuseState = LangfuseExported & { readonly at: number };

export type LangfuseExportedFact = Fact<"langfuse.exported", LangfuseExported>;

/** No session's, so that reading figures on a schedule keeps none alive. */
export const LANGFUSE_SCOPE = "langfuse";

export function isLangfuseExported(fact: Fact): fact is LangfuseExportedFact {
  const { from, figures }: Partial<Record<keyof LangfuseExported, unknown>> = fact.data;
  return (
    fact.type === "langfuse.exported" && isAmount(from) && Array.isArray(figures) && figures.every(isFigures)
  );
}

function isFigures(value: unknown): boolean {
  const { model, persona, ...amounts } = (value ?? {}) as Partial<Record<keyof LangfuseFigures, unknown>>;
  const { calls, costUsd, tokens, latencySeconds } = amounts;
  return isText(model) && isText(persona) && [calls, costUsd, tokens, latencySeconds].every(isAmount);
}

/** Gauges of the latest export; none before the first. */
export function langfuseFamilies(state: LangfuseState | undefined): readonly GaugeFamily[] {
  const family = (
    { name, help, labelNames }: (typeof momentMetrics)["langfuseCost" | "langfuseTokens" | "langfuseLatency"],
    amount: (figures: LangfuseFigures) => number,
  ): GaugeFamily => ({
    name,
    help,
    labelNames,
    type: "gauge",
    series: (state?.figures ?? []).map((one) => ({ labels: [one.model, one.persona], value: amount(one) })),
  });
  return [
    family(momentMetrics.langfuseCost, ({ costUsd }) => costUsd),
    family(momentMetrics.langfuseTokens, ({ tokens }) => tokens),
    family(momentMetrics.langfuseLatency, ({ latencySeconds }) => latencySeconds),
  ];
}
