import type { BudgetWindow } from "./llm-facts.ts";

/** Milliseconds since the epoch; the end belongs to the next window. */
export interface WindowBounds {
  readonly start: number;
  readonly end: number;
}

const DAY_MS = 86_400_000;
const DAYS_OF_WEEK = 7;

/** The epoch's first day was a Thursday, the fourth of its week. */
const EPOCH_WEEKDAY = 3;

/** The window of UTC that a moment is in: a day, a week from Monday on, a month. A run has none on the calendar. */
export function windowBounds(window: Exclude<BudgetWindow, "run">, at: number): WindowBounds {
  const day = Math.floor(at / DAY_MS);
  switch (window) {
    case "day":
      return { start: day * DAY_MS, end: (day + 1) * DAY_MS };
    case "week": {
      const weekday = (((day + EPOCH_WEEKDAY) % DAYS_OF_WEEK) + DAYS_OF_WEEK) % DAYS_OF_WEEK;
      const monday = day - weekday;
      return { start: monday * DAY_MS, end: (monday + DAYS_OF_WEEK) * DAY_MS };
    }
    case "month": {
      const date = new Date(at);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
    }
  }
}

/** Tells windows apart; undefined for a run's window outside of runs, where every call stands alone. */
export function windowKey(window: BudgetWindow, at: number, runId: string | undefined): string | undefined {
  if (window !== "run") return `${window}:${windowBounds(window, at).start}`;
  return runId === undefined ? undefined : `run:${runId}`;
}
