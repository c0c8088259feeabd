import { UserError } from "../core/errors.ts";
import type { SpanIdentity } from "../core/span.ts";
import type { Stage } from "./definition.ts";
import { scriptWords } from "./do-work.ts";
import type { EngineContext, Run } from "./engine-context.ts";
import { environmentOf } from "./run-environment.ts";
import { type ProcessResult, runProcess } from "./run-process.ts";

/** A small script of a stage's: a condition or a gate. It is no attempt, and has no span of its own. */
export async function runScript(
  run: Run,
  stage: Stage,
  script: { readonly name: string; readonly text: string; readonly timeoutMs: number | undefined },
  at: { readonly cwd: string; readonly trace: SpanIdentity },
  onOutput: (stream: "stdout" | "stderr", chunk: Buffer) => void,
  context: EngineContext,
): Promise<ProcessResult> {
  const { clock, graceMs, cancellation } = context;
  const env = environmentOf(run, stage, at.trace, {}, context);
  // Whatever cannot be handed to this script cannot be handed to the stage's work either, which says so.
  if (!env.ok) throw new UserError(env.error);
  const child = runProcess({
    file: "bash",
    args: ["-eo", "pipefail", ...scriptWords(run, script.name, script.text)],
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
  return result;
}
