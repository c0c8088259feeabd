import type { BudgetView } from "../projection/budget.ts";
import type { Budget } from "../projection/llm-facts.ts";

/** `2,000,000 tokens per day` */
export function budgetText({ tokens, window }: Pick<Budget, "tokens" | "window">): string {
  return `${numberText(tokens)} tokens per ${window}`;
}

/** 2,000,000: the same in every locale, for scripts and tests. */
export function numberText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Of the limit, in whole percent, rounded down: 100 only when all is used. */
export function percentUsed(used: number, limit: number): number {
  return Math.floor((used * 100) / limit);
}

/** `2026-11-25 00:00 UTC`; `the run's end` where no clock ends it. */
export function windowEndText({ end }: Pick<BudgetView, "end">): string {
  if (end === undefined) return "the run's end";
  return `${new Date(end).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1000, m: 1_000_000, g: 1_000_000_000 };

/** `2000000`, `2M`, `1.5M`, `500k`, `2_000_000`; undefined for all that is no whole number of tokens above 0. */
export function parseTokens(text: string): number | undefined {
  const parts = /^(\d+(?:[_,]\d{3})*)(\.\d+)?([kmg]?)$/i.exec(text.trim());
  if (parts === null) return undefined;
  const [, whole = "", fraction = "", unit = ""] = parts;
  const tokens = Number(`${whole.replaceAll(/[_,]/g, "")}${fraction}`) * (FACTORS[unit.toLowerCase()] ?? 1);
  const rounded = Math.round(tokens);
  // 1.1M is 1100000.0000000002 to a computer.
  const isWhole = Math.abs(tokens - rounded) < 1e-6;
  return isWhole && rounded > 0 && rounded <= Number.MAX_SAFE_INTEGER ? rounded : undefined;
}
