import { secretValuesOf } from "../core/secret-values.ts";
import type { SpanIdentity } from "../core/span.ts";
import type { GateChecked, RunResult } from "../projection/run-facts.ts";
import { type AttemptEnd, attemptWork } from "./attempt.ts";
import { waitUnlessCancelled } from "./cancellation.ts";
import { checkGates } from "./check-gates.ts";
import { conditionsHold } from "./conditions.ts";
import type { Retry, Stage, Work } from "./definition.ts";
import { directoryError, type WorkError } from "./do-work.ts";
import type { EngineContext, Run, StageOutcome } from "./engine-context.ts";
import { absolute } from "./gate-value.ts";
import { ifPossible } from "./run-store.ts";
import { createStageLog, type StageLog } from "./stage-log.ts";
import { stageLogPath } from "./stage-log-path.ts";
import { aboutStage, createStageRecord, type StageRecord } from "./stage-record.ts";
import { thrownError, told } from "./told.ts";

/** One stage while it is run. */
export interface StageRun {
  readonly run: Run;
  readonly stage: Stage;
  readonly scope: string;
  readonly trace: SpanIdentity;
  readonly cwd: string;
  readonly log: StageLog;
  readonly logFile: string;
}

/** Longest wait between two attempts, however often the delay has doubled. */
const LONGEST_DELAY_MS = 300_000;

/**
 * Runs one stage: a persona's session in a scope of its own, around the work with its attempts, its fallback and
 * its gates. Never rejects; whatever goes wrong is the stage's result.
 */
export async function runStage(
  run: Run,
  stage: Stage,
  trace: SpanIdentity,
  context: EngineContext,
): Promise<StageOutcome> {
  const record = createStageRecord(run, stage, trace, context);
  try {
    return await runRecorded(record, run, stage, context);
  } catch (error) {
    const end = { outputs: {}, error: thrownError(error), exitCode: undefined };
    return finishStage(
      record,
      run,
      stage,
      { end, attempts: 0, gates: [], tail: [], stderrTail: [] },
      context,
    );
  }
}

async function runRecorded(
  record: StageRecord,
  run: Run,
  stage: Stage,
  context: EngineContext,
): Promise<StageOutcome> {
  const { cancellation, observer, masker } = context;
  const { trace, scope } = record;
  const cwd = absolute(stage.workingDirectory ?? ".", run.cwd);
  const holds = await conditionsHold(run, stage, cwd, trace, context);
  // A condition that was stopped has said nothing, and whatever it said, nothing is begun any more.
  const isStopped = cancellation.requested() !== undefined;
  if (isStopped || (holds.ok && !holds.value)) return skipStage(run, stage, trace, isStopped, context);
  const place = record.begin();
  observer.stageStarted(stage);

  const logFile = stageLogPath(context.home, place?.segment ?? 0, run.store.id, stage.id);
  const log = createStageLog({
    path: logFile,
    masker,
    onLine: (_, text) => observer.line(stage, text),
  });
  const stageRun: StageRun = { run, stage, scope, trace, cwd, log, logFile };
  const work = holds.ok
    ? workWithRetries(stageRun, context)
    : Promise.resolve({ end: { outputs: {}, error: holds.error, exitCode: undefined }, attempts: 0 });
  const { end, attempts } = await work.finally(() => log.close());
  // Closed before the gates: they may look into it.
  const { both: tail, stderr: stderrTail } = log.close();
  masker.learn(secretValuesOf(end.outputs));
  const gates = end.error === undefined ? await checkGates(stageRun, end.outputs, context) : [];
  return finishStage(record, run, stage, { end, attempts, gates, tail, stderrTail }, context);
}

/** All that is known of a stage when it is over. */
interface StageEnd {
  readonly end: AttemptEnd;
  readonly attempts: number;
  readonly gates: readonly GateChecked[];
  readonly tail: readonly string[];
  readonly stderrTail: readonly string[];
}

function finishStage(
  record: StageRecord,
  run: Run,
  stage: Stage,
  { end, attempts, gates, tail, stderrTail }: StageEnd,
  context: EngineContext,
): StageOutcome {
  const error = maskError(end.error ?? gateError(gates, stage), context);
  const outcome: StageOutcome = {
    stage,
    result: resultOf(error, end, context),
    isBlocked: false,
    isReused: false,
    attempts,
    startedAt: record.startedAt,
    endedAt: context.clock.now(),
    outputs: end.outputs,
    gates,
    error,
    tail,
  };
  if (outcome.result === "success") {
    run.outputs.set(stage.id, end.outputs);
    // One that worked stays so, though a resumed run would do it again.
    ifPossible(() => run.store.keepStage(stage.id, end.outputs));
  }
  record.end(outcome, stderrTail);
  tellFinished(outcome, context);
  return outcome;
}

/** Whoever watches cannot make a stage fail that is over. */
export function tellFinished(outcome: StageOutcome, { observer }: Pick<EngineContext, "observer">): void {
  try {
    observer.stageFinished(outcome);
  } catch {
    // What there is to tell stands in the outcome.
  }
}

/** Says of a stage that it was not run. */
export function skipStage(
  run: Run,
  stage: Stage,
  trace: SpanIdentity,
  isBlocked: boolean,
  context: Pick<EngineContext, "recorder" | "clock" | "observer">,
): StageOutcome {
  const now = context.clock.now();
  context.recorder.record("stage.finished", `run:${run.store.id}/${stage.id}`, trace, {
    ...aboutStage(run, stage, now),
    result: "skip",
    attempts: 0,
    outputs: [],
  });
  const outcome = outcomeWithoutWork(stage, now, { result: "skip", isBlocked, isReused: false, outputs: {} });
  tellFinished(outcome, context);
  return outcome;
}

/** Of a stage that is not run, since it need not or cannot be. */
export function outcomeWithoutWork(
  stage: Stage,
  now: number,
  known: Pick<StageOutcome, "result" | "isBlocked" | "isReused" | "outputs">,
): StageOutcome {
  return {
    stage,
    ...known,
    attempts: 0,
    startedAt: now,
    endedAt: now,
    gates: [],
    error: undefined,
    tail: [],
  };
}

async function workWithRetries(
  stageRun: StageRun,
  context: EngineContext,
): Promise<{ readonly end: AttemptEnd; readonly attempts: number }> {
  const { stage, cwd } = stageRun;
  const { observer, cancellation, masker } = context;
  const missing = directoryError(cwd);
  if (missing !== undefined)
    return { end: { outputs: {}, error: missing, exitCode: undefined }, attempts: 0 };
  const attempt = (work: Work, number: number) => attemptWork(stageRun, work, number, context);
  for (let number = 1; ; number++) {
    const end = await attempt(stage.work, number);
    if (end.error === undefined || cancellation.requested() !== undefined) return { end, attempts: number };
    const reason = told(end.error.message, masker);
    if (number >= stage.retry.attempts || !isRetried(end, stage.retry)) {
      if (stage.fallback === undefined) return { end, attempts: number };
      observer.fallingBack(stage, reason);
      const last = await attempt(stage.fallback, number + 1);
      return { end: withReason(last, reason), attempts: number };
    }
    const delayMs = delayBefore(number + 1, stage.retry);
    observer.retrying(stage, number, reason, delayMs);
    await waitUnlessCancelled(delayMs, cancellation);
    if (cancellation.requested() !== undefined) return { end, attempts: number };
  }
}

/** Why the fallback was tried is often what has to be mended. */
function withReason(end: AttemptEnd, reason: string): AttemptEnd {
  if (end.error === undefined || end.error.type === "cancelled") return end;
  return { ...end, error: { ...end.error, message: `${end.error.message} (the fallback of: ${reason})` } };
}

/** What could not even be started, or was not confirmed, does not get better by trying again. */
function isRetried({ exitCode, wasAsked = false }: AttemptEnd, { exitCodes }: Retry): boolean {
  if (wasAsked) return true;
  return exitCode !== undefined && (exitCodes.length === 0 || exitCodes.includes(exitCode));
}

/** @param attempt from 2. */
export function delayBefore(attempt: number, { delayMs, backoff }: Retry): number {
  const factor = backoff === "exponential" ? 2 ** (attempt - 2) : 1;
  return Math.min(delayMs * factor, LONGEST_DELAY_MS);
}

/** Gates that were left out are as good as none that passed. */
function gateError(gates: readonly GateChecked[], stage: Stage): WorkError | undefined {
  const failed = gates.find(({ result }) => result === "failed");
  if (failed !== undefined) return { type: "gate_failed", message: `gate ${failed.gate}: ${failed.detail}` };
  return gates.length < stage.gates.length ? { type: "cancelled", message: "cancelled" } : undefined;
}

function maskError(error: WorkError | undefined, { masker }: EngineContext): WorkError | undefined {
  return error === undefined ? undefined : { type: error.type, message: told(error.message, masker) };
}

/** Nothing ran, and yet it could have been done. */
const SAID_NO: readonly string[] = ["not_confirmed", "gate_failed", "budget"];

function resultOf(error: WorkError | undefined, end: AttemptEnd, { cancellation }: EngineContext): RunResult {
  if (error === undefined) return "success";
  if (cancellation.requested() !== undefined) return "cancellation";
  if (error.type === "timeout") return "timeout";
  const hasRun = end.exitCode !== undefined || end.wasAsked === true;
  return hasRun || SAID_NO.includes(error.type) ? "failure" : "error";
}
