import { err, ok, type Result } from "../core/result.ts";
import type { SpanIdentity } from "../core/span.ts";
import type { Stage } from "./definition.ts";
import { scriptWords, type WorkError } from "./do-work.ts";
import type { EngineContext, Run } from "./engine-context.ts";
import { environmentOf } from "./run-environment.ts";
import type { OutputStream, ProcessResult } from "./run-process.ts";
import { notStarted, startStageProcess } from "./stage-process.ts";

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
  onOutput: (stream: OutputStream, chunk: Buffer) => void,
  context: EngineContext,
): Promise<Result<ProcessResult, WorkError>> {
  const env = environmentOf(run, stage, at.trace, {}, context);
  if (!env.ok) return err({ type: env.error.reason, message: env.error.message });
  const { name, text, timeoutMs } = script;
  const args = ["-eo", "pipefail", ...scriptWords(run, name, text)];
  const request = { name, file: "bash", args, cwd: at.cwd, env: env.value, onOutput, timeoutMs };
  const { pid, result } = startStageProcess(run, request, context);
  const ended = await result;
  return pid === undefined ? err(notStarted("bash", at.cwd, ended)) : ok(ended);
}
