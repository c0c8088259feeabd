import type { Fact } from "../journal/fact.ts";

/**
 * What facts say of workflow runs and of commands under a persona. Everything here is masked: what a later stage or
 * a resumed run needs as it is lies in `runs/<id>/`.
 */

/** The values of `cicd.pipeline.result`, and the `result` labels of the contract. */
export const RUN_RESULTS = ["success", "failure", "error", "timeout", "cancellation", "skip"] as const;

/**
 * `failure`: the work or a gate said no. `error`: it could not be done at all (no such program, an unreadable
 * script). A stage is `skip` when its condition did not hold or what it needs did not succeed.
 */
export type RunResult = (typeof RUN_RESULTS)[number];

/** Scope `run:<runId>`; its trace is the run's span. */
export interface RunStarted {
  readonly runId: string;
  readonly workflow: string;
  /** In the order of the definition. */
  readonly stages: readonly PlannedStage[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The run that this one goes on with, and that run's span. */
  readonly resumes?: { readonly runId: string; readonly traceId: string; readonly spanId: string };
}

export interface PlannedStage {
  readonly id: string;
  readonly persona: string;
  readonly chatmode: string;
  readonly needs: readonly string[];
  /** Names of its gates. */
  readonly gates: readonly string[];
  /** It had finished in the run that is resumed, or stands before `--from`, and is not run again. */
  readonly reused?: boolean;
}

/** Scope `run:<runId>`, same trace as its `run.started`. */
export interface RunFinished {
  readonly runId: string;
  readonly workflow: string;
  readonly result: RunResult;
  readonly startedAt: number;
}

/** Scope `run:<runId>/<stage>`; its trace is the stage's span. Not written for a stage that is skipped. */
export interface StageStarted {
  readonly runId: string;
  readonly workflow: string;
  readonly stage: string;
  readonly persona: string;
  readonly chatmode: string;
  readonly startedAt: number;
}

/** Same scope and trace as its `stage.started`. A skipped stage has no start but has this. */
export interface StageFinished extends StageStarted {
  readonly result: RunResult;
  /** How often its work was tried; 0 when it was skipped. */
  readonly attempts: number;
  /** Keys that it handed on. */
  readonly outputs: readonly string[];
  /** Why it did not succeed, in one line. */
  readonly error?: { readonly type: string; readonly message: string };
  /** Last lines of its standard error, when it failed. */
  readonly stderrTail?: readonly string[];
}

/** Once a process runs: an attempt of a stage's work, or the command of `exec`. Its trace is the process's span. */
export interface ProcessStarted {
  /** Base name of the program. */
  readonly executable: string;
  readonly pid: number;
  readonly startedAt: number;
  /** Absent for `exec`. */
  readonly stage?: ProcessStage;
}

export interface ProcessStage {
  readonly runId: string;
  readonly workflow: string;
  readonly stage: string;
  /** From 1. */
  readonly attempt: number;
}

/** Same scope and trace as its `process.started`. */
export interface ProcessFinished extends ProcessStarted {
  /** As a shell has it: 128 + n when signal n ended it. */
  readonly exitCode: number;
  /** The signal's name when one ended it. */
  readonly signal?: string;
  /** OpenTelemetry's `error.type`; absent when the exit code is 0. */
  readonly errorType?: string;
}

export const GATE_KINDS = ["run", "value", "promql", "score"] as const;

/** Scope and trace of its stage. */
export interface GateChecked {
  readonly runId: string;
  readonly workflow: string;
  readonly stage: string;
  readonly gate: string;
  readonly kind: (typeof GATE_KINDS)[number];
  readonly result: "passed" | "failed";
  /** What was measured against what, in one line. */
  readonly detail: string;
  readonly startedAt: number;
  /** Of a gate `score`: what the judge gave, from 0 to 1, and why. Absent where there was nothing to judge by. */
  readonly score?: number;
  readonly reason?: string;
}

export type RunStartedFact = Fact<"run.started", RunStarted>;
export type RunFinishedFact = Fact<"run.finished", RunFinished>;
export type StageStartedFact = Fact<"stage.started", StageStarted>;
export type StageFinishedFact = Fact<"stage.finished", StageFinished>;
export type ProcessStartedFact = Fact<"process.started", ProcessStarted>;
export type ProcessFinishedFact = Fact<"process.finished", ProcessFinished>;
export type GateCheckedFact = Fact<"gate.checked", GateChecked>;
