import fs from "node:fs";
import { errorCode } from "../core/errors.ts";
import type { SpanIdentity } from "../core/span.ts";
import { newSpanIdentity } from "../core/trace-context.ts";
import type { RunResult } from "../projection/run-facts.ts";
import { type AttemptEnd, attemptWork } from "./attempt.ts";
import { waitUnlessCancelled } from "./cancellation.ts";
import { checkGates } from "./check-gates.ts";
import { conditionsHold } from "./conditions.ts";
import type { Retry, Stage, Work } from "./definition.ts";
import type { WorkError } from "./do-work.ts";
import type { EngineContext, Run, StageOutcome } from "./engine-context.ts";
import { absolute } from "./gate-value.ts";
import { RUN_IDLE_TIMEOUT_MS } from "./recorder.ts";
import { createStageLog, type StageLog } from "./stage-log.ts";
import { stageLogPath } from "./stage-log-path.ts";

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
  const { recorder, clock, observer, masker } = context;
  const startedAt = clock.now();
  const scope = `run:${run.store.id}/${stage.id}`;
  const identity = newSpanIdentity(context.env, trace);
  const cwd = absolute(stage.workingDirectory ?? ".", run.cwd);
  if (!(await conditionsHold(run, stage, cwd, identity, context))) {
    return skipStage(run, stage, identity, false, context);
  }
  const about = {
    runId: run.store.id,
    workflow: run.workflow.name,
    stage: stage.id,
    persona: stage.persona,
    chatmode: stage.chatmode,
    startedAt,
  };
  const { persona, chatmode } = stage;
  recorder.record("persona.switched", scope, newSpanIdentity(context.env, identity), {
    persona,
    chatmode,
    startedAt,
    idleTimeoutMs: RUN_IDLE_TIMEOUT_MS,
  });
  const place = recorder.record("stage.started", scope, identity, about);
  observer.stageStarted(stage);

  const logFile = stageLogPath(context.home, place?.segment ?? 0, run.store.id, stage.id);
  const log = createStageLog({
    path: logFile,
    masker,
    onLine: (_, text) => observer.line(stage, text),
  });
  const stageRun: StageRun = { run, stage, scope, trace: identity, cwd, log, logFile };
  const { end, attempts } = await workWithRetries(stageRun, context);
  // Before the gates: they may look into it.
  const { both: tail, stderr: stderrTail } = log.close();
  const gates = end.error === undefined ? await checkGates(stageRun, end.outputs, context) : [];
  const failedGate = gates.find(({ result }) => result === "failed");

  const error = maskError(end.error ?? (failedGate && gateError(failedGate)), context);
  const result = resultOf(error, end, context);
  const outcome: StageOutcome = {
    stage,
    result,
    isBlocked: false,
    isReused: false,
    attempts,
    startedAt,
    endedAt: clock.now(),
    outputs: end.outputs,
    gates,
    error,
    tail,
  };
  if (result === "success") {
    run.outputs.set(stage.id, end.outputs);
    keepStage(run, stage, outcome);
  }
  recorder.record("stage.finished", scope, identity, {
    ...about,
    result,
    attempts,
    outputs: Object.keys(end.outputs),
    ...(error === undefined ? {} : { error }),
    ...(error === undefined || stderrTail.length === 0 ? {} : { stderrTail }),
  });
  recorder.record("persona.ended", scope, newSpanIdentity(context.env, identity), {});
  observer.stageFinished(outcome);
  return outcome;
}

/** Says of a stage that it was not run. */
export function skipStage(
  run: Run,
  stage: Stage,
  trace: SpanIdentity,
  isBlocked: boolean,
  { recorder, clock, observer }: Pick<EngineContext, "recorder" | "clock" | "observer">,
): StageOutcome {
  const now = clock.now();
  const { persona, chatmode } = stage;
  recorder.record("stage.finished", `run:${run.store.id}/${stage.id}`, trace, {
    runId: run.store.id,
    workflow: run.workflow.name,
    stage: stage.id,
    persona,
    chatmode,
    startedAt: now,
    result: "skip",
    attempts: 0,
    outputs: [],
  });
  const outcome: StageOutcome = {
    stage,
    result: "skip",
    isBlocked,
    isReused: false,
    attempts: 0,
    startedAt: now,
    endedAt: now,
    outputs: {},
    gates: [],
    error: undefined,
    tail: [],
  };
  observer.stageFinished(outcome);
  return outcome;
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
    const reason = masker.text(end.error.message);
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

/** What could not even be started does not get better by trying again. */
function isRetried({ exitCode }: AttemptEnd, { exitCodes }: Retry): boolean {
  if (exitCodes.length === 0) return true;
  return exitCode !== undefined && exitCodes.includes(exitCode);
}

/** @param attempt from 2. */
export function delayBefore(attempt: number, { delayMs, backoff }: Retry): number {
  const factor = backoff === "exponential" ? 2 ** (attempt - 2) : 1;
  return Math.min(delayMs * factor, LONGEST_DELAY_MS);
}

function directoryError(cwd: string): WorkError | undefined {
  try {
    if (fs.statSync(cwd).isDirectory()) return undefined;
    return { type: "ENOTDIR", message: `${cwd} is no directory` };
  } catch (error) {
    const code = errorCode(error) ?? "unknown error";
    return { type: code, message: `the working directory ${cwd} cannot be used (${code})` };
  }
}

/** A stage that worked stays so, though a resumed run would do it again. */
function keepStage(run: Run, stage: Stage, { outputs }: StageOutcome): void {
  try {
    run.store.keepStage(stage.id, outputs);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

function gateError({ gate, detail }: { readonly gate: string; readonly detail: string }): WorkError {
  return { type: "gate_failed", message: `gate ${gate}: ${detail}` };
}

function maskError(error: WorkError | undefined, { masker }: EngineContext): WorkError | undefined {
  return error === undefined ? undefined : { type: error.type, message: masker.text(error.message) };
}

function resultOf(error: WorkError | undefined, end: AttemptEnd, { cancellation }: EngineContext): RunResult {
  if (error === undefined) return "success";
  if (cancellation.requested() !== undefined) return "cancellation";
  if (error.type === "timeout") return "timeout";
  // Nothing ever ran.
  const isError = end.exitCode === undefined && !["not_confirmed", "gate_failed"].includes(error.type);
  return isError ? "error" : "failure";
}
