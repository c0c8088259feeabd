import * as z from "zod";
import { document, time } from "./json-document.ts";

/** The documents of `budget`. */

const standing = z.object({
  persona: z.string(),
  limit: z
    .int()
    .nullable()
    .describe("tokens per window; null: no budget, and the fields after it are null too"),
  window: z.enum(["day", "week", "month", "run"]).nullable(),
  hard: z.boolean().nullable().describe("a call beyond it is refused"),
  source: z
    .enum(["user", "definition", "use"])
    .nullable()
    .describe("who says so: `budget set`, the persona's definition, or, without one, its latest call"),
  used: z.int().nullable().describe("tokens in the current window; of a run's, in the latest run"),
  reserved: z.int().nullable().describe("tokens for calls that are being made"),
  remaining: z.int().nullable().describe("limit less used; below 0 when more was used"),
  percentUsed: z.int().nullable().describe("rounded down"),
  windowStart: time.nullable().describe("null for a run's"),
  windowEnd: time.nullable().describe("null for a run's"),
});

const budgetShowShape = document("budget-show", { budgets: z.array(standing).describe("by persona") });

const budgetSetShape = document("budget-set", standing.shape);

const budgetResetShape = document("budget-reset", standing.shape);

export type BudgetStandingJson = z.infer<typeof standing>;
export type BudgetShowJson = z.infer<typeof budgetShowShape>;
export type BudgetSetJson = z.infer<typeof budgetSetShape>;
export type BudgetResetJson = z.infer<typeof budgetResetShape>;
