import { errorCode } from "../core/errors.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { SpanIdentity } from "../core/span.ts";
import type { Stage } from "./definition.ts";
import { type WorkError, writeScript } from "./do-work.ts";
import type { EngineContext, Run } from "./engine-context.ts";
import { environmentOf } from "./run-environment.ts";
import { type ProcessResult, runProcess } from "./run-process.ts";

/**
 * A small script of a stage's: a condition or a gate. It is no attempt, and has no span of its own.
 *
 * Failure: it could not even be started.
 */
export async function runScript(
  run: Run,
  stage: Stage,
  script: { readonly name: string; readonly text: string; readonly timeoutMs: number | undefined },
  at: { readonly cwd: string; readonly trace: SpanIdentity },
  onOutput: (stream: "stdout" | "stderr", chunk: Buffer) => void,
  context: EngineContext,
): Promise<Result<ProcessResult, WorkError>> {
  const { clock, graceMs, cancellation } = context;
  const env = environmentOf(run, stage, at.trace, {}, context);
  if (!env.ok) return err({ type: env.error.reason, message: env.error.message });
  let path: string;
  try {
    path = writeScript(run, script.name, script.text);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return err({ type: code, message: `the run's files cannot be written (${code})` });
  }
  const child = runProcess({
    file: "bash",
    args: ["-eo", "pipefail", path],
    cwd: at.cwd,
    env: env.value,
    stdin: "ignore",
    stdio: { onOutput },
    ownGroup: true,
    timeoutMs: script.timeoutMs,
    graceMs,
    clock,
  });
  const forget = cancellation.onRequest((signal) => child.signal(signal));
  const result = await child.result;
  forget();
  if (child.pid !== undefined) return ok(result);
  const { errorType: type = "unknown" } = result;
  return err({ type, message: `bash cannot be run (${type})` });
}
