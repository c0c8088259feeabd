import { currentOwner } from "../core/owner.ts";
import { directoryError, type WorkError } from "./do-work.ts";
import type { EngineContext, Run } from "./engine-context.ts";
import { type OutputStream, type ProcessResult, runProcess } from "./run-process.ts";
import { ifPossible } from "./run-store.ts";

export interface StageProcessRequest {
  /** Of its note in the run's directory: the stage, or the script of the stage. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onOutput: (stream: OutputStream, chunk: Buffer) => void;
  readonly timeoutMs: number | undefined;
}

export interface StageProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly result: Promise<ProcessResult>;
}

/**
 * Starts a process of a stage: in a group of its own, told of requests to stop, and noted in the run's directory
 * while it lasts, so that whoever resumes a killed run can end what it has left behind.
 */
export function startStageProcess(
  { store }: Run,
  { name, onOutput, ...request }: StageProcessRequest,
  { cancellation, clock, graceMs }: Pick<EngineContext, "cancellation" | "clock" | "graceMs">,
): StageProcess {
  const child = runProcess({
    ...request,
    stdin: "ignore",
    stdio: { onOutput },
    ownGroup: true,
    graceMs,
    clock,
  });
  const { pid } = child;
  // Nothing may be thrown from here on: it runs.
  const forget = cancellation.onRequest((signal) => child.signal(signal));
  if (pid !== undefined) ifPossible(() => store.keepProcess(name, { pid, start: currentOwner(pid).start }));
  const result = child.result.then((value) => {
    forget();
    if (pid !== undefined) ifPossible(() => store.forgetProcess(name));
    return value;
  });
  return { pid, result };
}

/** Why a process could not be started. */
export function notStarted(
  file: string,
  cwd: string,
  { errorType: type = "unknown" }: ProcessResult,
): WorkError {
  const missing = directoryError(cwd);
  if (missing !== undefined) return missing;
  if (type === "ENOENT" && !file.includes("/")) {
    return { type, message: `there is no ${file} in PATH (ENOENT)` };
  }
  const why = type === "E2BIG" ? ": parameters, outputs and variables are too long for it" : "";
  return { type, message: `${file} cannot be run${why} (${type})` };
}
