import fs from "node:fs";
import { basename } from "node:path";
import { errorCode } from "../core/errors.ts";
import type { SpanIdentity } from "../core/span.ts";
import { newSpanIdentity } from "../core/trace-context.ts";
import { attemptModel } from "./attempt-model.ts";
import type { Work } from "./definition.ts";
import { doManually, missingOutput, type WorkCommand, type WorkError, workCommand } from "./do-work.ts";
import type { EngineContext } from "./engine-context.ts";
import { readOutputs } from "./outputs.ts";
import { environmentOf } from "./run-environment.ts";
import type { ProcessResult } from "./run-process.ts";
import type { StageRun } from "./run-stage.ts";
import { ifPossible, type Outputs } from "./run-store.ts";
import { notStarted, startStageProcess } from "./stage-process.ts";
import { thrownError } from "./told.ts";

/** How one attempt ended. */
export interface AttemptEnd {
  readonly outputs: Outputs;
  readonly error: WorkError | undefined;
  /** Undefined when no process came to run. */
  readonly exitCode: number | undefined;
  /** A model was asked, and what became of that may be better another time. */
  readonly wasAsked?: boolean;
}

/** Tries the work once. @param number from 1. */
export async function attemptWork(
  stageRun: StageRun,
  work: Work,
  number: number,
  context: EngineContext,
): Promise<AttemptEnd> {
  const { run, stage, trace } = stageRun;
  const fail = (error: WorkError): AttemptEnd => ({ outputs: {}, error, exitCode: undefined });
  if (work.kind === "manual") {
    // What a person found out is in nobody's file, so nothing is missed.
    const error = await doManually(work.checklist, stage, context);
    return { outputs: {}, error, exitCode: undefined };
  }
  try {
    if (work.kind === "llm") return await attemptModel(stageRun, work, context);
    const command = workCommand(work, stage, run, context);
    if (!command.ok) return fail(command.error);
    const outputFile = run.store.file("outputs", `${stage.id}.${number}`);
    // Made here, since a script would make it for all to read.
    ifPossible(() => fs.writeFileSync(outputFile, "", { mode: 0o600 }));
    const identity = newSpanIdentity(context.env, trace);
    const env = environmentOf(run, stage, identity, { TTA_OUTPUT: outputFile }, context);
    if (!env.ok) return fail({ type: env.error.reason, message: env.error.message });
    const result = await runCommand(stageRun, command.value, env.value, identity, number, context);
    if (result.pid === undefined) return fail(notStarted(command.value.file, stageRun.cwd, result));
    const { exitCode } = result;
    if (result.errorType !== undefined)
      return { outputs: {}, error: processError(result, stageRun), exitCode };
    const outputs = readOutputs(outputFile);
    if (!outputs.ok) {
      return { outputs: {}, error: { type: "bad_output", message: outputs.error.message }, exitCode };
    }
    const missing = missingOutput(stage.outputs, outputs.value, " (through $TTA_OUTPUT)");
    return { outputs: outputs.value, error: missing, exitCode };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return fail(thrownError(error));
  }
}

async function runCommand(
  { run, stage, scope, cwd, log }: StageRun,
  { file, args }: WorkCommand,
  env: Readonly<Record<string, string>>,
  identity: SpanIdentity,
  attempt: number,
  context: EngineContext,
): Promise<ProcessResult & { readonly pid: number | undefined }> {
  const { recorder, clock, masker } = context;
  const child = startStageProcess(
    run,
    { name: stage.id, file, args, cwd, env, onOutput: log.write, timeoutMs: stage.timeoutMs },
    context,
  );
  const { pid } = child;
  const started = {
    executable: masker.text(basename(file)),
    pid: pid ?? 0,
    startedAt: clock.now(),
    stage: { runId: run.store.id, workflow: run.workflow.name, stage: stage.id, attempt },
  };
  if (pid !== undefined) recorder.record("process.started", scope, identity, started);
  const result = await child.result;
  if (pid !== undefined) {
    recorder.record("process.finished", scope, identity, {
      ...started,
      exitCode: result.exitCode,
      ...(result.signal === undefined ? {} : { signal: result.signal }),
      ...(result.errorType === undefined ? {} : { errorType: result.errorType }),
    });
  }
  return { ...result, pid };
}

function processError(result: ProcessResult, { stage }: StageRun): WorkError {
  const type = result.errorType ?? "unknown";
  if (result.timedOut)
    return { type: "timeout", message: `not over after ${(stage.timeoutMs ?? 0) / 1000} s` };
  if (result.cancelled) return { type: "cancelled", message: "cancelled" };
  if (result.signal !== undefined) return { type, message: `ended by ${result.signal}` };
  return { type, message: `exit code ${result.exitCode}` };
}
