import type { Owner } from "../core/owner.ts";
import type { Fact } from "../journal/fact.ts";
import {
  isGateChecked,
  isProcessFinished,
  isProcessStarted,
  isRunFinished,
  isRunStarted,
  isStageFinished,
  isStageStarted,
} from "./run-fact-guards.ts";
import type { GateChecked, ProcessFinished, ProcessStarted, RunResult, RunStartedFact } from "./run-facts.ts";

/** One workflow run as far as the journal tells. JSON, as the ledger's snapshot keeps it. */
export interface RunRecord {
  readonly runId: string;
  readonly workflow: string;
  /** Milliseconds since the epoch, as everywhere here. */
  readonly startedAt: number;
  readonly finishedAt?: number;
  /** Absent while it runs, and for good when it was killed. */
  readonly result?: RunResult;
  /** Id of the run that this one goes on with. */
  readonly resumes?: string;
  /** Id of the latest run that goes on with this one. */
  readonly resumedBy?: string;
  /** The process that runs it. */
  readonly owner: Owner;
  readonly trace: { readonly traceId: string; readonly spanId: string };
  /** In the order of the definition. */
  readonly stages: readonly StageRecord[];
}

export interface StageRecord {
  readonly id: string;
  readonly persona: string;
  readonly chatmode: string;
  readonly needs: readonly string[];
  /** Done by the run that is resumed, or before `--from`: its state is `success` from the start. */
  readonly reused: boolean;
  readonly state: "waiting" | "running" | RunResult;
  /** Absent for a stage that has not run. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly attempts: readonly AttemptRecord[];
  readonly gates: readonly GateRecord[];
  /** Keys that it handed on. */
  readonly outputs: readonly string[];
  readonly error?: { readonly type: string; readonly message: string };
}

/** A process that did a stage's work. */
export interface AttemptRecord {
  /** From 1. */
  readonly attempt: number;
  readonly executable: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  /** The signal's name when one ended it. */
  readonly signal?: string;
}

export type GateRecord = Pick<GateChecked, "gate" | "kind" | "result" | "detail" | "score">;

/** So many of the latest runs are kept, and of each stage so many of its latest attempts and gates. */
export const RUNS_LIMIT = 30;
export const STAGE_ENTRIES_LIMIT = 100;

/** Folds one fact into the latest runs, oldest first. Pure; facts of runs that are not among them change nothing. */
export function foldRuns(runs: readonly RunRecord[], fact: Fact): readonly RunRecord[] {
  if (isRunStarted(fact)) return withRun(runs, fact);
  if (isRunFinished(fact)) {
    const { runId, result } = fact.data;
    return changeRun(runs, runId, (run) => ({ ...run, result, finishedAt: fact.ts }));
  }
  if (isStageStarted(fact)) {
    const { runId, stage, startedAt } = fact.data;
    return changeStage(runs, runId, stage, (record) => ({ ...record, state: "running", startedAt }));
  }
  if (isStageFinished(fact)) {
    const { runId, stage, result, startedAt, outputs, error } = fact.data;
    return changeStage(runs, runId, stage, (record) => ({
      ...record,
      state: result,
      ...(result === "skip" ? {} : { startedAt, finishedAt: fact.ts }),
      outputs,
      ...(error === undefined ? {} : { error: { type: error.type, message: error.message } }),
    }));
  }
  if (isGateChecked(fact)) {
    const { runId, stage, gate, kind, result, detail, score } = fact.data;
    const record: GateRecord = { gate, kind, result, detail, ...(score === undefined ? {} : { score }) };
    return changeStage(runs, runId, stage, (before) => ({
      ...before,
      gates: [...before.gates, record].slice(-STAGE_ENTRIES_LIMIT),
    }));
  }
  const isProcess = isProcessStarted(fact) || isProcessFinished(fact);
  if (!isProcess || fact.data.stage === undefined) return runs;
  const attempt = isProcessFinished(fact) ? finished(begun(fact.data), fact.data, fact.ts) : begun(fact.data);
  const { runId, stage } = fact.data.stage;
  return changeStage(runs, runId, stage, (record) => ({
    ...record,
    attempts: withAttempt(record.attempts, attempt),
  }));
}

/** A run without a result is running, unless the process that ran it is certainly gone. */
export function runState(
  run: RunRecord,
  isDead: (owner: Owner) => boolean,
): "running" | "interrupted" | RunResult {
  return run.result ?? (isDead(run.owner) ? "interrupted" : "running");
}

function withRun(runs: readonly RunRecord[], { data, owner, trace }: RunStartedFact): readonly RunRecord[] {
  const { runId, workflow, startedAt, resumes } = data;
  if (runs.some((run) => run.runId === runId)) return runs;
  const run: RunRecord = {
    runId,
    workflow,
    startedAt,
    ...(resumes === undefined ? {} : { resumes: resumes.runId }),
    owner,
    trace: { traceId: trace.traceId, spanId: trace.spanId },
    stages: data.stages.map(({ id, persona, chatmode, needs, reused = false }) => ({
      id,
      persona,
      chatmode,
      needs,
      reused,
      state: reused ? "success" : "waiting",
      attempts: [],
      gates: [],
      outputs: [],
    })),
  };
  const before =
    resumes === undefined
      ? runs
      : changeRun(runs, resumes.runId, (resumed) => ({ ...resumed, resumedBy: runId }));
  return [...before, run].slice(-RUNS_LIMIT);
}

function begun({ executable, pid, startedAt, stage }: ProcessStarted): AttemptRecord {
  return { attempt: stage?.attempt ?? 0, executable, pid, startedAt };
}

function finished(record: AttemptRecord, data: ProcessFinished, at: number): AttemptRecord {
  const { exitCode, signal } = data;
  return { ...record, finishedAt: at, exitCode, ...(signal === undefined ? {} : { signal }) };
}

/** In the place of the same process without its end, else as the last. */
function withAttempt(attempts: readonly AttemptRecord[], attempt: AttemptRecord): readonly AttemptRecord[] {
  const index = attempts.findIndex(
    (one) =>
      one.attempt === attempt.attempt &&
      one.pid === attempt.pid &&
      one.startedAt === attempt.startedAt &&
      one.finishedAt === undefined,
  );
  return index === -1 ? [...attempts, attempt].slice(-STAGE_ENTRIES_LIMIT) : attempts.with(index, attempt);
}

function changeRun(
  runs: readonly RunRecord[],
  runId: string,
  change: (run: RunRecord) => RunRecord,
): readonly RunRecord[] {
  const index = runs.findIndex((run) => run.runId === runId);
  const run = runs[index];
  return run === undefined ? runs : runs.with(index, change(run));
}

function changeStage(
  runs: readonly RunRecord[],
  runId: string,
  stageId: string,
  change: (stage: StageRecord) => StageRecord,
): readonly RunRecord[] {
  return changeRun(runs, runId, (run) => ({
    ...run,
    stages: run.stages.map((stage) => (stage.id === stageId ? change(stage) : stage)),
  }));
}
