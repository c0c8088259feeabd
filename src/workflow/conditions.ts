import { ok, type Result } from "../core/result.ts";
import type { SpanIdentity } from "../core/span.ts";
import type { Stage, ValueRef } from "./definition.ts";
import type { WorkError } from "./do-work.ts";
import type { EngineContext, Run } from "./engine-context.ts";
import { runScript } from "./run-script.ts";

/**
 * Whether all conditions of a stage hold. A value that is not there equals nothing.
 *
 * Failure: a script could not be started, so that nobody knows.
 */
export async function conditionsHold(
  run: Run,
  stage: Stage,
  cwd: string,
  trace: SpanIdentity,
  context: EngineContext,
): Promise<Result<boolean, WorkError>> {
  for (const [index, condition] of stage.when.entries()) {
    if (condition.kind === "value") {
      const isEqual = resolveValue(condition.ref, run) === condition.equals;
      if (isEqual === condition.negated) return ok(false);
      continue;
    }
    if (context.cancellation.requested() !== undefined) return ok(false);
    const script = { name: `${stage.id}.when-${index + 1}`, text: condition.script, timeoutMs: undefined };
    const ignore = () => undefined;
    const result = await runScript(run, stage, script, { cwd, trace }, ignore, context);
    if (!result.ok) return result;
    if (result.value.exitCode !== 0) return ok(false);
  }
  return ok(true);
}

function resolveValue(ref: ValueRef, { parameters, outputs }: Run): string | undefined {
  if ("parameter" in ref) return own(parameters, ref.parameter);
  return own(outputs.get(ref.output.stage) ?? {}, ref.output.key);
}

export function own(values: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
