import type { Fact } from "../journal/fact.ts";

/**
 * What facts say of calls of models and of token budgets. Texts are masked before they come here; what a persona's
 * `capture` setting leaves out is absent.
 */

export const CALL_OUTCOMES = ["ok", "error", "aborted", "blocked"] as const;

/** One call of a model, whoever made it. Its trace is the call's span. */
export interface LlmCalled {
  readonly persona: string;
  readonly chatmode: string;
  /** As the caller named it, without its provider. */
  readonly model: string;
  /** `openai`, `anthropic`, or the name of an OpenAI-compatible endpoint; absent where nobody said. */
  readonly provider?: string;
  /** OpenTelemetry's `gen_ai.operation.name`; `chat` when absent. */
  readonly operation?: string;
  /** Of the run and stage that it was made in; absent outside of runs. */
  readonly workflow?: string;
  readonly runId?: string;
  readonly stage?: string;
  /** What it was for, in the caller's words: part of its name in Langfuse. */
  readonly taskType?: string;
  readonly outcome: (typeof CALL_OUTCOMES)[number];
  /** Input including cached, and output including reasoning; 0 when `usage` is missing. */
  readonly tokens: number;
  /** Absent where the provider told nothing. */
  readonly usage?: LlmUsage;
  /** Null where the price is unknown: that is counted, never taken for 0 $. */
  readonly costUsd: number | null;
  readonly cost?: { readonly inputUsd: number; readonly outputUsd: number };
  /** Milliseconds since the epoch. */
  readonly startedAt?: number;
  /** When the first token of a stream came. */
  readonly firstTokenAt?: number;
  readonly durationSeconds?: number;
  /** Requests that were sent for it, retries included; absent where nobody counted. */
  readonly attempts?: number;
  readonly request?: {
    readonly maxTokens?: number;
    readonly temperature?: number;
    readonly stream?: boolean;
  };
  readonly response?: {
    readonly id?: string;
    readonly model?: string;
    readonly finishReasons?: readonly string[];
  };
  readonly error?: { readonly type: string; readonly message: string };
  /** Of the upstream that answered. */
  readonly server?: { readonly address: string; readonly port: number };
  /** The Langfuse prompt that it was made of. */
  readonly prompt?: { readonly name: string; readonly version: number; readonly label?: string };
  /** The item of a dataset that it was made for, and the experiment. Ids of dataset and item are Langfuse's. */
  readonly experiment?: {
    readonly id: string;
    readonly name: string;
    readonly datasetId: string;
    readonly itemId: string;
  };
  readonly input?: Body;
  readonly output?: Body;
  readonly metadata?: Readonly<Record<string, string>>;
  /** The budget in force for the persona when it was made. */
  readonly budget?: Budget;
  /** The reservation that it used up, by its fact's id. */
  readonly reservation?: string;
  /** What it counts for in budgets where it may have taken more than was told: all that it may have taken. */
  readonly budgetTokens?: number;
}

/** Whole numbers. Parts are included in their sums: `cachedInput` and `cacheCreation` in `input`, `reasoning` in `output`. */
export interface LlmUsage {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheCreation: number;
  /** Of `cacheCreation` what is kept for an hour, which Anthropic charges more for than five minutes. */
  readonly cacheCreationHour?: number;
  readonly output: number;
  readonly reasoning: number;
}

/** More than any call takes; beyond it a number is a mistake that would make all sums inexact. */
export const MAX_CALL_TOKENS = 1e12;

/** Longer than any call takes, batches included: beyond it, its end would be no time. */
export const MAX_CALL_MS = 7 * 86_400_000;

/** A prompt or a response: short ones stand in the fact, long ones in `blobs/<segment of the fact>/<hash>`. */
export type Body = ({ readonly text: string } | { readonly hash: string; readonly bytes: number }) & {
  /** It was longer; this is its beginning. */
  readonly isCut?: boolean;
};

export const BUDGET_WINDOWS = ["day", "week", "month", "run"] as const;
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

/** Windows are of UTC; weeks begin on Monday. */
export interface Budget {
  readonly tokens: number;
  readonly window: BudgetWindow;
  /** A call beyond it is refused. */
  readonly isHard: boolean;
}

/** The user's word on a persona's budget; null: none, whatever its definition says. */
export interface BudgetSet {
  readonly persona: string;
  readonly budget: Budget | null;
}

/** What was used in the current window counts no more. */
export interface BudgetReset {
  readonly persona: string;
}

/** Tokens that a call may use, asked for before it. Granted iff used + earlier grants + own ≤ limit, by the journal's order. */
export interface BudgetReserved {
  readonly persona: string;
  readonly tokens: number;
  readonly budget: Budget;
  /** For the window `run`. */
  readonly runId?: string;
}

/** The reservation of that fact's id is given back, unused. */
export interface BudgetReleased {
  readonly persona: string;
  readonly reservation: string;
}

export const SCORE_DATA_TYPES = ["NUMERIC", "BOOLEAN", "CATEGORICAL"] as const;
export type ScoreDataType = (typeof SCORE_DATA_TYPES)[number];

/** A word on the quality of a trace, or of one span of it. The fact's id is the score's. */
export interface ScoreGiven {
  readonly traceId: string;
  /** A span of that trace; absent when the score is of the whole trace. */
  readonly spanId?: string;
  readonly name: string;
  /** A text for `CATEGORICAL`; 1 or 0 for `BOOLEAN`. */
  readonly value: number | string;
  readonly dataType: ScoreDataType;
  readonly comment?: string;
}

export type ScoreGivenFact = Fact<"score.given", ScoreGiven>;
export type LlmCalledFact = Fact<"llm.called", LlmCalled>;
export type BudgetSetFact = Fact<"budget.set", BudgetSet>;
export type BudgetResetFact = Fact<"budget.reset", BudgetReset>;
export type BudgetReservedFact = Fact<"budget.reserved", BudgetReserved>;
export type BudgetReleasedFact = Fact<"budget.released", BudgetReleased>;
